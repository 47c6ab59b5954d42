package operator

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	sdkpb "go.temporal.io/api/sdk/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/temporal"

	"github.com/callthread/callthread/internal/codec"
	"github.com/callthread/callthread/workflows"
)

// Shown is a call with its state and its activities in Temporal.
type Shown struct {
	Call
	// EndedEarly describes who ended the run before everything was written, and why.
	EndedEarly string `json:"endedEarly,omitempty"`
	// LeftUndone lists what such a run did not write.
	LeftUndone []string `json:"leftUndone,omitempty"`
	// PausedSteps are the activities that an operator has paused.
	PausedSteps []PausedStep `json:"pausedSteps,omitempty"`
	// FailedSteps are the activities whose last attempt failed.
	FailedSteps []FailedStep `json:"failedSteps,omitempty"`
	// State is nil if the call does not answer.
	State *workflows.State `json:"state,omitempty"`
	// Log is the log that the Web UI shows, empty if no worker answers.
	Log []string `json:"log,omitempty"`
}

// logQuery is a query that Temporal's Go SDK answers for every workflow.
const logQuery = "__temporal_workflow_metadata"

// Show reads the state and the log of a call, within 10 seconds. If the call does not answer, Show
// returns an error together with what the workflow list contains.
func (o *Operator) Show(ctx context.Context, c Call) (Shown, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	shown := Shown{Call: c}
	if err := o.fromTemporal(ctx, &shown); err != nil {
		return shown, whySilent(c.CallID, err)
	}
	state, err := o.stateOf(ctx, c)
	if err != nil {
		return shown, whySilent(c.CallID, err)
	}
	shown.State = &state
	shown.Log = o.askLog(ctx, c.WorkflowID)
	if c.endedEarly() {
		shown.LeftUndone = state.LeftUndone()
	}
	shown.correctLog()
	return shown, nil
}

// fromTemporal reads what the workflow itself does not know: operators' actions on the run, and
// failed attempts of its activities.
func (o *Operator) fromTemporal(ctx context.Context, shown *Shown) (err error) {
	if shown.isOver() {
		shown.EndedEarly, err = o.endedBy(ctx, shown.Call)
		return err
	}
	described, err := o.Temporal.DescribeWorkflowExecution(ctx, shown.WorkflowID, shown.RunID)
	if err != nil {
		return err
	}
	for _, pending := range described.GetPendingActivities() {
		if pending.GetPaused() {
			shown.PausedSteps = append(shown.PausedSteps, pausedStep(pending))
		}
		if pending.GetLastFailure() != nil {
			shown.FailedSteps = append(shown.FailedSteps, o.failedStep(pending))
		}
	}
	shown.Paused = shown.Paused || len(shown.PausedSteps) > 0
	return nil
}

// correctLog replaces the last line of the log, which says what the call waits for, if an operator
// has paused or ended the run. The workflow does not know that.
func (shown *Shown) correctLog() {
	isByHand := shown.EndedEarly != "" || shown.Paused
	if len(shown.Log) == 0 || shown.State.WaitsFor == "" || !isByHand {
		return
	}
	shown.Log[len(shown.Log)-1] = "now: " + cmp.Or(shown.EndedEarly, pausedByOperator)
}

// stateOf returns the state of a call. An ended workflow has it as its result, a cancelled one in
// its error; only other calls need a worker that answers.
func (o *Operator) stateOf(ctx context.Context, c Call) (state workflows.State, err error) {
	if !c.isOver() {
		return o.askState(ctx, c.WorkflowID)
	}
	err = o.Temporal.GetWorkflow(ctx, c.WorkflowID, c.RunID).Get(ctx, &state)
	var (
		ended     *temporal.WorkflowExecutionError
		cancelled *temporal.CanceledError
	)
	switch {
	case errors.As(err, &cancelled) && cancelled.HasDetails():
		return state, cancelled.Details(&state)
	case errors.As(err, &ended):
		return o.askState(ctx, c.WorkflowID)
	}
	return state, err
}

// askLog queries the log of a call. It returns nil on an error, because the log is not essential.
func (o *Operator) askLog(ctx context.Context, workflowID string) []string {
	answer, err := o.Temporal.QueryWorkflow(ctx, workflowID, "", logQuery)
	var metadata sdkpb.WorkflowMetadata
	if err != nil || answer.Get(&metadata) != nil || metadata.GetCurrentDetails() == "" {
		return nil
	}
	var lines []string
	for line := range strings.Lines(metadata.GetCurrentDetails()) {
		if entry, isEntry := strings.CutPrefix(strings.TrimSpace(line), "- "); isEntry { // the other lines are for the Web UI
			lines = append(lines, entry)
		}
	}
	return lines
}

// whySilent explains why a call did not return its state.
func whySilent(id string, err error) error {
	var (
		unknownKey *codec.UnknownKeyError
		noWorker   *serviceerror.FailedPrecondition
		late       *serviceerror.DeadlineExceeded
	)
	switch {
	case errors.As(err, &unknownKey):
		return fmt.Errorf("the state of call %s cannot be read: it is %w", id, unknownKey)
	case errors.As(err, &noWorker), errors.As(err, &late), errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("no worker answers for call %s, so this is only what the workflow list contains: is a worker running? (%w)", id, err)
	default:
		return fmt.Errorf("call %s does not return its state: %w", id, err)
	}
}
