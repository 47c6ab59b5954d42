package reconcile

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/callthread/callthread/babelforce/calllog"
	"github.com/callthread/callthread/workflows"
)

// legs returns the legs of a call to agents. If the call lasted longer than the part of the log
// that was read, it requests the legs.
func (a *Activities) legs(ctx context.Context, root calllog.Row, read reading) ([]calllog.Row, error) {
	isWhole := root.Agent.ID == "" || !root.IsFinal() || ended(root).Before(read.until)
	if isWhole {
		return read.legs[root.Call.SessionID], nil
	}
	return a.Log.Legs(ctx, root)
}

// reading is what was read from the log for a window.
type reading struct {
	until time.Time                // all legs before this time were read
	roots []calllog.Row            // root calls that rang in the window, oldest first
	legs  map[string][]calllog.Row // the legs to agents by session
	known map[string]bool          // the ids of all legs that were read, compared or not
	gaps  []Gap
}

// read reads the calls of a window, and later calls whose runs may have begun in the window by
// Temporal's clock. It reads only the past, because pages shift while calls come in.
func (a *Activities) read(ctx context.Context, w Window, now time.Time) (reading, error) {
	r := reading{known: make(map[string]bool), legs: make(map[string][]calllog.Row)}
	query := calllog.Query{From: w.From, To: w.To.Add(margin)}
	if query.To.After(now) {
		query.To = now
	}
	r.until = query.To
	outbound := a.Outbound()
	seen, err := a.Log.Read(ctx, query, func(row calllog.Row) error {
		r.known[row.Call.ID] = true
		isCompared := (outbound || row.Call.Type == "inbound") && (a.Compares == nil || a.Compares(row.Call))
		switch {
		case !row.IsRoot():
			r.legs[row.Call.SessionID] = append(r.legs[row.Call.SessionID], row)
		case row.Call.DateCreated.Before(w.To) && isCompared:
			r.roots = append(r.roots, row)
		}
		return nil
	})
	if err != nil {
		return r, err
	}
	if seen.Bad > 0 {
		r.gaps = append(r.gaps, Gap{Window: w, Why: fmt.Sprintf("%d rows of the log could not be read", seen.Bad)})
	}
	if missing := seen.Total - seen.Rows - seen.Bad; missing > 0 {
		r.gaps = append(r.gaps, Gap{Window: w, Why: fmt.Sprintf("the log reports %d more rows than it returned", missing)})
	}
	slices.SortFunc(r.roots, func(x, y calllog.Row) int { return x.Call.DateCreated.Compare(y.Call.DateCreated) })
	return r, nil
}

// lookUp requests the leg of each run that matches no row. The run's id may be another leg of a
// call, which is split then and is returned, or no leg at all, which is added to the comparison.
func (a *Activities) lookUp(ctx context.Context, w Window, read reading, runs map[string]*Run, c *Comparison) (map[string]*Run, error) {
	roots := make(map[string]string) // by session
	for _, root := range read.roots {
		roots[root.Call.SessionID] = root.Call.ID
	}
	children, asked := make(map[string]*Run), 0
	for _, id := range slices.Sorted(maps.Keys(runs)) {
		key := workflows.CallKey(id)
		isInTheLog := read.known[key] || slices.Contains(runs[id].Marks, workflows.MarkFromLog) // a repair may begin days after the call
		if isInTheLog || runs[id].Began.Before(w.From) {
			continue
		}
		if asked++; asked > maxLookUps {
			c.Gaps = append(c.Gaps, Gap{Window: w, Why: fmt.Sprintf("more than %d runs match no row of the log: the others were not looked up", maxLookUps)})
			break
		}
		row, err := a.Log.Call(ctx, key)
		switch kind := calllog.KindOf(err); {
		case kind == calllog.NotFound, kind == calllog.NotUnderstood: // such as a test's id, which is none of babelforce's
			if runs[id].Began.Before(w.To) { // later ones belong to the next window
				c.WithoutRow = append(c.WithoutRow, key)
			}
		case err != nil:
			return nil, err
		case !row.IsRoot():
			children[cmp.Or(roots[row.Call.SessionID], row.Call.ParentID)] = runs[id]
		}
	}
	return children, nil
}
