package reconcile

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
)

// Register has a worker make comparisons.
func Register(w worker.Registry, a *Activities) {
	w.RegisterWorkflow(ReconcileWorkflow)
	w.RegisterWorkflow(StatementWorkflow)
	w.RegisterWorkflow(BackfillWorkflow)
	w.RegisterActivity(a)
}

// The ids of the Schedules.
const (
	PassSchedule      = "callthread-reconcile"
	StatementSchedule = "callthread-statement"
)

// Plan says when comparisons are made.
type Plan struct {
	TaskQueue string // that of comparisons: see [TaskQueue]
	Settings
	Every time.Duration // between two passes
	Zone  string        // IANA name: a statement is made at three in the morning, of the day before
}

const statementHour = 3

// Apply creates the Schedules, or changes those that are there. It leaves alone
// whether an operator has paused one.
func (p Plan) Apply(ctx context.Context, c client.Client) error {
	passes := client.ScheduleOptions{
		ID:   PassSchedule,
		Spec: client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: p.Every}}},
		Action: &client.ScheduleWorkflowAction{
			ID: "reconcile", Workflow: ReconcileWorkflow, Args: []any{p.Settings}, TaskQueue: p.TaskQueue,
		},
		// A pass goes on where the last one got to: there is nothing to make up for.
		Overlap: enums.SCHEDULE_OVERLAP_POLICY_SKIP, CatchupWindow: p.Every,
	}
	statements := client.ScheduleOptions{
		ID: StatementSchedule,
		Spec: client.ScheduleSpec{
			Calendars:    []client.ScheduleCalendarSpec{{Hour: []client.ScheduleRange{{Start: statementHour}}}},
			TimeZoneName: p.Zone,
		},
		Action: &client.ScheduleWorkflowAction{
			ID: "statement", Workflow: StatementWorkflow, Args: []any{StatementInput{Zone: p.Zone}}, TaskQueue: p.TaskQueue,
		},
		Overlap: enums.SCHEDULE_OVERLAP_POLICY_SKIP, CatchupWindow: 24 * time.Hour,
	}
	for _, options := range []client.ScheduleOptions{passes, statements} {
		if err := ApplySchedule(ctx, c, options); err != nil {
			return fmt.Errorf("schedule %s: %w", options.ID, err)
		}
	}
	return nil
}

// ApplySchedule creates a Schedule, or changes the one that is there. It leaves alone
// whether an operator has paused it.
func ApplySchedule(ctx context.Context, c client.Client, options client.ScheduleOptions) error {
	_, err := c.ScheduleClient().Create(ctx, options)
	if !errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
		return err
	}
	return c.ScheduleClient().GetHandle(ctx, options.ID).Update(ctx, client.ScheduleUpdateOptions{
		DoUpdate: func(in client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
			schedule := in.Description.Schedule
			schedule.Action, schedule.Spec = options.Action, &options.Spec
			schedule.Policy.Overlap, schedule.Policy.CatchupWindow = options.Overlap, options.CatchupWindow
			return &client.ScheduleUpdate{Schedule: &schedule}, nil
		},
	})
}

// StatementID is the workflow id of the statement that was asked for of a day.
func StatementID(day string) string { return "statement/" + day }
