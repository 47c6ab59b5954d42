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

// Shown is everything that is known about a call.
type Shown struct {
	Call
	// EndedEarly says who ended the run before everything was written, and why.
	EndedEarly string `json:"endedEarly,omitempty"`
	// LeftUndone is what such a run leaves undone.
	LeftUndone []string `json:"leftUndone,omitempty"`
	// PausedSteps are those that an operator has paused.
	PausedSteps []PausedStep `json:"pausedSteps,omitempty"`
	// FailedSteps are those whose last attempt failed.
	FailedSteps []FailedStep `json:"failedSteps,omitempty"`
	// State is missing where the call does not answer.
	State *workflows.State `json:"state,omitempty"`
	// Log is the one that the Web UI shows; missing where no worker answers.
	Log []string `json:"log,omitempty"`
}

// logQuery is answered by every workflow of Temporal's Go SDK.
const logQuery = "__temporal_workflow_metadata"

// Show asks a call for everything that is known about it. The error says why a
// call does not answer; what the workflow list shows is returned all the same.
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

// fromTemporal finds out what a run does not know of itself: what operators did to it,
// and what keeps its step from succeeding.
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

// correctLog replaces what the call says it waits for by what operators did meanwhile:
// the call does not know that. It is the last line, as long as the call waits.
func (shown *Shown) correctLog() {
	isByHand := shown.EndedEarly != "" || shown.Paused
	if len(shown.Log) == 0 || shown.State.WaitsFor == "" || !isByHand {
		return
	}
	shown.Log[len(shown.Log)-1] = "now: " + cmp.Or(shown.EndedEarly, pausedByOperator)
}

// stateOf is what is known of a call: one that is over has left it as its result, and
// one that was cancelled with its end. Nobody has to be asked for those.
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

// askLog asks a call for its log. It is nothing that one could not do without.
func (o *Operator) askLog(ctx context.Context, workflowID string) []string {
	answer, err := o.Temporal.QueryWorkflow(ctx, workflowID, "", logQuery)
	var metadata sdkpb.WorkflowMetadata
	if err != nil || answer.Get(&metadata) != nil || metadata.GetCurrentDetails() == "" {
		return nil
	}
	var lines []string
	for line := range strings.Lines(metadata.GetCurrentDetails()) {
		if entry, isEntry := strings.CutPrefix(strings.TrimSpace(line), "- "); isEntry { // the rest is for the Web UI alone
			lines = append(lines, entry)
		}
	}
	return lines
}

// whySilent says in words why a call did not tell what is known of it.
func whySilent(id string, err error) error {
	var (
		unknownKey *codec.UnknownKeyError
		noWorker   *serviceerror.FailedPrecondition
		late       *serviceerror.DeadlineExceeded
	)
	switch {
	case errors.As(err, &unknownKey):
		return fmt.Errorf("what else is known of call %s cannot be read: it is %w", id, unknownKey)
	case errors.As(err, &noWorker), errors.As(err, &late), errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("nobody answers for call %s, so that this is only what the list of runs tells: is a worker running? (%w)", id, err)
	default:
		return fmt.Errorf("call %s does not tell what else is known of it: %w", id, err)
	}
}
