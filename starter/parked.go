package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"

	"github.com/urfave/cli/v2"
	"go.temporal.io/sdk/client"

	"github.com/callthread/callthread/internal/config"
	"github.com/callthread/callthread/workflows"
)

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

// listParked reads the parked calls from Temporal's list of runs, oldest first.
func listParked(ctx context.Context, calls client.Client) ([]foundCall, error) {
	runs, err := listRuns(ctx, calls, workflows.ParkedCalls, 0)
	if err != nil {
		return nil, err
	}
	parked := []foundCall{} // not nil, which would be no array in JSON
	for _, run := range runs {
		parked = append(parked, found(run))
	}
	slices.SortStableFunc(parked, func(a, b foundCall) int { return a.StartedAt.Compare(b.StartedAt) })
	return parked, nil
}

// askReasons asks the calls themselves, who tell it in Kustomer's own words,
// where the list may only be brief. One that does not answer is listed all the same.
func askReasons(ctx context.Context, calls client.Client, parked []foundCall) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	for i, p := range parked {
		if state, err := askState(ctx, calls, p.WorkflowID); err == nil {
			parked[i].Reason = cmp.Or(state.ParkedBecause, p.Reason)
		}
	}
}

func printParked(out io.Writer, parked []foundCall, asJSON bool) error {
	if asJSON {
		return printJSON(out, parked)
	}
	if len(parked) == 0 {
		_, err := fmt.Fprintln(out, "no call is parked")
		return err
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "CALL\tSTARTED\tCONVERSATION\tREASON")
	for _, p := range parked {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", p.CallID, moment(p.StartedAt), cmp.Or(p.ConversationID, "–"), cmp.Or(oneLine(p.Reason), "–"))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintln(out, "\n"+whatToDo("<call id>"))
	return err
}

// whatToDo names the decisions that finish a parked call.
func whatToDo(id string) string {
	return fmt.Sprintf("Put right what was refused and `starter retry %[1]s`; or change it: `starter amend %[1]s --set field=value`; or go on without that step: `starter skip %[1]s`.", id)
}
