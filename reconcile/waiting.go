package reconcile

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/callthread/callthread/babelforce/calllog"
)

// oneByOne is the number of calls up to which single requests are cheaper than reading the log
// since the oldest call.
const oneByOne = 20

// CompareWaiting judges calls that were not over when they were last judged. Calls that rang
// before recently are requested one by one.
func (a *Activities) CompareWaiting(ctx context.Context, waiting []Verdict, recently time.Time) (Comparison, error) {
	defer alive(ctx, func() any { return nil })()
	rules, err := a.rules(ctx)
	if err != nil {
		return Comparison{}, err
	}
	c := Comparison{Counts: make(map[Result]int)}
	read, err := a.readWaiting(ctx, waiting, recently, rules.Now)
	if err != nil {
		return Comparison{}, failure(err)
	}
	for _, row := range read.roots {
		verdict, err := a.judge(ctx, rules, row, read.legs[row.Call.SessionID], nil, nil)
		if err != nil {
			return Comparison{}, err
		}
		c.Add(verdict)
	}
	a.Observe.compared(c)
	return c, nil
}

// readWaiting reads the rows of calls. It leaves out calls that the log no longer contains.
func (a *Activities) readWaiting(ctx context.Context, calls []Verdict, recently, now time.Time) (reading, error) {
	r := reading{legs: make(map[string][]calllog.Row)}
	byID := make(map[string]Verdict)
	recent := now // the log is read from this time on
	for _, v := range calls {
		byID[v.CallID] = v
		if !v.Rang.Before(recently) && v.Rang.Before(recent) {
			recent = v.Rang
		}
	}
	if len(calls) > oneByOne && recent.Before(now) {
		_, err := a.Log.Read(ctx, calllog.Query{From: recent, To: now}, func(row calllog.Row) error {
			if _, waits := byID[row.Call.ID]; waits {
				r.roots = append(r.roots, row)
				delete(byID, row.Call.ID)
			} else if !row.IsRoot() {
				r.legs[row.Call.SessionID] = append(r.legs[row.Call.SessionID], row)
			}
			return nil
		})
		if err != nil {
			return r, err
		}
	}
	for _, id := range slices.Sorted(maps.Keys(byID)) {
		row, err := a.Log.Call(ctx, id)
		if calllog.KindOf(err) == calllog.NotFound {
			continue
		}
		if err != nil {
			return r, err
		}
		if row.IsFinal() && row.Agent.ID != "" {
			if r.legs[row.Call.SessionID], err = a.Log.Legs(ctx, row); err != nil {
				return r, err
			}
		}
		r.roots = append(r.roots, row)
	}
	return r, nil
}
