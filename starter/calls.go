package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/urfave/cli/v2"
	enumspb "go.temporal.io/api/enums/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/callthread/callthread/internal/config"
	"github.com/callthread/callthread/workflows"
)

// listedCall is a call as the list of runs has it: nothing in it names anybody.
type listedCall struct {
	foundCall
	EndedAt time.Time `json:"endedAt,omitzero"`
	// Run is how the run stands, or has ended; all but running and completed are somebody's doing.
	Run   string `json:"run"`
	Phase string `json:"phase"`
	// WaitsFor is empty for a wait of seconds, and when the call is over.
	WaitsFor  string `json:"waitsFor,omitempty"`
	Outcome   string `json:"outcome"`
	Direction string `json:"direction"`
	AgentID   string `json:"agentId"`
	QueueName string `json:"queueName"`
}

func listed(run *workflowpb.WorkflowExecutionInfo) listedCall {
	l := listedCall{
		foundCall: found(run),
		Run:       inWords(run.GetStatus()),
		Phase:     attribute(run, workflows.CallPhase),
		WaitsFor:  attribute(run, workflows.WaitsFor),
		Outcome:   attribute(run, workflows.CallOutcome),
		Direction: attribute(run, workflows.CallDirection),
		AgentID:   attribute(run, workflows.AgentID),
		QueueName: attribute(run, workflows.QueueName),
	}
	if run.GetCloseTime() != nil {
		l.EndedAt = run.GetCloseTime().AsTime()
	}
	return l
}

// phase is where the call is, and that it stays there where its run was ended.
func (l listedCall) phase() string {
	if l.Run == inWords(enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING) || l.isCompleted() {
		return l.Phase
	}
	return strings.TrimSpace(l.Phase + " (" + l.Run + ")")
}

// waitsFor is what a call under way waits for. A run that was ended waits for nothing more.
func (l listedCall) waitsFor() string {
	if l.Run != inWords(enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING) {
		return ""
	}
	return l.WaitsFor
}

func (l listedCall) isCompleted() bool {
	return l.Run == inWords(enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED)
}

// callsCommand lists calls of any kind.
func callsCommand(out, logs io.Writer) *cli.Command {
	var server config.Temporal
	var limit int
	var asJSON bool
	return &cli.Command{
		Name:  "calls",
		Usage: "list calls, newest first; with several filters, those that fit all of them",
		Description: "Where there are more than --limit, it lists those under way, and then those that ended last.\n\n" +
			config.TemporalHelp,
		Flags: slices.Concat(filterFlags(), []cli.Flag{
			&cli.IntFlag{Name: "limit", Usage: "list at most so many", Value: 50, Destination: &limit},
			&cli.BoolFlag{Name: "json", Usage: "print JSON, for scripts", Destination: &asJSON},
		}, server.Encryption.Flags()),
		Action: func(c *cli.Context) error {
			if err := config.NoArguments(c); err != nil {
				return err
			}
			if limit <= 0 {
				return errors.New("--limit must be above 0")
			}
			query, err := filterQuery(c, time.Now())
			if err != nil {
				return err
			}
			calls, err := connect(&server, logs)
			if err != nil {
				return err
			}
			defer calls.Close()
			those, total, err := listCalls(c.Context, calls, query, limit)
			if err != nil {
				return unreached(&server, err)
			}
			if asJSON {
				return printJSON(out, those)
			}
			return printCalls(out, those, total)
		},
	}
}

// listCalls reads the calls that a query finds, newest first, and how many there are in all.
func listCalls(ctx context.Context, calls client.Client, query string, limit int) (those []listedCall, total int, err error) {
	runs, err := listRuns(ctx, calls, query, limit)
	if err != nil {
		return nil, 0, err
	}
	those = []listedCall{} // not nil, which would be no array in JSON
	for _, run := range runs {
		those = append(those, listed(run))
	}
	slices.SortStableFunc(those, func(a, b listedCall) int { return b.StartedAt.Compare(a.StartedAt) })
	if limit == 0 || len(those) < limit {
		return those, len(those), nil
	}
	counted, err := calls.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{Query: query})
	if err != nil {
		return nil, 0, fmt.Errorf("count calls: %w", err)
	}
	return those, max(int(counted.GetCount()), len(those)), nil
}

func printCalls(out io.Writer, those []listedCall, total int) error {
	if len(those) == 0 {
		_, err := fmt.Fprintln(out, "there is no such call")
		return err
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	row := func(cells ...string) {
		for i := range cells {
			cells[i] = cmp.Or(oneLine(cells[i]), "–")
		}
		fmt.Fprintln(table, strings.Join(cells, "\t"))
	}
	row("CALL", "STARTED", "PHASE", "WAITS FOR", "OUTCOME", "WAY", "AGENT", "QUEUE", "CONVERSATION")
	for _, l := range those {
		cells := []string{l.CallID, moment(l.StartedAt), l.phase(), l.waitsFor(), l.Outcome, l.Direction, l.AgentID, l.QueueName, l.ConversationID}
		if l.Reason != "" { // only of parked ones, where it ends the row without a title
			cells = append(cells, l.Reason)
		}
		row(cells...)
	}
	if err := table.Flush(); err != nil || total == len(those) {
		return err
	}
	_, err := fmt.Fprintf(out, "\n%d more are not shown: --limit shows more, and filters fewer (--help)\n", total-len(those))
	return err
}
