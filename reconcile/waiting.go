package reconcile

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/callthread/callthread/babelforce/calllog"
)

// oneByOne is how many calls are asked for one by one, before it is cheaper to read what rang since the oldest.
const oneByOne = 20

// CompareWaiting judges calls that were not over when they were judged before.
// Those that rang before a time are asked for one by one.
func (a *Activities) CompareWaiting(ctx context.Context, waiting []Verdict, recently time.Time) (Comparison, error) {
	rules, err := a.rules(ctx)
	if err != nil {
		return Comparison{}, err
	}
	c := Comparison{Counts: make(map[Result]int)}
	rows, err := a.rowsOf(ctx, waiting, recently)
	if err != nil {
		return Comparison{}, failure(err)
	}
	for _, row := range rows {
		verdict, err := a.judge(ctx, rules, row, nil, nil)
		if err != nil {
			return Comparison{}, err
		}
		c.Add(verdict)
	}
	if a.Observe != nil {
		a.Observe(c)
	}
	return c, nil
}

// rowsOf reads the rows of calls. One that the log no longer holds is left out.
func (a *Activities) rowsOf(ctx context.Context, calls []Verdict, recently time.Time) (rows []calllog.Row, err error) {
	byID := make(map[string]Verdict)
	recent := Window{To: recently}
	for _, v := range calls {
		byID[v.CallID] = v
		if !v.Rang.Before(recently) && (recent.From.IsZero() || v.Rang.Before(recent.From)) {
			recent.From = v.Rang
		}
		if !v.Rang.Before(recent.To) {
			recent.To = v.Rang.Add(time.Second)
		}
	}
	if len(calls) > oneByOne && !recent.From.IsZero() {
		_, err := a.Log.Read(ctx, calllog.Query{From: recent.From, To: recent.To}, func(row calllog.Row) error {
			if _, waits := byID[row.Call.ID]; waits {
				rows = append(rows, row)
				delete(byID, row.Call.ID)
			}
			heartbeat(ctx, len(rows))
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	for _, id := range slices.Sorted(maps.Keys(byID)) {
		row, err := a.Log.Call(ctx, id)
		if calllog.KindOf(err) == calllog.NotFound {
			continue
		}
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
		heartbeat(ctx, len(rows))
	}
	return rows, nil
}
