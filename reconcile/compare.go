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

	"github.com/callthread/callthread/babelforce"
	"github.com/callthread/callthread/babelforce/calllog"
	"github.com/callthread/callthread/workflows"
)

const (
	// margin is how much earlier or later than its row a call's run may begin: for
	// clocks that differ, and webhooks that are late.
	margin = 15 * time.Minute
	// maxLookUps bounds the single calls that one comparison asks the log for.
	maxLookUps = 200
)

// Activities read babelforce's log and Temporal's workflow list. Rows of the log
// stay in here: results hold counts and call ids.
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
	// Observe, if set, is given each comparison.
	Observe func(Comparison)
}

// Clock is what a comparison starts from.
type Clock struct {
	// Now is by babelforce's clock, to the second.
	Now time.Time `json:"now"`
	// LogKeeps is how long babelforce keeps calls, 0 if it does not say.
	LogKeeps time.Duration `json:"logKeeps,omitempty"`
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
	return Clock{Now: now, LogKeeps: keeps}, nil
}

// Compare judges every root call of the log that rang in the window.
func (a *Activities) Compare(ctx context.Context, part Part) (Comparison, error) {
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
		verdict, err := a.judge(ctx, rules, root, runs[workflows.WorkflowID(root.Call.ID)], children[root.Call.ID])
		if err != nil {
			return Comparison{}, err
		}
		c.Add(verdict)
	}
	if a.Observe != nil && !part.Again {
		a.Observe(c)
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

// judge judges a call by what the workflow list says and, unless that is plain, by what Temporal itself says.
func (a *Activities) judge(ctx context.Context, rules Rules, root calllog.Row, listed, child *Run) (Verdict, error) {
	if listed != nil {
		if v := rules.Judge(root, listed); v.Result.IsPlain() {
			return v, nil
		}
	}
	run, err := a.describe(ctx, workflows.WorkflowID(root.Call.ID))
	if err != nil {
		return Verdict{}, err
	}
	if run == nil {
		run = child
	}
	return rules.Judge(root, run), nil
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

// reading is what the log holds of a window.
type reading struct {
	roots []calllog.Row   // that rang in it, oldest first
	known map[string]bool // ids of all legs that were read, those that are not compared among them
	gaps  []Gap
}

// read reads the roots of a window, and the ids of those that rang a little
// later, whose runs may have begun in it by our clock. It reads nothing of now:
// pages shift while calls come in.
func (a *Activities) read(ctx context.Context, w Window, now time.Time) (reading, error) {
	r := reading{known: make(map[string]bool)}
	query := calllog.Query{From: w.From, To: w.To.Add(margin), Type: "inbound"}
	if query.To.After(now) {
		query.To = now
	}
	if a.Outbound() {
		query.Type = "" // and the legs to agents, which are outbound too
	}
	seen, err := a.Log.Read(ctx, query, func(row calllog.Row) error {
		r.known[row.Call.ID] = true
		if row.IsRoot() && row.Call.DateCreated.Before(w.To) && (a.Compares == nil || a.Compares(row.Call)) {
			r.roots = append(r.roots, row)
		}
		heartbeat(ctx, len(r.known))
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
		heartbeat(ctx, asked)
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
