package workflows

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/callthread/callthread/activities"
	"github.com/callthread/callthread/call"
)

// An agent waits for the first two steps of a call, so they are tried within the workflow
// task, as local activities. This halves Temporal's work for a call, and the wait. If a
// step fails there, it becomes a regular activity, which operators see and Temporal
// retries.
//
// Temporal does not know about a local activity until its workflow task completes. If the
// worker dies before that, the next worker runs the step again without knowing:
//
//   - An opening is tried only in the run's first workflow task. The length of the history
//     shows whether that task was tried before.
//   - A hand-over is tried only if it depends on the revision of our last write. Kustomer
//     then refuses to do it a second time.

const (
	// firstTask is the length of the history in the first workflow task of a run that a
	// single event started.
	firstTask = 3
	// repeatedTask is the minimum length if that task was tried before: Temporal adds the
	// end of the attempt, and the two events of the next attempt.
	repeatedTask = firstTask + 3
	// recent is the age up to which an event's step is tried as a local activity. Older
	// events are a backlog, which Temporal dispatches by priority.
	recent = 5 * time.Second
)

func (r *run) opensLocally(ctx workflow.Context, in activities.StepInput) bool {
	info := workflow.GetInfo(ctx)
	isFirst := info.GetCurrentHistoryLength() == firstTask
	return isFirst && in.Amend == nil && !r.isOld && !r.record.HasParentEnded() && isRecent(ctx, info.WorkflowStartTime)
}

// updatesLocally depends only on the history, so that it returns the same in a run that was
// reset. Whether a step may have been done is not part of the history.
func (r *run) updatesLocally(ctx workflow.Context, a attempt, in activities.StepInput) bool {
	isOnePickUp := len(in.Causes) == 1 && in.Has(call.PickedUp) && len(in.NewPickUps()) == 1
	if !isOnePickUp || in.NewPickUps()[0].Note != in.Is.Latest().Note {
		return false
	}
	isConditional := in.Conversation.Rev != 0
	isUsual := !a.decided && !in.Conversation.Adopted && !in.Conversation.Deleted && !r.isOld && !r.record.HasParentEnded()
	return isConditional && isUsual && isRecent(ctx, in.Since())
}

func isRecent(ctx workflow.Context, at time.Time) bool { return workflow.Now(ctx).Sub(at) < recent }

// tryLocally tries a step as a local activity. If that fails, the step becomes a regular
// activity, which first looks up what may have been done.
func (r *run) tryLocally(ctx workflow.Context, step call.Step, activity func(context.Context, activities.StepInput) (activities.StepResult, error), in activities.StepInput) (result activities.StepResult, err error) {
	local := workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{
		ScheduleToCloseTimeout: activities.LocalTimeout,
		RetryPolicy:            &temporal.RetryPolicy{MaximumAttempts: 1},
		Summary:                r.inMode(step.InWords()),
	})
	err = workflow.ExecuteLocalActivity(local, activity, in).Get(ctx, &result)
	var failed *temporal.ApplicationError
	isFailed := errors.As(err, &failed)
	switch {
	case err == nil, ctx.Err() != nil, isFailed && failed.NonRetryable():
		return result, err
	case isFailed && failed.Type() == activities.NotTried:
		return r.execute(ctx, activity, in)
	case isFailed && failed.Type() == activities.NotStarted:
		r.slow = true
		return r.execute(ctx, activity, in)
	}
	in.MayBeDone = true
	pause := activities.Lateness // after a time-out
	if isFailed {
		pause = failed.NextRetryDelay()
	}
	r.slow = true
	if err := r.pause(ctx, pause); err != nil {
		return result, err
	}
	return r.execute(ctx, activity, in)
}

// pause waits before the next attempt. It receives reports that arrive during the wait.
func (r *run) pause(ctx workflow.Context, d time.Duration) error {
	passed := workflow.NewTimerWithOptions(ctx, d, workflow.TimerOptions{Summary: "pause after an attempt that failed"})
	for !passed.IsReady() {
		if err := r.publish(ctx); err != nil {
			return err
		}
		if err := r.next(ctx, passed); err != nil {
			return err
		}
	}
	return nil
}
