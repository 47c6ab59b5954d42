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

// Register registers the workflows and activities of comparisons with a worker.
func Register(w worker.Registry, a *Activities) {
	w.RegisterWorkflow(ReconcileWorkflow)
	w.RegisterWorkflow(StatementWorkflow)
	w.RegisterWorkflow(BackfillWorkflow)
	w.RegisterActivity(a)
}

// PassSchedule returns the id of the Schedule of passes, given the task queue of calls. It is also
// the prefix of their workflow ids, so that two installations in one namespace do not collide.
func PassSchedule(calls string) string { return TaskQueue(calls) }

// StatementSchedule returns the same for the daily statement.
func StatementSchedule(calls string) string { return calls + "-statement" }

// Plan is the schedule of comparisons.
type Plan struct {
	Calls string // the task queue of calls
	Settings
	Every time.Duration // the interval between two passes
	Zone  string        // the IANA name of the zone in which the statement on the day before is made at 3 a.m.
}

const statementHour = 3

// Apply creates or updates the Schedules. A paused Schedule stays paused.
func (p Plan) Apply(ctx context.Context, c client.Client) error {
	passes := client.ScheduleOptions{
		ID:   PassSchedule(p.Calls),
		Spec: client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: p.Every}}},
		Action: &client.ScheduleWorkflowAction{
			ID: PassSchedule(p.Calls), Workflow: ReconcileWorkflow, Args: []any{p.Settings}, TaskQueue: TaskQueue(p.Calls),
		},
		// A pass continues where the last one stopped, so no run has to be caught up.
		Overlap: enums.SCHEDULE_OVERLAP_POLICY_SKIP, CatchupWindow: p.Every,
	}
	statements := client.ScheduleOptions{
		ID: StatementSchedule(p.Calls),
		Spec: client.ScheduleSpec{
			Calendars:    []client.ScheduleCalendarSpec{{Hour: []client.ScheduleRange{{Start: statementHour}}}},
			TimeZoneName: p.Zone,
		},
		Action: &client.ScheduleWorkflowAction{
			ID: StatementSchedule(p.Calls), Workflow: StatementWorkflow, Args: []any{StatementInput{Zone: p.Zone}}, TaskQueue: TaskQueue(p.Calls),
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

// ApplySchedule creates or updates a Schedule. A paused Schedule stays paused.
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

// StatementID returns the workflow id of a statement that an operator requests for a day.
func StatementID(calls, day string) string { return StatementSchedule(calls) + "/" + day }
