package notify

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/callthread/callthread/activities"
	"github.com/callthread/callthread/reconcile"
	"github.com/callthread/callthread/workflows"
)

// Activities look for problems and send messages. They read calls only from Temporal's workflow
// list, without queries or decryption.
type Activities struct {
	Temporal client.Client
	// TaskQueue is the task queue of the calls.
	TaskQueue string
	// Address is the URL to which messages are posted. It is a secret, so no history contains it.
	Address string
}

// Look is the input of [Activities.Look].
type Look struct {
	Now time.Time `json:"now"`
	// UnassignedSince is the start time from which unassigned calls are counted. UnassignedNext is
	// the start time for later runs, or zero if it does not change.
	UnassignedSince time.Time `json:"unassignedSince"`
	UnassignedNext  time.Time `json:"unassignedNext,omitzero"`
	// Passes is the time after which passes of the comparison must have ended to be read.
	Passes time.Time `json:"passes"`
}

// Found is what needs an operator.
type Found struct {
	Parked         []string  `json:"parked,omitempty"` // call ids, up to maxParked
	ParkedCount    int       `json:"parkedCount,omitempty"`
	Unassigned     int       `json:"unassigned,omitempty"`
	UnassignedNext int       `json:"unassignedNext,omitempty"`
	Waiting        int       `json:"waiting,omitempty"` // calls that wait for Kustomer
	KeyRefused     bool      `json:"keyRefused,omitempty"`
	Missed         int       `json:"missed,omitempty"` // calls found by new passes
	MissedCalls    []string  `json:"missedCalls,omitempty"`
	Repaired       int       `json:"repaired,omitempty"`     // calls repaired by new passes
	Held           int       `json:"held,omitempty"`         // calls that new passes left to an operator
	Passes         time.Time `json:"passes,omitzero"`        // when the last pass ended
	ComparedUntil  time.Time `json:"comparedUntil,omitzero"` // zero if nothing is compared
	Overdue        bool      `json:"overdue,omitempty"`
}

// seen returns the state for the next run.
func (f Found) seen(look Look) Seen {
	s := Seen{
		Parked: f.Parked, ParkedCount: f.ParkedCount, Unassigned: f.Unassigned, UnassignedSince: look.UnassignedSince,
		KeyRefused: f.KeyRefused, Passes: f.Passes, Overdue: f.Overdue,
	}
	if !look.UnassignedNext.IsZero() {
		s.Unassigned, s.UnassignedSince = f.UnassignedNext, look.UnassignedNext
	}
	return s
}

const (
	// maxParked is how many parked calls are identified. Beyond it, only their number counts.
	maxParked = 100
	// maxAsked is how many calls that wait for Kustomer are described. A few are enough, because a
	// refused key affects every call.
	maxAsked = 5
)

// Look returns what needs an operator now.
func (a *Activities) Look(ctx context.Context, look Look) (f Found, err error) {
	parked, err := a.list(ctx, `CallPhase = "parked" AND ExecutionStatus = "Running"`, maxParked)
	if err != nil {
		return f, err
	}
	for _, run := range parked {
		f.Parked = append(f.Parked, workflows.CallKey(run.GetExecution().GetWorkflowId()))
	}
	if f.ParkedCount, err = a.count(ctx, workflows.ParkedCalls); err != nil {
		return f, err
	}
	if f.Unassigned, err = a.unassigned(ctx, look.UnassignedSince); err != nil {
		return f, err
	}
	if !look.UnassignedNext.IsZero() {
		if f.UnassignedNext, err = a.unassigned(ctx, look.UnassignedNext); err != nil {
			return f, err
		}
	}
	if err := a.lookAtKey(ctx, &f); err != nil {
		return f, err
	}
	return f, a.lookAtComparisons(ctx, look, &f)
}

func (a *Activities) unassigned(ctx context.Context, since time.Time) (int, error) {
	return a.count(ctx, fmt.Sprintf("CallMarks = '%s' AND StartTime >= '%s'", workflows.MarkUnassigned, since.UTC().Format(time.RFC3339Nano)))
}

