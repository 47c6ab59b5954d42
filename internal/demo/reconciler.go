package demo

import (
	"context"
	"sync"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"github.com/callthread/callthread/babelforce/calllog"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/reconcile"
)

const (
	// logToken is the API token for the sandbox of babelforce's log.
	logToken = "demo-token"
	// repairEvery is the interval of comparisons. A real installation compares every ten minutes.
	repairEvery = 2 * time.Second
	// ahead is how far the log's clock is ahead. Events are delivered within seconds but state
	// times minutes later, and a transferred caller may talk for an hour, so a call is over only on
	// a clock that is ahead.
	ahead = 2 * time.Hour
	// repairLooks is the interval of looks at whether a repair is in progress.
	repairLooks = 50 * time.Millisecond
)

// reconciler compares the calls with babelforce's log and has them repaired.
type reconciler struct {
	stage  *Stage
	losses *losses
	began  time.Time

	mu      sync.Mutex
	running string // the workflow id of the last comparison
}

// startReconciler starts the comparison with babelforce's log if webhooks are lost.
func (s *show) startReconciler(ctx context.Context, limits call.Limits) (err error) {
	if s.losses == nil {
		return nil
	}
	s.losses.say = s.board.found
	s.reconciler, err = newReconciler(ctx, s.stage, s.losses, limits)
	return err
}

// newReconciler adds the agents to babelforce's log. Unless the stage runs a worker program, which
// compares, it starts a worker in this process.
func newReconciler(ctx context.Context, stage *Stage, l *losses, limits call.Limits) (*reconciler, error) {
	r := &reconciler{stage: stage, losses: l, began: time.Now().Truncate(time.Second)}
	agents, err := stage.agents(ctx)
	if err != nil {
		return nil, err
	}
	l.log.Agents(agents...)
	if _, isProgram := stage.parts[Worker]; isProgram {
		return r, nil
	}
	reader, err := calllog.New(calllog.Config{BaseURL: stage.CallLogURL, Credentials: calllog.Credentials{Token: logToken}, Pace: time.Millisecond})
	if err != nil {
		return nil, err
	}
	compares := worker.New(stage.Temporal, reconcile.TaskQueue(stage.TaskQueue), worker.Options{})
	reconcile.Register(compares, &reconcile.Activities{
		Log: reader, Temporal: stage.Temporal, Namespace: stage.Namespace, TaskQueue: stage.TaskQueue, Outbound: func() bool { return false },
		Rules:  reconcile.Rules{Longest: time.Hour, Wants: func(calllog.Row) reconcile.Wanted { return reconcile.Wants }},
		Limits: limits,
	})
	stage.closers = append(stage.closers, compares.Stop)
	return r, compares.Start()
}

// follow waits and then compares and repairs until the context ends. A call without a row is looked
// up, so it pays to wait until the log has rows.
func (r *reconciler) follow(ctx context.Context, wait time.Duration) {
	sleep(ctx, wait)
	for ctx.Err() == nil {
		_ = r.repair(ctx) // the next comparison tries again
		sleep(ctx, repairEvery)
	}
}

// repair compares all calls so far and repairs the incomplete ones.
func (r *reconciler) repair(ctx context.Context) error {
	at := time.Now()
	in := reconcile.Backfill{Window: reconcile.Window{From: r.began, To: at.Truncate(time.Second)}, Repair: true}
	run, err := r.run(ctx, "calls so far, compared with babelforce's log and repaired", reconcile.BackfillWorkflow, in)
	if err != nil {
		return err
	}
	r.mu.Lock()
	r.running = run.GetID()
	r.mu.Unlock()
	var progress reconcile.Progress
	if err := run.Get(ctx, &progress); err != nil {
		return err
	}
	r.losses.note(at, progress.Found)
	return nil
}

// statement compares all calls without repairing them.
func (r *reconciler) statement(ctx context.Context) (statement reconcile.Comparison, err error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	window := reconcile.Window{From: r.began, To: time.Now().Truncate(time.Second)}
	run, err := r.run(ctx, "all calls, compared with babelforce's log", reconcile.StatementWorkflow, reconcile.StatementInput{Window: &window})
	if err != nil {
		return statement, err
	}
	return statement, run.Get(ctx, &statement)
}

func (r *reconciler) run(ctx context.Context, summary string, workflow, input any) (client.WorkflowRun, error) {
	return r.stage.Temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		TaskQueue: reconcile.TaskQueue(r.stage.TaskQueue), StaticSummary: summary,
	}, workflow, input)
}

// awaitRepair waits until a worker has begun to repair calls after a time. It returns false if the
// context ends before.
func (r *reconciler) awaitRepair(ctx context.Context, after time.Time) bool {
	for ctx.Err() == nil {
		if r.isRepairing(ctx, after) {
			return true
		}
		sleep(ctx, repairLooks)
	}
	return false
}

// isRepairing reports whether a worker repairs calls and began to do so after a time.
func (r *reconciler) isRepairing(ctx context.Context, after time.Time) bool {
	r.mu.Lock()
	id := r.running
	r.mu.Unlock()
	described, err := r.stage.Temporal.DescribeWorkflowExecution(ctx, id, "")
	if err != nil {
		return false // there is none yet, or Temporal was killed
	}
	for _, step := range described.GetPendingActivities() {
		isStarted := step.GetState() == enumspb.PENDING_ACTIVITY_STATE_STARTED && step.GetLastStartedTime().AsTime().After(after)
		if isStarted && step.GetActivityType().GetName() == "Repair" {
			return true
		}
	}
	return false
}
