package notify

import (
	"context"
	"errors"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"github.com/callthread/callthread/reconcile"
)

// Register registers the workflow and activities of notifications with a worker.
func Register(w worker.Registry, a *Activities) {
	w.RegisterWorkflow(NotifyWorkflow)
	w.RegisterActivity(a)
}

const (
	every = time.Minute
	// A run waits for a worker that has the address. The timeout ends it if there is no such worker.
	runTimeout = time.Hour
)

// Apply creates or updates the Schedule for a task queue of calls.
func Apply(ctx context.Context, c client.Client, calls string) error {
	err := reconcile.ApplySchedule(ctx, c, client.ScheduleOptions{
		ID:   TaskQueue(calls),
		Spec: client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: every}}},
		Action: &client.ScheduleWorkflowAction{
			ID: TaskQueue(calls), Workflow: NotifyWorkflow, TaskQueue: TaskQueue(calls), WorkflowExecutionTimeout: runTimeout,
		},
		// A run finds everything new since the last one, so no run has to be caught up.
		Overlap: enumspb.SCHEDULE_OVERLAP_POLICY_SKIP, CatchupWindow: every,
	})
	if err != nil {
		return fmt.Errorf("schedule %s: %w", TaskQueue(calls), err)
	}
	return nil
}

// Remove deletes the Schedule for a task queue of calls. It succeeds if there is none.
func Remove(ctx context.Context, c client.Client, calls string) error {
	err := c.ScheduleClient().GetHandle(ctx, TaskQueue(calls)).Delete(ctx)
	var none *serviceerror.NotFound
	if err != nil && !errors.As(err, &none) {
		return fmt.Errorf("delete schedule %s: %w", TaskQueue(calls), err)
	}
	return nil
}
