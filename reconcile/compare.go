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
	// margin is how much earlier or later than its row a call's run may begin: for
	// clocks that differ, and webhooks that are late.
	margin = 15 * time.Minute
	// maxLookUps bounds the single calls that one comparison asks the log for.
	maxLookUps = 200
)

// Activities read babelforce's log and Temporal's workflow list, and repair calls. Rows
// of the log stay in here: results hold counts and call ids.
type Activities struct {
	Log      *calllog.Client
	Temporal client.Client
	// Namespace and TaskQueue are where the calls are. Another installation in the
	// namespace has calls of its own, on another task queue.
	Namespace, TaskQueue string
	// Rules judge calls; Now and Remembers are found out each time.
	Rules Rules
	// Outbound reports whether the automations file handles outbound calls. If not, they are not compared.
	Outbound func() bool
	// Compares reports whether a call is to be compared, by its called number; nil compares all.
	Compares func(babelforce.Call) bool
	Observe  Observer
	// Since is when Callthread went live.
	Since time.Time

	// Throttle is how often a call is repaired; nil is as often as the log can be read.
	Throttle *rate.Limiter
	// Limits are those of calls that begin with a repair; zero values mean the defaults.
	Limits call.Limits
}

// Observer is given what was compared and repaired, to be counted. Its functions may be nil.
type Observer struct {
	Compared func(Comparison)
	Repaired func(calls int)
	Held     func(calls int) // those that wait for an operator to repair them
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

// Clock is what a comparison starts from.
type Clock struct {
	// Now is by babelforce's clock, to the second.
	Now time.Time `json:"now"`
	// LogKeeps is how long babelforce keeps calls, 0 if it does not say.
	LogKeeps time.Duration `json:"logKeeps,omitempty"`
	// RepairEvery is how long one repair takes at least, so that calls that ring now keep
	// the greater part of Kustomer's budget.
	RepairEvery time.Duration `json:"repairEvery,omitempty"`
	// Since is when Callthread went live.
	Since time.Time `json:"since,omitzero"`
}

// Clock asks babelforce for its time, and how long it keeps calls.
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
	if w.To.After(rules.Now) { // a day that is not over
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

// Day is a calendar day as the log has it: the one before today where the input names none.
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
		return Window{}, temporal.NewNonRetryableApplicationError("a day is written as 2026-11-27", "NoDay", nil)
	}
	return day, nil
}

// judge judges a call by what the workflow list says and, unless that is plain, by
// what Temporal itself says. The list has a call's last agent alone: whether a call
// that several answered lacks one of them, its record says.
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

// runOfLeg is the run that has the id of another leg of a call without a run of its own.
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

// legs are the legs of a call to agents. Those of a call that went on after what was read are asked for.
func (a *Activities) legs(ctx context.Context, root calllog.Row, read reading) ([]calllog.Row, error) {
	isWhole := root.Agent.ID == "" || !root.IsFinal() || ended(root).Before(read.until)
	if isWhole {
		return read.legs[root.Call.SessionID], nil
	}
	return a.Log.Legs(ctx, root)
}

// reading is what the log holds of a window.
type reading struct {
	until time.Time                // before which all legs were read
	roots []calllog.Row            // that rang in the window, oldest first
	legs  map[string][]calllog.Row // of each session, the legs to agents
	known map[string]bool          // ids of all legs that were read, those that are not compared among them
	gaps  []Gap
}

// read reads the calls of a window, and those that rang a little later, whose runs may
// have begun in it by our clock. It reads nothing of now: pages shift while calls come in.
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
		r.gaps = append(r.gaps, Gap{Window: w, Why: fmt.Sprintf("the log says that it has %d rows more than it gave", missing)})
	}
	slices.SortFunc(r.roots, func(x, y calllog.Row) int { return x.Call.DateCreated.Compare(y.Call.DateCreated) })
	return r, nil
}

// lookUp asks the log for the leg of each run that no row explains: it may be
// another leg of a call, which then is split, or no leg at all.
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
			return children, withoutRow, []Gap{{Window: w, Why: fmt.Sprintf("more than %d calls have a run and no row: the others were not looked for", maxLookUps)}}, nil
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
