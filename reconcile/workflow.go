package reconcile

import (
	"errors"
	"slices"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// TaskQueue returns the task queue of comparisons, given the task queue of calls. They are
// separate because the API key for babelforce's log has all rights of its user: a worker that
// has the key need not be reachable from outside.
func TaskQueue(calls string) string { return calls + "-reconcile" }

// Settings are the settings of comparisons. Zero values mean the defaults.
type Settings struct {
	// Since is when Callthread went live. Earlier calls are not compared.
	Since time.Time `json:"since,omitzero"`
	// Late is how long after a call rings its row may appear in the log.
	Late time.Duration `json:"late,omitempty"`
	// Chunk is the length of the windows in which the log is compared.
	Chunk time.Duration `json:"chunk,omitempty"`
	// Lookback is the age up to which calls that are not over are found by reading the log again.
	// Older calls are requested one by one. The first comparison begins this long ago.
	Lookback time.Duration `json:"lookback,omitempty"`
	// Repair is set to repair calls that lack something that the log contains.
	Repair bool `json:"repair,omitempty"`
}

// The defaults of [Settings].
const (
	defaultLate     = time.Minute
	defaultChunk    = 2 * time.Hour
	defaultLookback = 2 * time.Hour
)

func (s Settings) withDefaults() Settings {
	if s.Late == 0 {
		s.Late = defaultLate
	}
	if s.Chunk == 0 {
		s.Chunk = defaultChunk
	}
	if s.Lookback == 0 {
		s.Lookback = defaultLookback
	}
	return s
}

// Pass is the result of one run of [ReconcileWorkflow]. The next run continues from it.
type Pass struct {
	Comparison
	// Until is the time before which every call has been judged, except those in Waiting.
	Until time.Time `json:"until"`
	// Waiting are the calls that rang before Until and are not over.
	Waiting []Verdict `json:"waiting,omitempty"`
}

// ReconcileWorkflow compares the calls since the last comparison. A Schedule runs it every few
// minutes.
func ReconcileWorkflow(ctx workflow.Context, settings Settings) (Pass, error) {
	var last Pass
	if workflow.HasLastCompletionResult(ctx) {
		if err := workflow.GetLastCompletionResult(ctx, &last); err != nil {
			return Pass{}, err
		}
	}
	pass := Pass{Until: last.Until, Waiting: last.Waiting}
	ctx = withOptions(ctx)
	var a *Activities
	var clock Clock
	if err := workflow.ExecuteActivity(ctx, a.Clock).Get(ctx, &clock); err != nil {
		pass.Gaps = append(pass.Gaps, gap(pass.Window, err))
		return pass, ctx.Err()
	}
	settings = settings.withDefaults()
	window := settings.window(last.Until, clock)
	pass.From, pass.To, pass.Until = window.From, window.From, window.From
	pass.judgeWaiting(ctx, clock.Now.Add(-settings.Lookback))
	for _, chunk := range window.Chunks(settings.Chunk) {
		if !pass.compare(ctx, Part{Window: chunk}) {
			break // the next pass continues from here
		}
		pass.Until = chunk.To
	}
	pass.Waiting = append(pass.Waiting, pass.with(NotYet)...)
	if settings.Repair {
		pass.Waiting = append(pass.Waiting, pass.repair(ctx)...)
	}
	workflow.SetCurrentDetails(ctx, pass.String())
	return pass, ctx.Err()
}

const (
	// A pass repairs at most maxRepairs calls and, if there are more than someCalls, at most one in
	// maxShare of its calls. More are left to an operator: they are probably not lost webhooks but
	// a mistake in Callthread or in the log.
	maxRepairs = 50
	maxShare   = 5
	someCalls  = 10
)

// repair repairs the calls that need it, unless they are too many. It returns the calls that the
// next pass must judge again.
func (p *Pass) repair(ctx workflow.Context) (again []Verdict) {
	calls := p.toRepair()
	isMuch := len(calls) > maxRepairs || len(calls) > someCalls && len(calls)*maxShare > p.Calls
	if isMuch {
		p.hold(ctx, len(calls))
		return nil
	}
	return p.repairAll(ctx, calls, "")
}

// repairAll repairs calls in small groups. It returns the calls whose repair failed.
func (c *Comparison) repairAll(ctx workflow.Context, calls []Verdict, status string) (failed []Verdict) {
	const atOnce = 25
	var a *Activities
	for group := range slices.Chunk(calls, atOnce) {
		var done Repaired
		if err := workflow.ExecuteActivity(ctx, a.Repair, RepairInput{Calls: group, Status: status}).Get(ctx, &done); err != nil {
			c.hold(ctx, len(group))
			failed = append(failed, group...)
			continue
		}
		c.Repaired += len(done.Calls)
	}
	return failed
}

// hold leaves calls to an operator and counts them, which triggers an alert.
func (c *Comparison) hold(ctx workflow.Context, calls int) {
	c.Held += calls
	var a *Activities
	_ = workflow.ExecuteActivity(ctx, a.Hold, calls).Get(ctx, nil) // an error is ignored: the pass's result has the number too
}

// window returns what a pass compares: from the end of the last pass until now.
func (s Settings) window(until time.Time, clock Clock) Window {
	w := Window{From: until, To: clock.Now.Add(-s.Late)}
	if until.IsZero() {
		w.From = clock.Now.Add(-s.Lookback)
	}
	if w.From.Before(s.Since) {
		w.From = s.Since
	}
	if kept := clock.Now.Add(-clock.LogKeeps); clock.LogKeeps > 0 && w.From.Before(kept) {
		w.From = kept
	}
	if w.To.Before(w.From) {
		w.To = w.From
	}
	return w
}

// judgeWaiting judges the calls that were not over at the last pass.
func (p *Pass) judgeWaiting(ctx workflow.Context, recently time.Time) {
	if len(p.Waiting) == 0 {
		return
	}
	var a *Activities
	var c Comparison
	if err := workflow.ExecuteActivity(ctx, a.CompareWaiting, p.Waiting, recently).Get(ctx, &c); err != nil {
		p.Gaps = append(p.Gaps, gap(p.Window, err))
		return
	}
	p.Waiting, c.To = nil, p.To
	p.Join(c)
}

// compare compares a part and adds the result. It returns false if the part could not be read.
func (c *Comparison) compare(ctx workflow.Context, part Part) bool {
	var a *Activities
	var compared Comparison
	if err := workflow.ExecuteActivity(ctx, a.Compare, part).Get(ctx, &compared); err != nil {
		c.Gaps = append(c.Gaps, gap(part.Window, err))
		return false
	}
	c.Join(compared)
	return true
}

// gap returns the gap for a window that was not compared because of an error.
func gap(w Window, err error) Gap {
	why := err.Error()
	var failed *temporal.ApplicationError
	if errors.As(err, &failed) {
		why = failed.Message()
	}
	return Gap{Window: w, Kind: kindOf(err), Why: why}
}

// StatementInput is the input of [StatementWorkflow]: a calendar day or, if set, another window.
type StatementInput struct {
	Window *Window `json:"window,omitempty"`
	Day    string  `json:"day"`  // such as 2026-11-27; "" means yesterday
	Zone   string  `json:"zone"` // an IANA name; "" means UTC
}

// StatementWorkflow compares one calendar day, even if its calls were compared before.
func StatementWorkflow(ctx workflow.Context, in StatementInput) (Comparison, error) {
	ctx = withOptions(ctx)
	var a *Activities
	if in.Window != nil {
		return statement(ctx, *in.Window)
	}
	var day Window
	if err := workflow.ExecuteActivity(ctx, a.Day, in).Get(ctx, &day); err != nil {
		return Comparison{}, err
	}
	return statement(ctx, day)
}

func statement(ctx workflow.Context, w Window) (Comparison, error) {
	statement := Comparison{Window: Window{From: w.From, To: w.From}}
	for _, chunk := range w.Chunks(defaultChunk) {
		statement.compare(ctx, Part{Window: chunk, Again: true})
	}
	statement.To = w.To
	workflow.SetCurrentDetails(ctx, statement.String())
	return statement, ctx.Err()
}

// withOptions sets the timeouts of activities. They allow for a slow log: one request a second,
// and a minute for a request that is retried.
func withOptions(ctx workflow.Context) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout:    time.Hour,
		HeartbeatTimeout:       heartbeatTimeout,
		ScheduleToCloseTimeout: 2 * time.Hour,
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval: 5 * time.Second, BackoffCoefficient: 2, MaximumInterval: time.Minute, MaximumAttempts: 6,
		},
	})
}
