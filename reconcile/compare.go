package reconcile

import (
	"context"
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

// logBegins returns the time from which the log contains calls, or zero if that is not known.
func (c Clock) logBegins() time.Time {
	if c.LogKeeps == 0 {
		return time.Time{}
	}
	return c.Now.Add(-c.LogKeeps)
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
	var children map[string]*Run
	if !part.Late {
		if children, err = a.lookUp(ctx, w, read, runs, &c); err != nil {
			return Comparison{}, failure(err)
		}
	}
	for _, root := range read.roots {
		verdict, err := a.judgeRow(ctx, rules, root, read, runs[workflows.WorkflowID(root.Call.ID)], children[root.Call.ID])
		if verdict, err = c.orUnread(ctx, root.Call.ID, root.Call.DateCreated, verdict, err); err != nil {
			return Comparison{}, err
		}
		if part.isNew(verdict) {
			c.Add(verdict)
		}
	}
	if !part.Again {
		a.Observe.compared(c)
	}
	return c, nil
}

// judgeRow judges a call of the part of the log that was read.
func (a *Activities) judgeRow(ctx context.Context, rules Rules, root calllog.Row, read reading, listed, child *Run) (Verdict, error) {
	legs, err := a.legs(ctx, root, read)
	if err != nil {
		return Verdict{}, err
	}
	return a.judge(ctx, rules, root, legs, listed, child)
}

// Day returns the window of a calendar day. If the input names no day, it is the day before it was due.
func (a *Activities) Day(_ context.Context, in StatementInput) (Window, error) {
	zone, err := time.LoadLocation(in.Zone)
	if err != nil {
		return Window{}, temporal.NewNonRetryableApplicationError("there is no time zone "+in.Zone, "NoZone", nil)
	}
	if in.Day == "" {
		in.Day = in.Due.In(zone).AddDate(0, 0, -1).Format(time.DateOnly)
	}
	day, err := Day(in.Day, zone)
	if err != nil {
		return Window{}, temporal.NewNonRetryableApplicationError("the day must be written like 2026-11-27", "NoDay", nil)
	}
	return day, nil
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
