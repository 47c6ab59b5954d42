package demo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"github.com/callthread/callthread/babelforce"
	"github.com/callthread/callthread/babelforce/calllog"
	callsandbox "github.com/callthread/callthread/babelforce/sandbox"
	"github.com/callthread/callthread/babelforce/simulator"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/reconcile"
)

const (
	// logToken is the API token for the sandbox of babelforce's log.
	logToken = "demo-token"
	// repairEvery is the interval of comparisons. A real installation compares every ten minutes.
	repairEvery = 2 * time.Second
	// ahead is how far the log's clock is ahead. Events are delivered within seconds but state
	// times minutes later, so a call is over only on a clock that is ahead.
	ahead = 20 * time.Minute
	// betweenStops lets a comparison finish now and then: it starts again after each stop.
	betweenStops = 30 * time.Second
	// margin is added to a call's limits before the comparison looks for it.
	margin = 2 * time.Second
)

// losses drops webhooks and has the calls repaired from babelforce's log.
type losses struct {
	share    float64
	stage    *Stage
	log      *callsandbox.Server
	compares reconcile.Activities
	worker   worker.Worker
	began    time.Time
	after    time.Duration // from a call's last webhook until its row is in the log
	say      func(reconcile.Verdict)
	// outage is the period in which no webhook arrives.
	outage reconcile.Window

	mu    sync.Mutex
	lossy map[string]*lossy
}

// lossy is a call with lost webhooks.
type lossy struct {
	logged time.Time // when its row is in the log
	found  reconcile.Result
	whole  chan struct{} // closed once a comparison finds nothing missing
}

// newLosses starts babelforce's log and the worker that compares and repairs.
func newLosses(ctx context.Context, stage *Stage, share float64, limits call.Limits, say func(reconcile.Verdict)) (*losses, error) {
	l := &losses{
		share: share, stage: stage, say: say, began: time.Now().Truncate(time.Second), after: limits.Settle + limits.Recording + margin,
		log:   callsandbox.New(callsandbox.Config{Token: logToken, Now: func() time.Time { return time.Now().Add(ahead) }}),
		lossy: make(map[string]*lossy),
	}
	agents, err := stage.agents(ctx)
	if err != nil {
		return nil, err
	}
	l.log.Agents(agents...)
	url, err := stage.serve(0, l.log)
	if err != nil {
		return nil, err
	}
	reader, err := calllog.New(calllog.Config{BaseURL: url, Credentials: calllog.Credentials{Token: logToken}, Pace: time.Millisecond})
	if err != nil {
		return nil, err
	}
	l.compares = reconcile.Activities{
		Log: reader, Temporal: stage.Temporal, Namespace: stage.Namespace, TaskQueue: stage.TaskQueue, Outbound: func() bool { return false },
		Rules:  reconcile.Rules{Longest: time.Hour, Wants: func(calllog.Row) reconcile.Wanted { return reconcile.Wants }},
		Limits: limits,
	}
	return l, l.start()
}

// start starts the worker that compares.
func (l *losses) start() error {
	l.worker = worker.New(l.stage.Temporal, reconcile.TaskQueue(l.stage.TaskQueue), worker.Options{})
	reconcile.Register(l.worker, &l.compares)
	return l.worker.Start()
}

// lose returns the part of a call that arrives. babelforce's log gets the whole call a while after
// its end.
func (l *losses) lose(invented *simulator.Simulator, whole simulator.Story) (delivered simulator.Story, err error) {
	now := time.Now()
	delivered = invented.Lose(whole, l.share)
	delivered.Steps = slices.DeleteFunc(delivered.Steps, func(step simulator.Step) bool {
		at := now.Add(step.After)
		return !at.Before(l.outage.From) && at.Before(l.outage.To)
	})
	rows, err := callsandbox.Rows(whole)
	if err != nil {
		return delivered, err
	}
	logged := now.Add(whole.Steps[len(whole.Steps)-1].After + l.after)
	for i := range rows {
		rows[i].Logged = logged.Add(ahead)
	}
	l.log.Log(rows...)
	if len(delivered.Steps) == len(whole.Steps) {
		return delivered, nil
	}
	if delivered, err = asLogged(whole, delivered); err != nil {
		return delivered, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lossy[whole.Key] = &lossy{logged: logged, whole: make(chan struct{})}
	return delivered, nil
}

// asLogged returns the delivered part with the expected result of the whole call. Only a
// webhook reports that a call came after hours, so the outcome depends on the webhooks that
// arrived.
func asLogged(whole, delivered simulator.Story) (simulator.Story, error) {
	delivered.Want = whole.Want
	if whole.Want.Outcome != string(call.AfterHours) {
		return delivered, nil
	}
	for _, step := range delivered.Steps {
		event, err := babelforce.Decode(step.Event, step.ContentType, step.Body)
		if err != nil || event.Extra[call.AfterHoursField] != "" {
			return delivered, err
		}
	}
	outcome := map[string]call.Outcome{"caller": call.AbandonedInFlow, "flow": call.EndedByFlow}[whole.Want.EndedBy]
	delivered.Want.Outcome = string(outcome)
	return delivered, nil
}

// suffer injects every failure that concerns the comparison: no webhook arrives for up to a
// minute, the log fails, and the worker that compares is stopped in the middle of its work.
// It lasts until all calls were played.
func (l *losses) suffer(ctx context.Context, playing, pause time.Duration, played <-chan struct{}) {
	from := time.Now().Add(playing / 3)
	l.outage = reconcile.Window{From: from, To: from.Add(min(playing/6, time.Minute))}
	l.log.Misbehave(callsandbox.Faults{NoPages: true, PageSize: 40, Odd: 7, NumericDates: true, Every: 11, Status: http.StatusServiceUnavailable, Wrapped: true})
	go func() {
		for ; ; pause = betweenStops {
			select {
			case <-played:
				return
			case <-ctx.Done():
				return
			case <-time.After(pause):
			}
			if err := l.restart(); err != nil {
				l.stage.fail("reconciler", err)
				return
			}
		}
	}()
}

func (l *losses) restart() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.worker.Stop()
	return l.start()
}

