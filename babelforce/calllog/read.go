package calllog

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/go-resty/resty/v2"
)

// TimeFilter is the name of the parameters that choose calls by their creation.
// Three sources name three of them; which one an account applies, `starter probe` finds out.
type TimeFilter string

// TimeFilters are the three, the OpenAPI's first.
var TimeFilters = []TimeFilter{"time.start", "dateCreated.start", "filters.dateCreated.from"}

// ends are the parameters of the other end.
var ends = map[TimeFilter]string{
	"time.start": "time.end", "dateCreated.start": "dateCreated.end", "filters.dateCreated.from": "filters.dateCreated.to",
}

// Query chooses legs.
type Query struct {
	// From and To are the half-open window in which a leg was created, to the
	// second. To must lie in the past: pages shift while calls arrive.
	From, To time.Time
	// Type is inbound or outbound; "" is both. Rows of the other are left out here too.
	Type string
	// SessionID or ParentID chooses the legs of one call, at any time: From and To
	// are then not used. Whether the rows are those legs is for the caller to check.
	SessionID, ParentID string
}

// Reading says how much of the log was seen.
type Reading struct {
	Rows  int // that were read, each leg once
	Bad   int // that could not be read
	Pages int
	// Total is how many there are as babelforce says, -1 where it does not.
	Total int
}

// Complete reports whether every leg was seen that babelforce says there is.
func (r Reading) Complete() bool { return r.Bad == 0 && r.Rows >= r.Total }

// maxPages bounds a log that never ends.
const maxPages = 10_000

const reportingPath = "/api/v2/calls/reporting" // OpenAPI, listReportingCalls

// Read calls do once for each leg that the query chooses, in no order. An error
// of do ends the reading and is returned. A row that cannot be read is counted
// and left out. A log that does not apply the window is an Error of kind FilterIgnored.
func (c *Client) Read(ctx context.Context, query Query, do func(Row) error) (Reading, error) {
	reading := Reading{Total: -1}
	seen := make(map[string]bool)
	most := query.maxPages()
	for last := 0; reading.Pages < most; {
		page, err := c.page(ctx, query, reading.Pages+1)
		if err != nil {
			return reading, err
		}
		reading.Pages++
		reading.Total = max(reading.Total, page.total)
		isNew := false
		for _, raw := range page.items {
			row, err := decodeRow(raw)
			if err != nil {
				reading.Bad++
				continue
			}
			if seen[row.Call.ID] {
				continue // pages have shifted
			}
			seen[row.Call.ID], isNew = true, true
			reading.Rows++
			if err := query.check(row, c.timeFilter); err != nil {
				return reading, err
			}
			if query.Type != "" && row.Call.Type != query.Type {
				continue
			}
			if err := do(row); err != nil {
				return reading, err
			}
		}
		if !isNew || page.isLast(reading.Pages, last) {
			return reading, nil
		}
		last = len(page.items)
	}
	return reading, &Error{Path: reportingPath, Kind: NotUnderstood, Detail: fmt.Sprintf("the log does not end after %d pages", most)}
}

func (q Query) isOfOneCall() bool { return q.SessionID != "" || q.ParentID != "" }

func (q Query) maxPages() int {
	if q.isOfOneCall() {
		return maxLegPages
	}
	return maxPages
}

// check notices a window that was not applied.
func (q Query) check(row Row, filter TimeFilter) error {
	created := row.Call.DateCreated
	if q.isOfOneCall() || !created.Before(q.From) && created.Before(q.To) {
		return nil
	}
	return &Error{Path: reportingPath, Kind: FilterIgnored, Detail: "it holds calls from outside the window, so that " + string(filter) + " is not applied: `starter probe` finds the filter that is"}
}

func (q Query) values(filter TimeFilter, page int) url.Values {
	values := url.Values{"page": {strconv.Itoa(page)}, "max": {strconv.Itoa(PageSize)}}
	if q.Type != "" {
		values.Set("type", q.Type)
	}
	if q.isOfOneCall() {
		for name, id := range map[string]string{"sessionId": q.SessionID, "parentId": q.ParentID} {
			if id != "" {
				values.Set(name, id)
			}
		}
		return values
	}
	values.Set(string(filter), strconv.FormatInt(q.From.Unix(), 10))
	values.Set(ends[filter], strconv.FormatInt(q.To.Add(-time.Second).Unix(), 10)) // both ends are included (OpenAPI)
	return values
}

// page is one answer. Its pagination may be missing in part.
type page struct {
	items []json.RawMessage
	pages int // 0 where it is not given
	total int // -1 where it is not given
}

func (c *Client) page(ctx context.Context, query Query, number int) (page, error) {
	response, err := c.get(ctx, reportingPath, query.values(c.timeFilter, number))
	if err != nil {
		return page{}, err
	}
	return decodePage(response)
}

func decodePage(response *resty.Response) (page, error) {
	var answer struct {
		Items      *[]json.RawMessage `json:"items"`
		Pagination json.RawMessage    `json:"pagination"`
	}
	if json.Unmarshal(response.Body(), &answer) != nil || answer.Items == nil {
		return page{}, &Error{Path: reportingPath, Kind: NotUnderstood, Status: response.StatusCode(), Detail: errNotJSON.Error()}
	}
	told, _ := fields(answer.Pagination)
	number := func(name string, otherwise int) int {
		if n, err := strconv.ParseFloat(told[name], 64); err == nil && n >= 0 {
			return int(n)
		}
		return otherwise
	}
	return page{items: *answer.Items, pages: number("pages", 0), total: number("total", -1)}, nil
}

// isLast reports whether there is nothing behind the page. Where babelforce does
// not count the pages, that is one with fewer rows than it could hold, or than
// the one before: a server may give less on a page than it was asked for.
func (p page) isLast(number, before int) bool {
	switch {
	case len(p.items) == 0:
		return true
	case p.pages > 0:
		return number >= p.pages
	case number == 1:
		return false
	default:
		return len(p.items) < before
	}
}
