// Package operator is what an operator's commands do: it finds calls in Temporal,
// shows what became of them, takes decisions on parked ones, and deletes what
// Temporal holds of a number. The commands read flags; this package asks Temporal
// and prints.
package operator

import (
	"context"
	"errors"
	"fmt"
	"time"

	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"

	"github.com/callthread/callthread/internal/codec"
	"github.com/callthread/callthread/workflows"
)

// askTimeout bounds how long calls are queried, one or all that are parked.
const askTimeout = 10 * time.Second

// Operator asks one namespace of Temporal.
type Operator struct {
	Temporal client.Client
	// Address and Namespace say which Temporal that is.
	Address, Namespace string
	// Keys decrypt what calls hold; the client has them too.
	Keys *codec.Keys
}

// Unreached says which Temporal it was that did not answer as it should. That an id
// names no call is an answer.
func (o *Operator) Unreached(err error) error {
	var answered LookupError
	if errors.As(err, &answered) {
		return answered
	}
	return fmt.Errorf("ask Temporal at %s, namespace %s (TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE): %w", o.Address, o.Namespace, err)
}

// listRuns reads Temporal's list of runs in its order: those under way, then
// those that ended last. It stops at the limit; 0 is none.
func (o *Operator) listRuns(ctx context.Context, query string, limit int) (runs []*workflowpb.WorkflowExecutionInfo, err error) {
	const pageSize = 1000 // the most that Temporal gives at once
	request := &workflowservice.ListWorkflowExecutionsRequest{Query: query, PageSize: int32(min(limit, pageSize))}
	for {
		page, err := o.Temporal.ListWorkflow(ctx, request)
		if err != nil {
			return nil, fmt.Errorf("list calls: %w", err)
		}
		runs = append(runs, page.GetExecutions()...)
		if limit > 0 && len(runs) >= limit {
			return runs[:limit], nil
		}
		if request.NextPageToken = page.GetNextPageToken(); len(request.NextPageToken) == 0 {
			return runs, nil
		}
	}
}

// attribute is a search attribute of a run, empty where it has none.
func attribute(run *workflowpb.WorkflowExecutionInfo, key temporal.SearchAttributeKeyKeyword) (value string) {
	if payload := run.GetSearchAttributes().GetIndexedFields()[key.GetName()]; payload != nil {
		_ = converter.GetDefaultDataConverter().FromPayload(payload, &value)
	}
	return value
}

// hasPausedStep reports whether an activity of a run is paused: Temporal lists those in a
// search attribute of its own.
func hasPausedStep(run *workflowpb.WorkflowExecutionInfo) bool {
	var paused []string
	if payload := run.GetSearchAttributes().GetIndexedFields()["TemporalPauseInfo"]; payload != nil {
		_ = converter.GetDefaultDataConverter().FromPayload(payload, &paused)
	}
	return len(paused) > 0
}

// askState asks a call what is known of it.
func (o *Operator) askState(ctx context.Context, workflowID string) (state workflows.State, err error) {
	answer, err := o.Temporal.QueryWorkflow(ctx, workflowID, "", workflows.QueryState)
	if err != nil {
		return state, err
	}
	return state, answer.Get(&state)
}
