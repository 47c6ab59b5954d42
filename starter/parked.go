package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/urfave/cli/v2"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"

	"github.com/callthread/callthread/internal/config"
	"github.com/callthread/callthread/workflows"
)

// reasonsTimeout bounds how long all the calls are asked.
const reasonsTimeout = 10 * time.Second

// parkedCall is what --json prints of a call.
type parkedCall struct {
	CallID     string `json:"callId"`
	WorkflowID string `json:"workflowId"`
	RunID      string `json:"runId"`
	// StartedAt is when the call was first heard of; when it was parked the list of runs does not tell.
	StartedAt      time.Time `json:"startedAt"`
	ConversationID string    `json:"conversationId"`
	Reason         string    `json:"reason"`
}

// parkedCommand lists the calls that wait for an operator.
func parkedCommand(out, logs io.Writer) *cli.Command {
	var server config.Temporal
	var asJSON bool
	return &cli.Command{
		Name:        "parked",
		Usage:       "list the calls that wait for an operator, because Kustomer refused a step, oldest first",
		Description: config.TemporalHelp,
		Flags: append([]cli.Flag{
			&cli.BoolFlag{Name: "json", Usage: "print JSON, for scripts", Destination: &asJSON},
		}, server.Encryption.Flags()...),
		Action: func(c *cli.Context) error {
			if err := config.NoArguments(c); err != nil {
				return err
			}
			calls, err := connect(&server, logs)
			if err != nil {
				return err
			}
			defer calls.Close()
			parked, err := listParked(c.Context, calls)
			if err != nil {
				return unreached(&server, err)
			}
			askReasons(c.Context, calls, parked)
			return printParked(out, parked, asJSON)
		},
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

// listParked reads the parked calls from Temporal's list of runs, oldest first.
func listParked(ctx context.Context, calls client.Client) ([]parkedCall, error) {
	parked := []parkedCall{} // not nil, which would be no array in JSON
	request := &workflowservice.ListWorkflowExecutionsRequest{Query: workflows.ParkedCalls}
	for {
		page, err := calls.ListWorkflow(ctx, request)
		if err != nil {
			return nil, fmt.Errorf("list the parked calls: %w", err)
		}
		for _, run := range page.GetExecutions() {
			parked = append(parked, parkedCall{
				CallID:         workflows.CallKey(run.GetExecution().GetWorkflowId()),
				WorkflowID:     run.GetExecution().GetWorkflowId(),
				RunID:          run.GetExecution().GetRunId(),
				StartedAt:      run.GetStartTime().AsTime(),
				ConversationID: attribute(run, workflows.KustomerConversationID),
				Reason:         attribute(run, workflows.ParkedBecause),
			})
		}
		if request.NextPageToken = page.GetNextPageToken(); len(request.NextPageToken) == 0 {
			break
		}
	}
	slices.SortStableFunc(parked, func(a, b parkedCall) int { return a.StartedAt.Compare(b.StartedAt) })
	return parked, nil
}

// attribute is a search attribute of a run, empty where it has none.
func attribute(run *workflowpb.WorkflowExecutionInfo, key temporal.SearchAttributeKeyKeyword) (value string) {
	if payload := run.GetSearchAttributes().GetIndexedFields()[key.GetName()]; payload != nil {
		_ = converter.GetDefaultDataConverter().FromPayload(payload, &value)
	}
	return value
}

// askReasons asks the calls themselves, who tell it in Kustomer's own words,
// where the list may only be brief. One that does not answer is listed all the same.
func askReasons(ctx context.Context, calls client.Client, parked []parkedCall) {
	ctx, cancel := context.WithTimeout(ctx, reasonsTimeout)
	defer cancel()
	for i, p := range parked {
		if state, err := askState(ctx, calls, p.WorkflowID); err == nil {
			parked[i].Reason = cmp.Or(state.ParkedBecause, p.Reason)
		}
	}
}

// askState asks a call what is known of it.
func askState(ctx context.Context, calls client.Client, workflowID string) (state workflows.State, err error) {
	answer, err := calls.QueryWorkflow(ctx, workflowID, "", workflows.QueryState)
	if err != nil {
		return state, err
	}
	return state, answer.Get(&state)
}

func printParked(out io.Writer, parked []parkedCall, asJSON bool) error {
	if asJSON {
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		return encoder.Encode(parked)
	}
	if len(parked) == 0 {
		_, err := fmt.Fprintln(out, "no call is parked")
		return err
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "CALL\tSTARTED\tCONVERSATION\tREASON")
	for _, p := range parked {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", p.CallID, p.StartedAt.UTC().Format(time.RFC3339), cmp.Or(p.ConversationID, "–"), cmp.Or(oneLine(p.Reason), "–"))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintln(out, "\nPut right what was refused and `starter retry <call id>`; or change it: `starter amend <call id> --set field=value`; or go on without that step: `starter skip <call id>`.")
	return err
}

// oneLine keeps Kustomer's words within a row of the table.
func oneLine(words string) string { return strings.Join(strings.Fields(words), " ") }
