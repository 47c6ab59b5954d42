package reconcile

import (
	"context"
	"slices"
	"time"

	"github.com/callthread/callthread/babelforce/calllog"
)

const (
	// Up to oneByOne calls are requested one by one, which is cheaper than reading the log since the
	// oldest call.
	oneByOne = 20
	// If more calls than maxOld rang before the lookback, as after an outage of Kustomer, the log is
	// read since the oldest call. Single requests would take longer than an activity may.
	maxOld = 200
)

// CompareWaiting judges calls that were not over when they were last judged, or whose repair
// failed. Calls that rang before recently are requested one by one, unless they are many.
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
	for _, v := range waiting {
		row, isRead := read[v.CallID]
		if !isRead {
			continue // the log no longer contains it
		}
		now, err := Verdict{}, row.err
		if err == nil {
			now, err = a.judge(ctx, rules, row.root, row.legs, nil, nil)
		}
		if now, err = c.orUnread(ctx, v.CallID, v.Rang, now, err); err != nil {
			return Comparison{}, err
		}
		if v.NeedsRepair() {
			c.list(now) // it was counted before its repair failed
		} else {
			c.Add(now)
		}
	}
	a.Observe.compared(c)
	return c, nil
}

// loggedCall is a call in the log.
type loggedCall struct {
	root calllog.Row
	legs []calllog.Row
	err  error // why the call alone could not be read
}

// readWaiting reads the rows of calls, by call id. It leaves out calls that the log no longer contains.
func (a *Activities) readWaiting(ctx context.Context, calls []Verdict, recently, now time.Time) (map[string]loggedCall, error) {
	read := make(map[string]loggedCall)
	if len(calls) > oneByOne {
		if err := a.readSince(ctx, oldest(calls, recently), now, calls, read); err != nil {
			return nil, err
		}
	}
	for _, v := range calls {
		if _, isRead := read[v.CallID]; isRead {
			continue
		}
		one, err := a.readOne(ctx, v.CallID)
		switch {
		case calllog.KindOf(err) == calllog.NotFound:
			continue
		case err != nil && !isOfOneCall(ctx, err):
			return nil, err
		}
		one.err = err
		read[v.CallID] = one
	}
	return read, nil
}

// oldest returns when the oldest call rang, or zero if there is none. It disregards calls before
// recently unless they are many.
func oldest(calls []Verdict, recently time.Time) time.Time {
	calls = slices.SortedFunc(slices.Values(calls), func(a, b Verdict) int { return a.Rang.Compare(b.Rang) })
	old := len(only(calls, func(v Verdict) bool { return v.Rang.Before(recently) }))
	switch {
	case old > maxOld:
		return calls[0].Rang
	case old == len(calls):
		return time.Time{}
	}
	return calls[old].Rang
}

// readSince reads the calls that rang since a time from the log.
func (a *Activities) readSince(ctx context.Context, since, now time.Time, calls []Verdict, read map[string]loggedCall) error {
	if since.IsZero() || !since.Before(now) {
		return nil
	}
	waits := make(map[string]bool)
	for _, v := range calls {
		waits[v.CallID] = true
	}
	legs := make(map[string][]calllog.Row) // by session
	_, err := a.Log.Read(ctx, calllog.Query{From: since, To: now}, func(row calllog.Row) error {
		switch {
		case waits[row.Call.ID]:
			read[row.Call.ID] = loggedCall{root: row}
		case !row.IsRoot():
			legs[row.Call.SessionID] = append(legs[row.Call.SessionID], row)
		}
		return nil
	})
	for id, one := range read {
		one.legs = legs[one.root.Call.SessionID]
		read[id] = one
	}
	return err
}

// readOne requests a call and, if it is over, its legs.
func (a *Activities) readOne(ctx context.Context, id string) (one loggedCall, err error) {
	if one.root, err = a.Log.Call(ctx, id); err == nil && one.root.IsFinal() {
		one.legs, err = a.Log.Legs(ctx, one.root)
	}
	return one, err
}
