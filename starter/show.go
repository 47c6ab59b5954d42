package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/urfave/cli/v2"
	sdkpb "go.temporal.io/api/sdk/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"github.com/callthread/callthread/internal/codec"
	"github.com/callthread/callthread/internal/config"
	"github.com/callthread/callthread/workflows"
)

// shownCall is all there is to say of a call, and what --json prints of it.
type shownCall struct {
	listedCall
	// State is missing where the call does not answer.
	State *workflows.State `json:"state,omitempty"`
	// Log is the one that the Web UI shows; missing where no worker answers.
	Log []string `json:"log,omitempty"`
}

// showCommand tells all about one call.
func showCommand(out, logs io.Writer) *cli.Command {
	var server config.Temporal
	var asJSON bool
	return &cli.Command{
		Name:      "show",
		Usage:     "show what became of a call, what it waits for, and what to do if it is parked",
		ArgsUsage: "<call id | Kustomer conversation id>",
		Description: "Where several calls share the conversation, it lists them (with --json, as an array).\n\n" +
			config.TemporalHelp,
		HideHelpCommand: true, // "help" may be a call's id
		Flags: append([]cli.Flag{
			&cli.BoolFlag{Name: "json", Usage: "print JSON, for scripts", Destination: &asJSON},
		}, server.Encryption.Flags()...),
		Action: func(c *cli.Context) error {
			if c.NArg() != 1 {
				return fmt.Errorf("show takes the id of one call or conversation, not %d", c.NArg())
			}
			calls, err := connect(&server, logs)
			if err != nil {
				return err
			}
			defer calls.Close()
			id := c.Args().First()
			those, err := findCalls(c.Context, calls, id)
			switch {
			case err != nil:
				return unreached(&server, err)
			case len(those) == 0:
				return fmt.Errorf("%s is neither a call nor a conversation of a call that Temporal knows: `starter calls` lists them", id)
			case len(those) == 1:
				return show(c.Context, calls, those[0], out, asJSON)
			case asJSON:
				return printJSON(out, those)
			}
			fmt.Fprintf(out, "%d calls share this conversation: `starter show <call id>` tells all about one\n\n", len(those))
			return printCalls(out, those, len(those))
		},
	}
}

// logQuery is answered by every workflow of Temporal's Go SDK.
const logQuery = "__temporal_workflow_metadata"

// objectID is how Kustomer's ids look.
var objectID = regexp.MustCompile(`^[0-9a-fA-F]{24}$`)

// findCalls finds the call with this id, or those whose conversation has it.
func findCalls(ctx context.Context, calls client.Client, id string) ([]listedCall, error) {
	described, err := calls.DescribeWorkflowExecution(ctx, workflows.WorkflowID(workflows.CallKey(id)), "")
	if err == nil {
		return []listedCall{listed(described.GetWorkflowExecutionInfo())}, nil
	}
	var unknown *serviceerror.NotFound
	if !errors.As(err, &unknown) {
		return nil, err
	}
	if !objectID.MatchString(id) {
		return nil, nil
	}
	inIt := ourCalls + " AND " + is(workflows.KustomerConversationID.GetName(), strings.ToLower(id))
	those, _, err := listCalls(ctx, calls, inIt, 0)
	return latestRuns(those), err
}

// latestRuns leaves out runs that were reset: the call went on in another.
func latestRuns(newestFirst []listedCall) (latest []listedCall) {
	seen := make(map[string]bool)
	for _, l := range newestFirst {
		if !seen[l.CallID] {
			latest = append(latest, l)
		}
		seen[l.CallID] = true
	}
	return latest
}

// show prints a call. Of one that does not answer it prints what the list of runs knows, and fails.
func show(ctx context.Context, calls client.Client, l listedCall, out io.Writer, asJSON bool) error {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	shown := shownCall{listedCall: l}
	state, silent := stateOf(ctx, calls, l)
	if silent == nil {
		shown.State = &state
		shown.Log = askLog(ctx, calls, l.WorkflowID)
	} else {
		silent = whySilent(l.CallID, silent)
	}
	printed := error(nil)
	if asJSON {
		printed = printJSON(out, shown)
	} else {
		printed = printShown(out, shown)
	}
	return errors.Join(printed, silent)
}

// stateOf is what is known of a call: one that is over has left it as its
// result, for which nobody has to be asked.
func stateOf(ctx context.Context, calls client.Client, l listedCall) (state workflows.State, err error) {
	if !l.isCompleted() {
		return askState(ctx, calls, l.WorkflowID)
	}
	err = calls.GetWorkflow(ctx, l.WorkflowID, l.RunID).Get(ctx, &state)
	return state, err
}

// askLog asks a call for its log. It is nothing that one could not do without.
func askLog(ctx context.Context, calls client.Client, workflowID string) []string {
	answer, err := calls.QueryWorkflow(ctx, workflowID, "", logQuery)
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