// of returns the call if some of its webhooks are lost, and nil otherwise.
func (l *losses) of(key string) *lossy {
	if l == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lossy[key]
}

// follow compares and repairs until the context ends.
func (l *losses) follow(ctx context.Context) {
	tick := time.NewTicker(repairEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		_ = l.repair(ctx) // the next comparison tries again
	}
}

// repair compares all calls so far and repairs the incomplete ones.
func (l *losses) repair(ctx context.Context) error {
	at := time.Now()
	in := reconcile.Backfill{Window: reconcile.Window{From: l.began, To: at.Truncate(time.Second)}, Repair: true}
	run, err := l.stage.Temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		TaskQueue: reconcile.TaskQueue(l.stage.TaskQueue), StaticSummary: "calls so far, compared with babelforce's log and repaired",
	}, reconcile.BackfillWorkflow, in)
	if err != nil {
		return err
	}
	var progress reconcile.Progress
	if err := run.Get(ctx, &progress); err != nil {
		return err
	}
	l.note(at, progress.Found)
	return nil
}

// note records what a comparison found before it repaired anything.
func (l *losses) note(at time.Time, found reconcile.Comparison) {
	l.mu.Lock()
	defer l.mu.Unlock()
	lacking := make(map[string]bool)
	for _, v := range found.Listed {
		lacking[v.CallID] = true
		if one := l.lossy[v.CallID]; one != nil && one.found == "" && v.NeedsRepair() {
			one.found = v.Result
			l.say(v)
		}
	}
	for key, one := range l.lossy {
		if isWhole := found.IsComplete() && one.logged.Before(at.Truncate(time.Second)) && !lacking[key]; !isWhole {
			continue
		}
		select {
		case <-one.whole:
		default:
			close(one.whole)
		}
	}
}

// statement compares all calls without repairing them.
func (l *losses) statement(ctx context.Context) (statement reconcile.Comparison, err error) {
	window := reconcile.Window{From: l.began, To: time.Now().Truncate(time.Second)}
	run, err := l.stage.Temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		TaskQueue: reconcile.TaskQueue(l.stage.TaskQueue), StaticSummary: "all calls, compared with babelforce's log",
	}, reconcile.StatementWorkflow, reconcile.StatementInput{Window: &window})
	if err != nil {
		return statement, err
	}
	return statement, run.Get(ctx, &statement)
}

// report adds the statement and its problems. At the end nothing may be missing.
func (l *losses) report(ctx context.Context, report *Report) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	statement, err := l.statement(ctx)
	if err != nil {
		report.Wrong = append(report.Wrong, "the final comparison failed: "+err.Error())
	}
	for _, v := range statement.Listed {
		report.Wrong = append(report.Wrong, fmt.Sprintf("the final comparison reports call %s as %s %s", v.CallID, v.Result, v.Why))
	}
	for _, gap := range statement.Gaps {
		report.Wrong = append(report.Wrong, "not compared: "+gap.Why)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	report.Lossy, report.Statement = len(l.lossy), statement.String()
	for _, one := range l.lossy {
		if one.found != "" {
			report.Repaired++
		}
	}
}

// await waits until nothing of the call is missing.
func (one *lossy) await(ctx context.Context) error {
	select {
	case <-one.whole:
		return nil
	case <-ctx.Done():
		return errors.New("no comparison with babelforce's log found it complete")
	}
}

// close stops the comparisons.
func (l *losses) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.worker.Stop()
}
