package reconcile

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"golang.org/x/time/rate"

	"github.com/callthread/callthread/babelforce"
	"github.com/callthread/callthread/babelforce/calllog"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/workflows"
)

const (
	// margin is how much earlier or later than its row a call's run may begin, because clocks
	// differ and webhooks may be late.
	margin = 15 * time.Minute
	// maxLookUps limits the single calls that one comparison requests from the log.
	maxLookUps = 200
)

// Activities read babelforce's log and Temporal's workflow list, and repair calls. Their results
// contain counts and call ids, but no rows of the log.
type Activities struct {
	Log      *calllog.Client
	Temporal client.Client
	// Namespace and TaskQueue select the calls. Another installation in the namespace has its own
	// task queue.
	Namespace, TaskQueue string
	// Rules judge calls. Now and Remembers are set for each comparison.
	Rules Rules
	// Outbound reports whether the automations file handles outbound calls. If not, they are not compared.
	Outbound func() bool
	// Compares reports whether to compare a call, by its called number. If it is nil, all calls are
	// compared.
	Compares func(babelforce.Call) bool
	Observe  Observer
	// Since is when Callthread went live.
	Since time.Time

	// Throttle limits the rate of repairs. If it is nil, only the log's rate limits them.
	Throttle *rate.Limiter
	// Limits are the limits of calls that begin with a repair. Zero values mean the defaults.
	Limits call.Limits
}

// Observer receives what was compared and repaired, for metrics. Its functions may be nil.
type Observer struct {
	Compared func(Comparison)
	Repaired func(calls int)
	Held     func(calls int) // calls that wait for an operator to repair them
}

func (o Observer) compared(c Comparison) {
	if o.Compared != nil {
		o.Compared(c)
	}
}

func (o Observer) repaired(calls int) {
	if o.Repaired != nil {
		o.Repaired(calls)
	}
}

func (o Observer) held(calls int) {
	if o.Held != nil {
		o.Held(calls)
	}
}

// Clock holds the times that a comparison needs.
type Clock struct {
	// Now is the time of babelforce's clock, in whole seconds.
	Now time.Time `json:"now"`
	// LogKeeps is how long babelforce keeps calls, or 0 if that is not known.
	LogKeeps time.Duration `json:"logKeeps,omitempty"`
	// RepairEvery is the minimum time between two repairs, so that new calls keep most of
	// Kustomer's budget.
	RepairEvery time.Duration `json:"repairEvery,omitempty"`
	// Since is when Callthread went live.
	Since time.Time `json:"since,omitzero"`
}

// Clock requests babelforce's time and how long babelforce keeps calls.
func (a *Activities) Clock(ctx context.Context) (Clock, error) {
	now, err := a.Log.ServerTime(ctx)
	if err != nil {
		return Clock{}, failure(err)
	}
	keeps, err := a.Log.Retention(ctx)
	if err != nil && calllog.KindOf(err) != calllog.NotFound && calllog.KindOf(err) != calllog.NotUnderstood {
		return Clock{}, failure(err)
	}
	clock := Clock{Now: now, LogKeeps: keeps, Since: a.Since}
	if a.Throttle != nil {
		clock.RepairEvery = time.Duration(float64(time.Second) / float64(a.Throttle.Limit()))
	}
	return clock, nil
}

// Compare judges every root call of the log that rang in the window.
func (a *Activities) Compare(ctx context.Context, part Part) (Comparison, error) {
	defer alive(ctx, func() any { return nil })()
	w := part.Window
	rules, err := a.rules(ctx)
	if err != nil {
		return Comparison{}, err
	}
	if w.To.After(rules.Now) { // the day is not over
		w.To = rules.Now
	}
	if !w.From.Before(w.To) {
		return Comparison{Window: part.Window}, nil
	}
	read, err := a.read(ctx, w, rules.Now)
	if err != nil {
		return Comparison{}, failure(err)
	}
	runs, err := a.runs(ctx, Window{w.From.Add(-margin), w.To.Add(margin)})
	if err != nil {
		return Comparison{}, err
	}
	c := Comparison{Window: w, Counts: make(map[Result]int), Gaps: read.gaps}
	children, withoutRow, gaps, err := a.lookUp(ctx, w, read, runs)
	if err != nil {
		return Comparison{}, failure(err)
	}
	c.WithoutRow, c.Gaps = withoutRow, append(c.Gaps, gaps...)
	for _, root := range read.roots {
		legs, err := a.legs(ctx, root, read)
		if err != nil {
			return Comparison{}, failure(err)
		}
		verdict, err := a.judge(ctx, rules, root, legs, runs[workflows.WorkflowID(root.Call.ID)], children[root.Call.ID])
		if err != nil {
			return Comparison{}, err
		}
		c.Add(verdict)
	}
	if !part.Again {
		a.Observe.compared(c)
	}
	return c, nil
}