// lookAtKey describes some calls that wait for Kustomer. If Kustomer refuses the API key, the type
// of their steps' failures shows it. Types of failures are not encrypted.
func (a *Activities) lookAtKey(ctx context.Context, f *Found) (err error) {
	const waiting = `WaitsFor = "kustomer" AND ExecutionStatus = "Running"`
	if f.Waiting, err = a.count(ctx, waiting); err != nil || f.Waiting == 0 {
		return err
	}
	runs, err := a.list(ctx, waiting, maxAsked)
	if err != nil {
		return err
	}
	for _, run := range runs {
		described, err := a.Temporal.DescribeWorkflowExecution(ctx, run.GetExecution().GetWorkflowId(), run.GetExecution().GetRunId())
		var gone *serviceerror.NotFound
		if err != nil && !errors.As(err, &gone) {
			return fmt.Errorf("look at a call that waits for Kustomer: %w", err)
		}
		for _, step := range described.GetPendingActivities() {
			f.KeyRefused = f.KeyRefused || step.GetLastFailure().GetApplicationFailureInfo().GetType() == activities.Credentials
		}
	}
	return nil
}

// ofCalls restricts a query to the calls of this installation.
func (a *Activities) ofCalls(query string) string {
	return fmt.Sprintf("WorkflowType = 'CallWorkflow' AND TaskQueue = '%s' AND %s", a.TaskQueue, query)
}

func (a *Activities) count(ctx context.Context, query string) (int, error) {
	counted, err := a.Temporal.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{Query: a.ofCalls(query)})
	if err != nil {
		return 0, fmt.Errorf("count calls: %w", err)
	}
	return int(counted.GetCount()), nil
}

func (a *Activities) list(ctx context.Context, query string, limit int32) ([]*workflowpb.WorkflowExecutionInfo, error) {
	page, err := a.Temporal.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{Query: a.ofCalls(query), PageSize: limit})
	if err != nil {
		return nil, fmt.Errorf("list calls: %w", err)
	}
	return page.GetExecutions(), nil
}

// lookAtComparisons reads the results of new passes and the time that the last pass has reached.
// If no comparisons are scheduled, nothing is overdue.
func (a *Activities) lookAtComparisons(ctx context.Context, look Look, f *Found) error {
	f.Passes = look.Passes
	schedule, err := a.Temporal.ScheduleClient().GetHandle(ctx, reconcile.PassSchedule(a.TaskQueue)).Describe(ctx)
	var none *serviceerror.NotFound
	if errors.As(err, &none) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look at the Schedule of comparisons: %w", err)
	}
	passes, err := a.passes(ctx)
	if err != nil {
		return err
	}
	f.ComparedUntil = schedule.Info.CreatedAt
	for i, run := range passes {
		ended := run.GetCloseTime().AsTime()
		if i > 0 && !ended.After(look.Passes) {
			break
		}
		var pass reconcile.Pass
		if err := a.Temporal.GetWorkflow(ctx, run.GetExecution().GetWorkflowId(), run.GetExecution().GetRunId()).Get(ctx, &pass); err != nil {
			return fmt.Errorf("read the result of a comparison: %w", err)
		}
		if i == 0 && !pass.Until.IsZero() { // the newest; zero if no pass could read the log yet
			f.ComparedUntil = pass.Until
		}
		if ended.After(look.Passes) {
			f.add(pass, ended)
		}
	}
	f.Overdue = look.Now.Sub(f.ComparedUntil) > overdueAfter(schedule.Schedule.Spec)
	return nil
}

// passes returns the completed passes, newest first.
func (a *Activities) passes(ctx context.Context) ([]*workflowpb.WorkflowExecutionInfo, error) {
	const most = 100
	page, err := a.Temporal.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{PageSize: most, Query: fmt.Sprintf(
		"WorkflowType = 'ReconcileWorkflow' AND TaskQueue = '%s' AND ExecutionStatus = 'Completed'", reconcile.TaskQueue(a.TaskQueue))})
	if err != nil {
		return nil, fmt.Errorf("list comparisons: %w", err)
	}
	return page.GetExecutions(), nil
}

// add adds the results of a pass.
func (f *Found) add(pass reconcile.Pass, ended time.Time) {
	f.Missed, f.Repaired, f.Held = f.Missed+pass.Counts[reconcile.Missed], f.Repaired+pass.Repaired, f.Held+pass.Held
	for _, verdict := range pass.Listed {
		if verdict.Result == reconcile.Missed && len(f.MissedCalls) < maxNamed {
			f.MissedCalls = append(f.MissedCalls, verdict.CallID)
		}
	}
	if ended.After(f.Passes) {
		f.Passes = ended
	}
}

// overdueAfter returns how far comparisons may lag behind: an hour, or three times the interval of
// the Schedule if that is longer.
func overdueAfter(spec *client.ScheduleSpec) time.Duration {
	limit := time.Hour
	for _, interval := range spec.Intervals {
		limit = max(limit, 3*interval.Every)
	}
	return limit
}
