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

// The two steps for which somebody waits at a phone are tried within the
// workflow task, as local activities. That is half of Temporal's work for a
// call, and half of the wait. A step that does not succeed there at once becomes
// a regular activity: operators see it pending, and Temporal tries it again.
//
// Temporal knows of a local activity only once the task is complete. Where the
// worker dies before, the next one carries it out again without being told:
//
//   - Opening a conversation is tried only in a run's first workflow task, whose
//     place in the history says whether it is the first attempt at that.
//   - A hand-over is tried only where it depends on the revision that our last
//     write has left: Kustomer then refuses what was done before.

const (
	// firstTask is the length of the history in a run's first workflow task, if it was started by an event alone.
	firstTask = 3
	// repeatedTask is its least length where that task was tried before: Temporal
	// adds how that ended, and the next attempt's two events.
	repeatedTask = firstTask + 3
	// prompt is how old an event may be for its step to be tried at once. What is
	// older is a backlog, which Temporal hands out by urgency.
	prompt = 5 * time.Second
)

// opensLocally reports whether the opening may be tried in this workflow task.
func (c *thread) opensLocally(ctx workflow.Context, in activities.CreateConversationInput) bool {
	isFirst := workflow.GetInfo(ctx).GetCurrentHistoryLength() == firstTask
	return c.local && isFirst && in.Amend == nil && !c.isOld && !c.ended && isPrompt(ctx, workflow.GetInfo(ctx).WorkflowStartTime)
}

// updatesLocally reports whether the update may be tried in this workflow task.
// Like the above it goes by what the history tells alone, which is the same in a
// run that was reset: whether a step looks first is not.
func (c *thread) updatesLocally(ctx workflow.Context, t try, in activities.UpdateConversationInput) bool {
	isConditional := in.Left.Known && in.Left.Rev != 0 && !in.KeepAssignee
	isUsual := !t.decided && !c.opened.Adopted && !c.gone && !c.isOld && !c.ended
	return c.local && isConditional && isUsual && in.Event == call.Bridged && isPrompt(ctx, in.Since)
}

func isPrompt(ctx workflow.Context, at time.Time) bool { return workflow.Now(ctx).Sub(at) < prompt }

// runLocally tries a step in this workflow task, and as a regular activity
// where it falls short. That has to look first for what may have been done.
func runLocally[In, Out any](ctx workflow.Context, c *thread, what string, activity func(context.Context, In) (Out, error), in In, lookFirst func(*In)) (out Out, err error) {
	local := workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{
		ScheduleToCloseTimeout: activities.LocalTimeout,
		RetryPolicy:            &temporal.RetryPolicy{MaximumAttempts: 1},
		Summary:                what,
	})
	err = workflow.ExecuteLocalActivity(local, activity, in).Get(ctx, &out)
	var failed *temporal.ApplicationError
	isFailed := errors.As(err, &failed)
	switch {
	case err == nil, ctx.Err() != nil, isFailed && failed.NonRetryable():
		return out, err
	case isFailed && failed.Type() == activities.Untouched:
		return run(ctx, c, activity, in)
	}
	lookFirst(&in)
	pause := activities.Lateness // for a time-out
	if isFailed {
		pause = failed.NextRetryDelay()
	}
	if err := c.publish(ctx); err != nil {
		return out, err
	}
	if err := c.timer(ctx, pause, "pause after an attempt that failed").Get(ctx, nil); err != nil {
		return out, err
	}
	return run(ctx, c, activity, in)
}
