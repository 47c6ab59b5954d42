package calllog

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Finding is the answer of a probe to one question. It contains no number and no name.
type Finding struct {
	Question string `json:"question"`
	Answer   string `json:"answer"`
	// Setting is the resulting setting or advice, "" if there is none.
	Setting string `json:"setting,omitempty"`
}

// Probe answers questions that the API's documentation leaves open for an account, with
// about a dozen read-only requests. A failed request is a finding too. Only refused
// credentials end the probe.
func (c *Client) Probe(ctx context.Context) ([]Finding, error) {
	p := probe{Client: c}
	if _, err := c.tokens.get(ctx); err != nil {
		return nil, err
	}
	p.found("Which OAuth grant does babelforce accept?", string(c.tokens.grant), "")
	for _, ask := range []func(context.Context) error{
		p.clock, p.retention, p.newest, p.filters, p.legFilters, p.pageSize, p.condensed, p.events, p.actions,
	} {
		if err := ask(ctx); err != nil {
			if ctx.Err() != nil || KindOf(err) == Unauthorized {
				return p.findings, err
			}
			p.found("(not answered)", err.Error(), "")
		}
	}
	return p.findings, nil
}

type probe struct {
	*Client
	findings []Finding
	rows     []Row // the newest rows, in the log's order
}

func (p *probe) found(question, answer, setting string) {
	p.findings = append(p.findings, Finding{question, answer, setting})
}

func (p *probe) clock(ctx context.Context) error {
	at, err := p.ServerTime(ctx)
	if err != nil {
		return err
	}
	off, setting := time.Since(at).Round(time.Second), ""
	if off.Abs() > 30*time.Second {
		setting = "set this machine's clock: calls are compared by babelforce's clock"
	}
	p.found("How far is this machine's clock from babelforce's?", off.String(), setting)
	return nil
}

func (p *probe) retention(ctx context.Context) error {
	keeps, err := p.Retention(ctx)
	if err != nil {
		return err
	}
	answer := "not reported"
	if keeps > 0 {
		answer = fmt.Sprintf("%.0f days", keeps.Hours()/24)
	}
	p.found("How long does babelforce keep calls?", answer, "older calls are not compared")
	return nil
}

// raw requests a page of the log and returns its undecoded rows and its pagination fields.
func (p *probe) raw(ctx context.Context, path string, query url.Values) (rows []json.RawMessage, pagination map[string]string, err error) {
	response, err := p.get(ctx, path, query)
	if err != nil {
		return nil, nil, err
	}
	var answer struct {
		Items      []json.RawMessage `json:"items"`
		Pagination json.RawMessage   `json:"pagination"`
	}
	if json.Unmarshal(response.Body(), &answer) != nil {
		return nil, nil, &Error{Path: path, Kind: NotUnderstood, Detail: errNotJSON.Error()}
	}
	pagination, _ = fields(answer.Pagination)
	return answer.Items, pagination, nil
}

// newest reads one page without a filter.
func (p *probe) newest(ctx context.Context) error {
	rows, pagination, err := p.raw(ctx, reportingPath, url.Values{"page": {"1"}, "max": {strconv.Itoa(PageSize)}})
	if err != nil {
		return err
	}
	bad, live := 0, 0
	for _, raw := range rows {
		row, err := decodeRow(raw)
		if err != nil {
			bad++
			continue
		}
		if !row.IsFinal() {
			live++
		}
		p.rows = append(p.rows, row)
	}
	p.found("Can the rows of the log be read?", fmt.Sprintf("%d of %d", len(p.rows), len(rows)), "")
	if len(rows) == 0 {
		p.found("Are there calls?", "no: make a call and probe again", "")
		return nil
	}
	p.found("How are dates written?", dateForm(rows[0]), "")
	p.found("Which pagination fields does a page have?", strings.Join(sortedKeys(pagination), ", "), "")
	if len(p.rows) > 0 {
		age := time.Since(slices.MaxFunc(p.rows, byAge).Call.DateCreated).Round(time.Second)
		p.found("How old is the newest row, and does the log contain calls in progress?", fmt.Sprintf("%s old; %d of %d rows", age, live, len(p.rows)),
			"--reconcile-late must be longer than a row takes to appear: probe again just after a call")
	}
	return nil
}

