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

// TimeFilter is the name of the query parameter for the start of the window in which calls
// were created. Three sources document three names. `starter probe` finds the one that an
// account applies.
type TimeFilter string

// TimeFilters are the three names; the first is the OpenAPI's.
var TimeFilters = []TimeFilter{"time.start", "dateCreated.start", "filters.dateCreated.from"}

// ends are the parameters for the end of the window.
var ends = map[TimeFilter]string{
	"time.start": "time.end", "dateCreated.start": "dateCreated.end", "filters.dateCreated.from": "filters.dateCreated.to",
}

// Query selects legs.
type Query struct {
	// From and To are the half-open window in which a leg was created, to the second. To
	// must be in the past, because pages shift while calls arrive.
	From, To time.Time
	// Type is inbound or outbound, or "" for both. The client also drops rows of another type.
	Type string
	// SessionID or ParentID selects the legs of one call at any time; From and To are then
	// ignored. The caller must check that the rows are legs of the call.
	SessionID, ParentID string
}

// Reading reports how much of the log was read.
type Reading struct {
	Rows  int // rows read, each leg once
	Bad   int // rows that could not be read
	Pages int
	// Total is the number of rows that babelforce reports with the first page, -1 if it does not.
	// Rows that appear while later pages are read may be on earlier pages.
	Total int
}

// Complete reports whether every reported row was read.
func (r Reading) Complete() bool { return r.Bad == 0 && r.Rows >= r.Total }

// maxPages limits a log that does not end.
const maxPages = 10_000

const reportingPath = "/api/v2/calls/reporting" // OpenAPI, listReportingCalls

// Read calls do once for each leg that the query selects, in no particular order. If do
// returns an error, Read stops and returns it. A row that cannot be read is counted and
// skipped. If the log does not apply the window, Read returns an Error of kind
// FilterIgnored.
func (c *Client) Read(ctx context.Context, query Query, do func(Row) error) (Reading, error) {
	reading := Reading{Total: -1}
	seen := make(map[string]bool)
	most := query.maxPages()
	for last := 0; reading.Pages < most; {
		page, err := c.page(ctx, query, reading.Pages+1)
		if err != nil {
			return reading, err
		}
		if reading.Pages++; reading.Pages == 1 {
			reading.Total = page.total
		}
		isNew := false
		for _, raw := range page.items {
			row, err := decodeRow(raw)
			if err != nil {
				reading.Bad++
				continue
			}
			if seen[row.Call.ID] {
				continue // the pages have shifted
			}
			seen[row.Call.ID], isNew = true, true
			reading.Rows++
			if err := query.check(row, c.timeFilter); err != nil {
				return reading, err
			}
			if !query.selects(row) {
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

// slack is how far from the window a row may be. The filter has whole seconds, and whether it
// compares the fractions of a row's time is not documented. So more is requested, and the client
// selects.
const slack = 2 * time.Second

// check detects a window that was not applied.
func (q Query) check(row Row, filter TimeFilter) error {
	created := row.Call.DateCreated
	if q.isOfOneCall() || created.After(q.From.Add(-slack)) && created.Before(q.To.Add(slack)) {
		return nil
	}
	return &Error{Path: reportingPath, Kind: FilterIgnored, Detail: "the answer contains calls from outside the window: " + string(filter) + " is not applied. `starter probe` finds the filter that is"}
}

// selects reports whether the query selects a row.
func (q Query) selects(row Row) bool {
	created := row.Call.DateCreated
	isInWindow := q.isOfOneCall() || !created.Before(q.From) && created.Before(q.To)
	return isInWindow && (q.Type == "" || row.Call.Type == q.Type)
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
	values.Set(ends[filter], strconv.FormatInt(q.To.Add(time.Second-1).Unix(), 10)) // rounded up; inclusive (OpenAPI)
	return values
}

// page is one answer. Parts of its pagination may be missing.
type page struct {
	items []json.RawMessage
	pages int // 0 if absent
	total int // -1 if absent
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
	pagination, _ := fields(answer.Pagination)
	number := func(name string, fallback int) int {
		if n, err := strconv.ParseFloat(pagination[name], 64); err == nil && n >= 0 {
			return int(n)
		}
		return fallback
	}
	return page{items: *answer.Items, pages: number("pages", 0), total: number("total", -1)}, nil
}

// isLast reports whether no page follows. If babelforce does not report the number of
// pages, the last page has fewer rows than the page before. The requested size is no
// measure: a server may send fewer rows per page than requested.
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
