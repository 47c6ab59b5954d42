package sandbox

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// maxPage is the largest number of rows per page, even if more are requested.
const maxPage = 102

// reporting answers with a page of the log (OpenAPI, listReportingCalls), newest first.
func (s *Server) reporting(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	rows := slices.DeleteFunc(slices.Clone(s.rows), func(row Row) bool { return !s.shows(row, query) })
	slices.SortStableFunc(rows, func(a, b Row) int { return b.Created.Compare(a.Created) })
	number, size := max(1, whole(query, "page", 1)), min(max(1, whole(query, "max", 20)), cmp.Or(s.faults.PageSize, maxPage))
	pages := max(1, (len(rows)+size-1)/size)
	items := make([]any, 0, size)
	for i := (number - 1) * size; i < min(number*size, len(rows)); i++ {
		items = append(items, s.faults.odd(i, rows[i].fields(s.faults.date)))
	}
	pagination := map[string]any{"max": size}
	if !s.faults.NoPages {
		pagination["pages"], pagination["total"], pagination["current"] = pages, len(rows), number
	}
	answer(w, map[string]any{"items": items, "pagination": pagination, "success": true})
	if s.faults.Shift { // a call arrives while the pages are read
		s.rows = append(s.rows, Row{ID: fmt.Sprintf("%032x", s.requests), SessionID: fmt.Sprintf("%032x", -s.requests), Type: "inbound", Source: "queue", Domain: "external", State: "ringing", Created: s.now()})
	}
}

// shows reports whether a row has appeared in the log and matches the query.
func (s *Server) shows(row Row, query url.Values) bool {
	if row.Logged.Add(s.faults.Late).After(s.config.Now()) {
		return false
	}
	for name, value := range map[string]string{
		"id": row.ID, "parentId": row.ParentID, "sessionId": row.SessionID, "type": row.Type, "state": row.State, "source": row.Source, "domain": row.Domain,
	} {
		wanted := query[name]
		if len(wanted) == 0 || slices.Contains(s.faults.Ignores, name) {
			continue
		}
		if slices.Contains(s.faults.Misses, name) || !slices.Contains(wanted, value) {
			return false
		}
	}
	if s.faults.IgnoresFilter {
		return true
	}
	start, end := cmp.Or(s.faults.TimeFilter[0], "time.start"), cmp.Or(s.faults.TimeFilter[1], "time.end")
	from, to := time.Unix(int64(whole(query, start, 0)), 0), time.Unix(int64(whole(query, end, 1<<33)), 0)
	return !row.Created.Before(from) && !row.Created.After(to)
}

// call answers with one leg.
func (s *Server) call(w http.ResponseWriter, r *http.Request) {
	i := slices.IndexFunc(s.rows, func(row Row) bool { return row.ID == r.PathValue("id") })
	if i < 0 || s.rows[i].Logged.Add(s.faults.Late).After(s.config.Now()) {
		refuse(w, http.StatusNotFound, "not_found")
		return
	}
	answer(w, s.faults.item(s.rows[i].fields(s.faults.date)))
}

// simple answers with the condensed log. Other programs have seen numeric dates in it.
func (s *Server) simple(w http.ResponseWriter, _ *http.Request) {
	var items []any
	for _, row := range s.rows {
		items = append(items, map[string]any{"id": row.ID, "sessionId": row.SessionID, "dateCreated": row.Created.Unix(), "type": row.Type + "Call", "bridged": row.Bridged != nil})
	}
	answer(w, map[string]any{"items": items, "pagination": map[string]any{}, "success": true})
}

func (s *Server) time(w http.ResponseWriter, _ *http.Request) {
	answer(w, map[string]any{"time": s.now().UTC().Format(time.RFC3339)})
}

func (s *Server) retention(w http.ResponseWriter, _ *http.Request) {
	periods := map[string]any{"defaultPeriod": nil, "recordingFiles": 365}
	if s.config.RetentionDays > 0 {
		periods["calls"] = s.config.RetentionDays
	}
	answer(w, map[string]any{"item": periods})
}

// events answers with the events to which automations can react (OpenAPI Event).
func (s *Server) events(w http.ResponseWriter, _ *http.Request) {
	var items []any
	for _, name := range []string{"inbound", "bridge", "finished", "created"} {
		items = append(items, map[string]any{"type": "CALL", "name": name, "code": "call." + name, "label": ""})
	}
	answer(w, map[string]any{"items": items})
}

func (s *Server) actions(w http.ResponseWriter, _ *http.Request) {
	answer(w, map[string]any{"items": []any{map[string]any{"provider": "http", "name": "callback", "type": "callback"}}})
}

func whole(query url.Values, name string, fallback int) int {
	if n, err := strconv.Atoi(query.Get(name)); err == nil {
		return n
	}
	return fallback
}
