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

// Finding is what a probe has found out about one question. It holds no number and no name.
type Finding struct {
	Question string `json:"question"`
	Answer   string `json:"answer"`
	// Setting is what follows for the settings, "" where nothing does.
	Setting string `json:"setting,omitempty"`
}

// Probe asks an account's API what its documents leave open, with about a
// dozen requests that change nothing. An answer that fails is a finding too; only
// credentials that are refused end it.
func (c *Client) Probe(ctx context.Context) ([]Finding, error) {
	p := probe{Client: c}
	if _, err := c.tokens.get(ctx); err != nil {
		return nil, err
	}
	p.found("Which grant lets in?", string(c.tokens.grant), "")
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
	rows     []Row // the newest, as the log gives them
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
		setting = "set the clock of this machine: calls are compared by babelforce's"
	}
	p.found("How far is this machine's clock from babelforce's?", off.String(), setting)
	return nil
}

func (p *probe) retention(ctx context.Context) error {
	keeps, err := p.Retention(ctx)
	if err != nil {
		return err
	}
	answer := "it does not say"
	if keeps > 0 {
		answer = fmt.Sprintf("%.0f days", keeps.Hours()/24)
	}
	p.found("How long does babelforce keep calls?", answer, "nothing older is compared")
	return nil
}

// raw asks for a page of the log and returns its rows unread, with what the page says about itself.
func (p *probe) raw(ctx context.Context, path string, query url.Values) (rows []json.RawMessage, told map[string]string, err error) {
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
	told, _ = fields(answer.Pagination)
	return answer.Items, told, nil
}

// newest reads one page without any filter.
func (p *probe) newest(ctx context.Context) error {
	rows, told, err := p.raw(ctx, reportingPath, url.Values{"page": {"1"}, "max": {strconv.Itoa(PageSize)}})
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
	p.found("What does a page say about the others?", strings.Join(sortedKeys(told), ", "), "")
	if len(p.rows) > 0 {
		age := time.Since(slices.MaxFunc(p.rows, byAge).Call.DateCreated).Round(time.Second)
		p.found("How new is the newest row, and are calls in the log that are not over?", fmt.Sprintf("%s old; %d of %d rows", age, live, len(p.rows)),
			"--reconcile-late must be longer than a row takes to appear: probe again just after a call")
	}
	return nil
}

func byAge(a, b Row) int { return a.Call.DateCreated.Compare(b.Call.DateCreated) }

// filters asks with each time filter for the older half of the newest rows.
func (p *probe) filters(ctx context.Context) error {
	if len(p.rows) < 2 {
		return nil
	}
	slices.SortFunc(p.rows, byAge)
	oldest, middle := p.rows[0].Call.DateCreated, p.rows[len(p.rows)/2].Call.DateCreated
	window := Query{From: oldest.Truncate(time.Second), To: middle.Truncate(time.Second).Add(time.Second)}
	if !p.rows[len(p.rows)-1].Call.DateCreated.After(window.To) {
		p.found("Which filter of times is applied?", "it cannot be told from calls of one second: probe again later", "")
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
		p.found("Which filter of times is applied?", "none: the log cannot be compared", "")
		return nil
	}
	p.found("Which filter of times is applied?", strings.Join(applied, ", "), "--babelforce-time-filter "+applied[0])
	return nil
}

func (p *probe) pageSize(ctx context.Context) error {
	const large = 500
	rows, told, err := p.raw(ctx, reportingPath, url.Values{"page": {"1"}, "max": {strconv.Itoa(large)}})
	if err != nil {
		return err
	}
	p.found(fmt.Sprintf("How many rows does a page have where %d are asked for?", large), fmt.Sprintf("%d (it says max=%s)", len(rows), told["max"]), "")
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
	p.found("Which events of calls can automations act on?", strings.Join(codes, ", "), "")
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

// word is how babelforce writes codes. What is no word may be somebody's text.
var word = regexp.MustCompile(`^[\w.\-]{1,64}$`)

func (p *probe) codes(ctx context.Context, path string, query url.Values, field string) (codes []string, err error) {
	rows, _, err := p.raw(ctx, path, query)
	for _, raw := range rows {
		if told, err := fields(raw); err == nil && word.MatchString(told[field]) {
			codes = append(codes, told[field])
		}
	}
	return codes, err
}

// dateForm is how a row writes when it was created.
func dateForm(raw json.RawMessage) string {
	var row struct {
		Created any `json:"dateCreated"`
	}
	_ = json.Unmarshal(raw, &row)
	switch created := row.Created.(type) {
	case nil:
		return "not at all"
	case float64:
		return "as a number"
	case string:
		if _, err := time.Parse(time.RFC3339, created); err == nil {
			return "as RFC 3339"
		}
	}
	return "in a form of its own"
}

func sortedKeys(told map[string]string) (keys []string) {
	for key := range told {
		if word.MatchString(key) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}
