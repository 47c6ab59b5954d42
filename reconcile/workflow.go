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

// repairAll repairs calls in small groups. It returns the calls whose repair failed.
func (c *Comparison) repairAll(ctx workflow.Context, calls []Verdict, status string) (failed []Verdict) {
	const atOnce = 25
	var a *Activities
	for group := range slices.Chunk(calls, atOnce) {
		var done Repaired
		if err := workflow.ExecuteActivity(ctx, a.Repair, RepairInput{Calls: group, Status: status}).Get(ctx, &done); err != nil {
			failed = append(failed, group...)
			continue
		}
		c.Repaired += len(done.Calls)
		for _, one := range done.Failed {
			failed = append(failed, one.Verdict)
		}
	}
	return failed
}

// hold leaves calls to an operator and counts them, which triggers an alert.
func (c *Comparison) hold(ctx workflow.Context, calls int) {
	if calls == 0 {
		return
	}
	c.Held += calls
	var a *Activities
	_ = workflow.ExecuteActivity(ctx, a.Hold, calls).Get(ctx, nil) // an error is ignored: the result contains the number too
}

// attempts is how often an activity is tried.
const attempts = 6

// withOptions sets the timeouts of activities. They allow for a slow log: one request a second,
// and a minute for a request that is retried.
func withOptions(ctx workflow.Context) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout:    time.Hour,
		HeartbeatTimeout:       heartbeatTimeout,
		ScheduleToCloseTimeout: 2 * time.Hour,
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval: 5 * time.Second, BackoffCoefficient: 2, MaximumInterval: time.Minute, MaximumAttempts: attempts,
		},
	})
}