func byAge(a, b Row) int { return a.Call.DateCreated.Compare(b.Call.DateCreated) }

// filters tries each time filter with a window around the older half of the newest rows.
func (p *probe) filters(ctx context.Context) error {
	if len(p.rows) < 2 {
		return nil
	}
	slices.SortFunc(p.rows, byAge)
	oldest, middle := p.rows[0].Call.DateCreated, p.rows[len(p.rows)/2].Call.DateCreated
	window := Query{From: oldest.Truncate(time.Second), To: middle.Truncate(time.Second).Add(time.Second)}
	if !p.rows[len(p.rows)-1].Call.DateCreated.After(window.To.Add(slack)) {
		p.found("Which time filter is applied?", "unknown, because all calls began within seconds: probe again later", "")
		return nil
	}
	var applied []string
	for _, filter := range TimeFilters {
		rows, _, err := p.raw(ctx, reportingPath, window.values(filter, 1))
		if err != nil {
			return err
		}
		isApplied := len(rows) > 0
		for _, raw := range rows {
			if row, err := decodeRow(raw); err == nil && window.check(row, filter) != nil {
				isApplied = false
			}
		}
		if isApplied {
			applied = append(applied, string(filter))
		}
	}
	if len(applied) == 0 {
		p.found("Which time filter is applied?", "none: the log cannot be compared", "")
		return nil
	}
	p.found("Which time filter is applied?", strings.Join(applied, ", "), "--babelforce-time-filter "+applied[0])
	return nil
}

func (p *probe) pageSize(ctx context.Context) error {
	const large = 500
	rows, pagination, err := p.raw(ctx, reportingPath, url.Values{"page": {"1"}, "max": {strconv.Itoa(large)}})
	if err != nil {
		return err
	}
	p.found(fmt.Sprintf("How many rows does a page have if %d are requested?", large), fmt.Sprintf("%d (reported: max=%s)", len(rows), pagination["max"]), "")
	return nil
}

func (p *probe) condensed(ctx context.Context) error {
	rows, _, err := p.raw(ctx, reportingPath+"/simple", url.Values{"page": {"1"}, "max": {"1"}})
	if err != nil || len(rows) == 0 {
		return err
	}
	p.found("How are dates written in the condensed log?", dateForm(rows[0]), "")
	return nil
}

func (p *probe) events(ctx context.Context) error {
	codes, err := p.codes(ctx, "/api/v2/events", url.Values{"type": {"CALL"}}, "code")
	if err != nil {
		return err
	}
	p.found("To which call events can automations react?", strings.Join(codes, ", "), "")
	return nil
}

func (p *probe) actions(ctx context.Context) error {
	codes, err := p.codes(ctx, "/api/v2/actions", nil, "name")
	if err != nil {
		return err
	}
	p.found("Which actions do automations have?", strings.Join(codes, ", "), "")
	return nil
}

// word matches babelforce's codes. Any other text may have been written by a person.
var word = regexp.MustCompile(`^[\w.\-]{1,64}$`)

func (p *probe) codes(ctx context.Context, path string, query url.Values, field string) (codes []string, err error) {
	rows, _, err := p.raw(ctx, path, query)
	for _, raw := range rows {
		if texts, err := fields(raw); err == nil && word.MatchString(texts[field]) {
			codes = append(codes, texts[field])
		}
	}
	return codes, err
}

// dateForm describes the format of a row's creation date.
func dateForm(raw json.RawMessage) string {
	var row struct {
		Created any `json:"dateCreated"`
	}
	_ = json.Unmarshal(raw, &row)
	switch created := row.Created.(type) {
	case nil:
		return "absent"
	case float64:
		return "as a number"
	case string:
		if _, err := time.Parse(time.RFC3339, created); err == nil {
			return "as RFC 3339"
		}
	}
	return "in another form"
}

func sortedKeys(values map[string]string) (keys []string) {
	for key := range values {
		if word.MatchString(key) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}
