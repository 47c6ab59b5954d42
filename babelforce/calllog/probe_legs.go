package calllog

import (
	"context"
	"slices"
	"strings"
)

// legFilters tries both filters for the legs of the newest call with several legs.
func (p *probe) legFilters(ctx context.Context) error {
	const question = "Which filter finds the legs of a call?"
	slices.SortFunc(p.rows, func(a, b Row) int { return byAge(b, a) })
	child := slices.IndexFunc(p.rows, func(row Row) bool { return !row.IsRoot() && row.Call.SessionID != "" })
	if child < 0 {
		p.found(question, "unknown without a call that rang an agent: make one and probe again", "")
		return nil
	}
	var root Row
	root.Call.ID, root.Call.SessionID = p.rows[child].Call.ParentID, p.rows[child].Call.SessionID
	if !slices.ContainsFunc(p.rows, func(row Row) bool { return !row.isLegOf(root) }) {
		p.found(question, "unknown with a single call: make another and probe again", "")
		return nil
	}
	var applied []string
	for _, filter := range []struct {
		name  string
		query Query
	}{{"sessionId", Query{SessionID: root.Call.SessionID}}, {"parentId", Query{ParentID: root.Call.ID}}} {
		rows, _, err := p.raw(ctx, reportingPath, filter.query.values(p.timeFilter, 1))
		if err != nil {
			return err
		}
		isApplied := len(rows) > 0
		for _, raw := range rows {
			if row, err := decodeRow(raw); err == nil && !row.isLegOf(root) {
				isApplied = false
			}
		}
		if isApplied {
			applied = append(applied, filter.name)
		}
	}
	if len(applied) == 0 {
		p.found(question, "none: missed calls cannot be repaired", "")
		return nil
	}
	p.found(question, strings.Join(applied, ", "), "")
	return nil
}
