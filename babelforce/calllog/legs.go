package calllog

import (
	"cmp"
	"context"
	"slices"
)

// maxLegPages bounds the legs of one call: some 2,000, at PageSize.
const maxLegPages = 20

// Legs reads every leg of one call, root among them, oldest first. root is the row
// of the leg that has no parent; it is returned as given where the answer lacks it.
//
// Which filter an account applies is not known. The legs are asked for by session,
// and by parent where that filter is ignored or finds nothing; asking by parent does
// not find a leg whose parent is not root. A log that ignores both filters is an
// Error of kind FilterIgnored. A row that cannot be read is left out; an answer
// without a row that can be read, unless it is empty, is an Error of kind NotUnderstood.
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

// legs reads the rows that a filter chooses, each of which must belong to the call.
func (c *Client) legs(ctx context.Context, query Query, root Row) (legs []Row, err error) {
	reading, err := c.Read(ctx, query, func(row Row) error {
		if !row.isLegOf(root) {
			return &Error{Path: reportingPath, Kind: FilterIgnored, Detail: "it holds legs of other calls, so that neither sessionId nor parentId chooses those of one: `starter probe` checks both"}
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

// withRoot completes and orders the legs of a call.
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