// Day returns the window of a calendar day. If the input names no day, it is yesterday by
// babelforce's clock.
func (a *Activities) Day(ctx context.Context, in StatementInput) (Window, error) {
	zone, err := time.LoadLocation(in.Zone)
	if err != nil {
		return Window{}, temporal.NewNonRetryableApplicationError("there is no time zone "+in.Zone, "NoZone", nil)
	}
	if in.Day == "" {
		now, err := a.Log.ServerTime(ctx)
		if err != nil {
			return Window{}, failure(err)
		}
		in.Day = now.In(zone).AddDate(0, 0, -1).Format(time.DateOnly)
	}
	day, err := Day(in.Day, zone)
	if err != nil {
		return Window{}, temporal.NewNonRetryableApplicationError("the day must be written like 2026-11-27", "NoDay", nil)
	}
	return day, nil
}

// judge judges a call by its entry in the workflow list and, if the result is not plain, by
// Temporal's own description of the run. The list contains only a call's last agent. If several
// agents answered, the run's record shows whether one of them is missing.
func (a *Activities) judge(ctx context.Context, rules Rules, root calllog.Row, legs []calllog.Row, listed, child *Run) (Verdict, error) {
	pickedUp := answered(legs)
	attempts := Attempts{ByQueue: slices.ContainsFunc(legs, isByQueue)}
	if n := len(pickedUp); n > 0 {
		attempts.Last = pickedUp[n-1].Agent
	}
	if listed != nil && len(pickedUp) < 2 {
		if v := rules.Judge(root, attempts, listed); v.Result.IsPlain() {
			return v, nil
		}
	}
	run, err := a.describe(ctx, workflows.WorkflowID(root.Call.ID))
	if err == nil && run == nil {
		run, err = a.runOfLeg(ctx, legs, child)
	}
	if err != nil {
		return Verdict{}, err
	}
	v := rules.Judge(root, attempts, run)
	isWhole := v.Result != Matched && v.Result != Joined || len(pickedUp) < 2
	if isWhole {
		return v, nil
	}
	carried, err := a.carried(ctx, run)
	if err != nil {
		return v, err
	}
	if carried.Record.Lacks(fromLog(root, legs, agents{}.of, rules.Now), rules.Now) {
		v.Result, v.Why = Incomplete, NoPickUp
	}
	return v, nil
}

// runOfLeg returns the run under the id of another leg, for a call without its own run.
func (a *Activities) runOfLeg(ctx context.Context, legs []calllog.Row, known *Run) (*Run, error) {
	if known != nil {
		return known, nil
	}
	for _, leg := range legs {
		if leg.IsRoot() {
			continue
		}
		if run, err := a.describe(ctx, workflows.WorkflowID(leg.Call.ID)); run != nil || err != nil {
			return run, err
		}
	}
	return nil, nil
}

func (a *Activities) rules(ctx context.Context) (rules Rules, err error) {
	rules = a.Rules
	if rules.Now, err = a.Log.ServerTime(ctx); err != nil {
		return rules, failure(err)
	}
	if rules.Remembers, err = a.remembers(ctx); err != nil {
		return rules, err
	}
	return rules, nil
}

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
// call, which is split then, or no leg at all.
func (a *Activities) lookUp(ctx context.Context, w Window, read reading, runs map[string]*Run) (children map[string]*Run, withoutRow []string, gaps []Gap, err error) {
	roots := make(map[string]string) // by session
	for _, root := range read.roots {
		roots[root.Call.SessionID] = root.Call.ID
	}
	children, asked := make(map[string]*Run), 0
	for _, id := range slices.Sorted(maps.Keys(runs)) {
		key := workflows.CallKey(id)
		if read.known[key] || runs[id].Began.Before(w.From) {
			continue
		}
		if asked++; asked > maxLookUps {
			return children, withoutRow, []Gap{{Window: w, Why: fmt.Sprintf("more than %d runs match no row of the log: the others were not looked up", maxLookUps)}}, nil
		}
		row, err := a.Log.Call(ctx, key)
		switch {
		case calllog.KindOf(err) == calllog.NotFound:
			if runs[id].Began.Before(w.To) { // later ones belong to the next window
				withoutRow = append(withoutRow, key)
			}
		case err != nil:
			return nil, nil, nil, err
		case !row.IsRoot():
			children[cmp.Or(roots[row.Call.SessionID], row.Call.ParentID)] = runs[id]
		}
	}
	return children, withoutRow, nil, nil
}
