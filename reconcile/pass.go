package reconcile

import (
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"
)

// Settings are the settings of comparisons. Zero values mean the defaults.
type Settings struct {
	// Since is when Callthread went live. Earlier calls are not compared.
	Since time.Time `json:"since,omitzero"`
	// Late is how long after a call rings its row may appear in the log.
	Late time.Duration `json:"late,omitempty"`
	// Chunk is the length of the windows in which the log is compared.
	Chunk time.Duration `json:"chunk,omitempty"`
	// Lookback is how far back the log is read again, for rows that have appeared late or changed
	// and for calls that are not over. Older calls are requested one by one. The first comparison
	// begins this long ago.
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
	// Waiting are the calls that rang before Until and are not over, or whose repair failed.
	Waiting []Verdict `json:"waiting,omitempty"`
	// Known are the calls of the lookback before Until that a pass has reported.
	Known []Verdict `json:"known,omitempty"`
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
	pass := Pass{Until: last.Until, Waiting: last.Waiting, Known: last.Known}
	ctx = withOptions(ctx)
	var a *Activities
	var clock Clock
	if err := workflow.ExecuteActivity(ctx, a.Clock).Get(ctx, &clock); err != nil {
		pass.Gaps = append(pass.Gaps, gap(pass.Window, err))
		return pass, ctx.Err()
	}
	settings = settings.withDefaults()
	window := pass.begin(settings, clock)
	pass.judgeWaiting(ctx, clock.Now.Add(-settings.Lookback))
	if !last.Until.IsZero() {
		again := Window{settings.earliest(window.From.Add(-settings.Lookback), clock), window.From}
		pass.compare(ctx, Part{Window: again, Late: true, Known: last.Known})
	}
	for _, chunk := range window.Chunks(settings.Chunk) {
		// A call that is not listed would not be judged again.
		if len(pass.Listed) > maxListed/2 || !pass.compare(ctx, Part{Window: chunk}) {
			break // the next pass continues from here
		}
		pass.Until = chunk.To
	}
	pass.end(ctx, settings, last.Waiting)
	workflow.SetCurrentDetails(ctx, pass.String())
	return pass, ctx.Err()
}

// begin returns the window of the pass: from the end of the last pass until now.
func (p *Pass) begin(settings Settings, clock Clock) Window {
	w := Window{From: p.Until, To: clock.Now.Add(-settings.Late)}
	if p.Until.IsZero() {
		w.From = clock.Now.Add(-settings.Lookback)
	}
	w.From = settings.earliest(w.From, clock)
	if gone := clock.logBegins(); !p.Until.IsZero() && p.Until.Before(gone) {
		p.Gaps = append(p.Gaps, Gap{Window: Window{p.Until, gone}, Why: "babelforce's log no longer contains the calls of this time"})
	}
	if w.To.Before(w.From) {
		w.To = w.From
	}
	p.From, p.To, p.Until = w.From, w.From, w.From
	return w
}

// earliest returns a time, or the first later time from which calls can be compared.
func (s Settings) earliest(from time.Time, clock Clock) time.Time {
	for _, begins := range []time.Time{s.Since, clock.logBegins()} {
		if from.Before(begins) {
			from = begins
		}
	}
	return from
}

// end repairs calls and records which calls the next pass judges again. earlier are the calls
// that waited for this pass.
func (p *Pass) end(ctx workflow.Context, settings Settings, earlier []Verdict) {
	p.remember(p.Until.Add(-settings.Lookback))
	if n := p.unlisted(); n > 0 {
		p.Gaps = append(p.Gaps, tooMany(p.Window, n))
	}
	p.Waiting = append(p.Waiting, p.with(NotYet)...)
	if settings.Repair {
		p.Waiting = append(p.Waiting, p.repair(ctx, earlier)...)
	}
}

// remember adds the listed calls to the known ones, and removes those that rang before a time.
func (p *Pass) remember(since time.Time) {
	isKnown := make(map[string]bool)
	p.Known = only(slices.Concat(p.Known, p.Listed), func(v Verdict) bool {
		isNew := !isKnown[v.CallID]
		isKnown[v.CallID] = true
		return isNew && !v.Rang.Before(since)
	})
	p.Known = p.Known[max(0, len(p.Known)-maxListed):]
}

const (
	// A pass repairs at most maxRepairs calls and, if there are more than someCalls, at most one in
	// maxShare of its calls. More are left to an operator: they are probably not lost webhooks but
	// a mistake in Callthread or in the log.
	maxRepairs = 50
	maxShare   = 5
	someCalls  = 10
)

// repair repairs the calls that need it, unless they are too many. It returns the calls whose
// repair failed.
func (p *Pass) repair(ctx workflow.Context, earlier []Verdict) (failed []Verdict) {
	calls := p.toRepair()
	isMuch := len(calls) > maxRepairs || len(calls) > someCalls && len(calls)*maxShare > p.Calls
	held := calls
	if !isMuch {
		failed = p.repairAll(ctx, calls, "")
		held = failed
	}
	isNew := func(v Verdict) bool {
		return !slices.ContainsFunc(earlier, func(e Verdict) bool { return e.CallID == v.CallID && e.NeedsRepair() })
	}
	p.hold(ctx, len(only(held, isNew))) // an earlier pass has counted the calls whose repair failed then
	return failed
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
