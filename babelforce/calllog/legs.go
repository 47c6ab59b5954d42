package calllog

import (
	"cmp"
	"context"
	"slices"
)

// maxLegPages limits the legs of one call: about 2,000 at PageSize.
const maxLegPages = 20

// Legs reads all legs of one call including root, oldest first. root is the row of the leg
// without a parent. If the answer lacks it, the given row is returned.
//
// Which filter an account applies is unknown. Legs queries by session, and by parent if the
// session filter is ignored or finds nothing. A query by parent does not find a leg whose
// parent is another leg than root.
//
// If the log ignores both filters, Legs returns an Error of kind FilterIgnored. It omits a
// row that it cannot read. If it can read no row of a non-empty answer, it returns an Error
// of kind NotUnderstood.
func (c *Client) Legs(ctx context.Context, root Row) ([]Row, error) {
	if root.Call.SessionID != "" {
		legs, err := c.legs(ctx, Query{SessionID: root.Call.SessionID}, root)
		if err == nil && len(legs) > 0 {
			return withRoot(legs, root), nil
		}
		if err != nil && KindOf(err) != FilterIgnored {
			return nil, err
		}
	}
	legs, err := c.legs(ctx, Query{ParentID: root.Call.ID}, root)
	if err != nil {
		return nil, err
	}
	return withRoot(legs, root), nil
}

// legs reads the rows that a filter selects. Every row must belong to the call.
func (c *Client) legs(ctx context.Context, query Query, root Row) (legs []Row, err error) {
	reading, err := c.Read(ctx, query, func(row Row) error {
		if !row.isLegOf(root) {
			return &Error{Path: reportingPath, Kind: FilterIgnored, Detail: "the answer contains legs of other calls: neither sessionId nor parentId is applied. `starter probe` checks both"}
		}
		legs = append(legs, row)
		return nil
	})
	if err == nil && reading.Rows == 0 && reading.Bad > 0 {
		err = &Error{Path: reportingPath, Kind: NotUnderstood, Detail: "no leg of the call can be read"}
	}
	return legs, err
}

func (r Row) isLegOf(root Row) bool {
	return r.Call.ID == root.Call.ID || r.Call.ParentID == root.Call.ID || r.Call.SessionID != "" && r.Call.SessionID == root.Call.SessionID
}

// withRoot adds root if it is missing, and sorts the legs.
func withRoot(legs []Row, root Row) []Row {
	isRoot := func(row Row) bool { return row.Call.ID == root.Call.ID }
	if !slices.ContainsFunc(legs, isRoot) {
		legs = append(legs, root)
	}
	slices.SortFunc(legs, func(a, b Row) int {
		switch {
		case !a.Call.DateCreated.Equal(b.Call.DateCreated):
			return a.Call.DateCreated.Compare(b.Call.DateCreated)
		case isRoot(a):
			return -1
		case isRoot(b):
			return 1
		}
		return cmp.Compare(a.Call.ID, b.Call.ID)
	})
	return legs
}
