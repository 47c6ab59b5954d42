package operator

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	sdkpb "go.temporal.io/api/sdk/v1"
	"go.temporal.io/api/serviceerror"

	"github.com/callthread/callthread/internal/codec"
	"github.com/callthread/callthread/workflows"
)

// Shown is everything that is known about a call.
type Shown struct {
	Call
	// State is missing where the call does not answer.
	State *workflows.State `json:"state,omitempty"`
	// Log is the one that the Web UI shows; missing where no worker answers.
	Log []string `json:"log,omitempty"`
}

// logQuery is answered by every workflow of Temporal's Go SDK.
const logQuery = "__temporal_workflow_metadata"

// objectID is how Kustomer's ids look.
var objectID = regexp.MustCompile(`^[0-9a-fA-F]{24}$`)

// Calls finds the call with this id, or those whose conversation has it.
func (o *Operator) Calls(ctx context.Context, id string) ([]Call, error) {
	described, err := o.Temporal.DescribeWorkflowExecution(ctx, workflows.WorkflowID(workflows.CallKey(id)), "")
	if err == nil {
		return []Call{callOf(described.GetWorkflowExecutionInfo())}, nil
	}
	var unknown *serviceerror.NotFound
	if !errors.As(err, &unknown) {
		return nil, err
	}
	if !objectID.MatchString(id) {
		return nil, nil
	}
	inIt := allCalls + " AND " + is(workflows.KustomerConversationID.GetName(), strings.ToLower(id))
	those, _, err := o.List(ctx, inIt, 0)
	return latestRuns(those), err
}

// latestRuns leaves out runs that were reset: the call went on in another.
func latestRuns(newestFirst []Call) (latest []Call) {
	seen := make(map[string]bool)
	for _, l := range newestFirst {
		if !seen[l.CallID] {
			latest = append(latest, l)
		}
		seen[l.CallID] = true
	}
	return latest
}

// Show asks a call for everything that is known about it. The error says why a
// call does not answer; what the workflow list shows is returned all the same.
func (o *Operator) Show(ctx context.Context, c Call) (Shown, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	shown := Shown{Call: c}
	state, err := o.stateOf(ctx, c)
	if err != nil {
		return shown, whySilent(c.CallID, err)
	}
	shown.State = &state
	shown.Log = o.askLog(ctx, c.WorkflowID)
	return shown, nil
}

// stateOf is what is known of a call: one that is over has left it as its
// result, for which nobody has to be asked.
func (o *Operator) stateOf(ctx context.Context, l Call) (state workflows.State, err error) {
	if !l.isCompleted() {
		return o.askState(ctx, l.WorkflowID)
	}
	err = o.Temporal.GetWorkflow(ctx, l.WorkflowID, l.RunID).Get(ctx, &state)
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
