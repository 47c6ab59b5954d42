// Package operator implements the commands with which operators look after calls. It lists and
// finds calls in Temporal, shows their state, sends decisions to parked calls, and deletes the
// calls of a phone number.
//
// The commands of the starter read the flags. This package queries Temporal and prints the
// results, as tables or as JSON.
package operator

import (
	"context"
	"errors"
	"fmt"
	"time"

	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/callthread/callthread/internal/codec"
	"github.com/callthread/callthread/workflows"
)

// askTimeout limits the queries of one command.
const askTimeout = 10 * time.Second

// Operator queries one namespace of Temporal.
type Operator struct {
	Temporal client.Client
	// Address and Namespace identify it in messages.
	Address, Namespace string
	// Keys decrypt histories and failures; the client has them too.
	Keys *codec.Keys
}

// Unreached adds the address and the namespace of Temporal to an error. A [LookupError] is
// returned as it is, because Temporal did answer.
func (o *Operator) Unreached(err error) error {
	var answered LookupError
	if errors.As(err, &answered) {
		return answered
	}
	return fmt.Errorf("ask Temporal at %s, namespace %s (TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE): %w", o.Address, o.Namespace, err)
}

// listRuns reads Temporal's workflow list in its order: running workflows first, then the last
// ended. It returns at most limit runs; 0 is no limit.
func (o *Operator) listRuns(ctx context.Context, query string, limit int) (runs []*workflowpb.WorkflowExecutionInfo, err error) {
	const pageSize = 1000 // Temporal's maximum
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

// pauses is set by Temporal while activities of a run are paused.
var pauses = temporal.NewSearchAttributeKeyKeywordList("TemporalPauseInfo")

// hasPausedStep reports whether an activity of a run is paused.
func hasPausedStep(run *workflowpb.WorkflowExecutionInfo) bool {
	return len(workflows.Attribute[[]string](run, pauses)) > 0
}

// askState queries the state of a call.
func (o *Operator) askState(ctx context.Context, workflowID string) (state workflows.State, err error) {
	answer, err := o.Temporal.QueryWorkflow(ctx, workflowID, "", workflows.QueryState)
	if err != nil {
		return state, err
	}
	return state, answer.Get(&state)
}
