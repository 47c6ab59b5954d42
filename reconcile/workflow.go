package reconcile

import (
	"errors"
	"slices"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// TaskQueue is where comparisons run, beside the task queue of calls. The key to
// babelforce's log can do everything that its user can: a worker that holds it
// need not be one that strangers can reach.
func TaskQueue(calls string) string { return calls + "-reconcile" }

// Settings of comparisons. Zero values mean the defaults.
type Settings struct {
	// Since is when Callthread went live: nothing before is compared.
	Since time.Time `json:"since,omitzero"`
	// Late is how long after a call rings its row may appear in the log.
	Late time.Duration `json:"late,omitempty"`
	// Chunk is how much of the log is compared at once.
	Chunk time.Duration `json:"chunk,omitempty"`
	// Lookback is how long calls that are not over are looked for by reading the
	// log again. Those that last longer are asked for one by one. The first
	// comparison begins so long ago.
	Lookback time.Duration `json:"lookback,omitempty"`
	// Repair has calls repaired that lack what the log contains.
	Repair bool `json:"repair,omitempty"`
}

// Defaults of [Settings].
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

// Pass is the result of one run of ReconcileWorkflow, and where the next begins.
type Pass struct {
	Comparison
	// Until is the time before which every call has been judged, but for those in Waiting.
	Until time.Time `json:"until"`
	// Waiting are calls that rang before that, and are not over.
	Waiting []Verdict `json:"waiting,omitempty"`
}

// ReconcileWorkflow compares what has happened since the last comparison. A
// Schedule runs it every few minutes.
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
			break // the next pass goes on from here
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
	// maxRepairs and maxShare, a part of a pass's calls once there are some, are how much is
	// repaired without an operator: more is no gap but a mistake, here or in the log.
	maxRepairs = 50
	maxShare   = 5 // a fifth
	someCalls  = 10
)

// repair repairs the calls that need it, unless they are too many. It returns those
// that the next pass has to judge again.
func (p *Pass) repair(ctx workflow.Context) (again []Verdict) {
	calls := p.toRepair()
	isMuch := len(calls) > maxRepairs || len(calls) > someCalls && len(calls)*maxShare > p.Calls
	if isMuch {
		p.hold(ctx, len(calls))
		return nil
	}
	return p.repairAll(ctx, calls, "")
}

// repairAll repairs calls, a few at a time. It returns those that could not be.
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

// hold leaves calls to an operator, and has them counted so that somebody is alerted.
func (c *Comparison) hold(ctx workflow.Context, calls int) {
	c.Held += calls
	var a *Activities
	_ = workflow.ExecuteActivity(ctx, a.Hold, calls).Get(ctx, nil) // the result of the pass says it too
}

// window is what a pass compares: from where the last one has got to until now.
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

// judgeWaiting judges the calls that were not over at the last pass. Those that
// are not over still go on waiting.
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

// compare adds a part, and reports whether it could be read.
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

// gap says why a window was not compared.
func gap(w Window, err error) Gap {
	why := err.Error()
	var failed *temporal.ApplicationError
	if errors.As(err, &failed) {
		why = failed.Message()
	}
	return Gap{Window: w, Kind: kindOf(err), Why: why}
}

// StatementInput asks for one calendar day, or another window.
type StatementInput struct {
	Window *Window `json:"window,omitempty"`
	Day    string  `json:"day"`  // such as 2026-11-27; "" is yesterday
	Zone   string  `json:"zone"` // IANA name; "" is UTC
}

// StatementWorkflow compares one calendar day, whatever was compared before.
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

// withOptions bounds an activity by how slowly the log may be read: one request
// a second, and a minute for one that has to be sent again.
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
