package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"
	"unicode"

	enumspb "go.temporal.io/api/enums/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"

	"github.com/callthread/callthread/internal/config"
	"github.com/callthread/callthread/workflows"
)

// How the commands for operators ask Temporal about calls.

// askTimeout bounds how long calls are asked, be it one or all that are parked.
const askTimeout = 10 * time.Second

// foundCall is what --json prints of every call in Temporal's list of runs.
type foundCall struct {
	CallID     string `json:"callId"`
	WorkflowID string `json:"workflowId"`
	RunID      string `json:"runId"`
	// StartedAt is when the call was first heard of; when it was parked the list of runs does not tell.
	StartedAt      time.Time `json:"startedAt"`
	ConversationID string    `json:"conversationId"`
	// Reason is why it is parked, if it is.
	Reason string `json:"reason"`
}

func found(run *workflowpb.WorkflowExecutionInfo) foundCall {
	return foundCall{
		CallID:         workflows.CallKey(run.GetExecution().GetWorkflowId()),
		WorkflowID:     run.GetExecution().GetWorkflowId(),
		RunID:          run.GetExecution().GetRunId(),
		StartedAt:      run.GetStartTime().AsTime(),
		ConversationID: attribute(run, workflows.KustomerConversationID),
		Reason:         attribute(run, workflows.ParkedBecause),
	}
}

// connect makes the Temporal client of a command whose output is for people.
func connect(server *config.Temporal, logs io.Writer) (client.Client, error) {
	return server.Client(slog.New(slog.NewTextHandler(logs, &slog.HandlerOptions{Level: slog.LevelWarn})))
}

// unreached says which Temporal it was that did not answer as it should.
func unreached(server *config.Temporal, err error) error {
	return fmt.Errorf("ask Temporal at %s, namespace %s (TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE): %w", server.Address(), server.Namespace(), err)
}

// listRuns reads Temporal's list of runs in its order: those under way, then
// those that ended last. It stops at the limit; 0 is none.
func listRuns(ctx context.Context, calls client.Client, query string, limit int) (runs []*workflowpb.WorkflowExecutionInfo, err error) {
	const pageSize = 1000 // the most that Temporal gives at once
	request := &workflowservice.ListWorkflowExecutionsRequest{Query: query, PageSize: int32(min(limit, pageSize))}
	for {
		page, err := calls.ListWorkflow(ctx, request)
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

// askState asks a call what is known of it.
func askState(ctx context.Context, calls client.Client, workflowID string) (state workflows.State, err error) {
	answer, err := calls.QueryWorkflow(ctx, workflowID, "", workflows.QueryState)
	if err != nil {
		return state, err
	}
	return state, answer.Get(&state)
}

// inWords is how a run stands, or has ended.
func inWords(status enumspb.WorkflowExecutionStatus) string { return strings.ToLower(status.String()) }

// printJSON prints for scripts.
func printJSON(out io.Writer, value any) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}

// moment is a time as tables have it.
func moment(at time.Time) string { return at.UTC().Format(time.RFC3339) }

// oneLine keeps others' words within a row of a table, and from steering the terminal.
func oneLine(words string) string {
	return strings.Join(strings.FieldsFunc(words, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
}
