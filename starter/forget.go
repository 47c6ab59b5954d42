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
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/callthread/callthread/internal/config"
)

const (
	// forgetFor is how long Temporal may take to delete what it was told to.
	forgetFor   = time.Minute
	forgetEvery = 200 * time.Millisecond
)

var errNotSure = errors.New("nothing was deleted: pass --yes to delete all that Temporal holds of these calls; it cannot be undone")

// errNotAllForgotten makes the exit code tell scripts what the receipt tells people.
var errNotAllForgotten = errors.New("not everything was forgotten: see the receipt")

// receipt says what was held of a caller and what became of it. It holds nothing of the caller's.
type receipt struct {
	At        time.Time `json:"at"`
	Temporal  string    `json:"temporal"`
	Namespace string    `json:"namespace"`
	// CallerHashes are those of the number, with each of the keys.
	CallerHashes []string        `json:"callerHashes"`
	Calls        []forgottenCall `json:"calls"`
	// Unreadable says that calls may be the caller's and could not be read.
	Unreadable string `json:"unreadable,omitempty"`
	// Elsewhere is what is kept where no command of ours reaches.
	Elsewhere []string `json:"elsewhere"`
}

type forgottenCall struct {
	foundCall
	// Forgotten says that Temporal holds nothing of it any more.
	Forgotten bool `json:"forgotten"`
	// Kept says why not.
	Kept string `json:"kept,omitempty"`
}

func forgetCommand(out, logs io.Writer) *cli.Command {
	var f caller
	var asJSON, sure bool
	return &cli.Command{
		Name:  "forget",
		Usage: "delete all that Temporal holds of a phone number's calls, and print a receipt",
		Description: "Without --yes it only says what it would delete. Calls that are under way, parked ones among them, are kept: finish them first.\n" +
			"What Kustomer holds is Kustomer's to delete; the receipt names the conversations. Fails if anything was kept.\n\n" + config.TemporalHelp,
		Flags: append([]cli.Flag{
			&cli.BoolFlag{Name: "yes", Usage: "delete; it cannot be undone", Destination: &sure},
			&cli.BoolFlag{Name: "json", Usage: "print the receipt as JSON", Destination: &asJSON},
		}, f.flags()...),
		Action: func(c *cli.Context) error {
			return f.run(c, logs, func(those []listedCall, unread error) error {
				if !sure {
					return errors.Join(printCalls(out, those, len(those)), unread, errNotSure)
				}
				r, err := f.forget(c.Context, those)
				if err != nil {
					return unreached(&f.server, err)
				}
				if unread != nil {
					r.Unreadable = unread.Error()
				}
				if asJSON {
					return errors.Join(printJSON(out, r), r.failed())
				}
				return errors.Join(r.print(out), r.failed())
			})
		},
	}
}

// forget deletes calls and waits until they are gone.
func (f *caller) forget(ctx context.Context, those []listedCall) (receipt, error) {
	elsewhere, err := f.elsewhere(ctx)
	if err != nil {
		return receipt{}, err
	}
	r := receipt{
		At: time.Now().UTC(), Temporal: f.server.Address(), Namespace: f.server.Namespace(),
		CallerHashes: f.keys.CallerHashes(f.spellings[0]), Calls: []forgottenCall{}, Elsewhere: elsewhere,
	}
	for _, l := range those {
		kept := ""
		if l.Run == inWords(enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING) {
			kept = "it is under way: forget again when it is over"
			if l.Reason != "" {
				kept = "it is parked: decide on it (`starter retry`, `amend` or `skip`), and forget again"
			}
		} else if err := f.delete(ctx, l); err != nil {
			kept = "Temporal did not delete it: " + err.Error()
		}
		r.Calls = append(r.Calls, forgottenCall{foundCall: l.foundCall, Kept: kept})
	}
	f.awaitGone(ctx, r.Calls)
	return r, nil
}

func (f *caller) delete(ctx context.Context, l listedCall) error {
	_, err := f.calls.WorkflowService().DeleteWorkflowExecution(ctx, &workflowservice.DeleteWorkflowExecutionRequest{
		Namespace: f.server.Namespace(), WorkflowExecution: &commonpb.WorkflowExecution{WorkflowId: l.WorkflowID, RunId: l.RunID},
	})
	var gone *serviceerror.NotFound
	if errors.As(err, &gone) {
		return nil
	}
	return err
}

// awaitGone waits until Temporal knows nothing of the calls that it was told to
// delete, in its list of runs either, and notes of each whether it does.
func (f *caller) awaitGone(ctx context.Context, calls []forgottenCall) {
	ctx, cancel := context.WithTimeout(ctx, forgetFor)
	defer cancel()
	tick := time.NewTicker(forgetEvery)
	defer tick.Stop()
	for i := range calls {
		for c := &calls[i]; c.Kept == "" && !c.Forgotten; {
			gone, err := f.isGone(ctx, c.foundCall)
			if err != nil && ctx.Err() == nil {
				c.Kept = "Temporal was told to delete it, and did not say whether it has: forget again"
				break
			}
			if c.Forgotten = gone; gone {
				break
			}
			select {
			case <-ctx.Done():
				c.Kept = fmt.Sprintf("Temporal was told to delete it, and has not after %s: forget again", forgetFor)
			case <-tick.C:
			}
		}
	}
}

func (f *caller) isGone(ctx context.Context, c foundCall) (bool, error) {
	_, err := f.calls.DescribeWorkflowExecution(ctx, c.WorkflowID, c.RunID)
	var gone *serviceerror.NotFound
	if !errors.As(err, &gone) {
		return false, err
	}
	listed, err := listRuns(ctx, f.calls, is("RunId", c.RunID), 1)
	return len(listed) == 0, err
}

// elsewhere is what else may be kept, as far as Temporal tells.
func (f *caller) elsewhere(ctx context.Context) ([]string, error) {
	elsewhere := []string{
		"Kustomer: customer, conversations, notes and messages, which are deleted there",
		"backups of Temporal's database: until they are replaced, and encrypted for as long as the key is kept",
	}
	described, err := f.calls.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: f.server.Namespace()})
	if err != nil {
		return nil, fmt.Errorf("describe namespace %s: %w", f.server.Namespace(), err)
	}
	if described.GetConfig().GetHistoryArchivalState() == enumspb.ARCHIVAL_STATE_ENABLED {
		elsewhere = append(elsewhere, "the archive of Temporal's namespace, "+described.GetConfig().GetHistoryArchivalUri()+": delete the calls' histories there too")
	}
	return elsewhere, nil
}

func (r receipt) failed() error {
	isKept := func(c forgottenCall) bool { return !c.Forgotten }
	if r.Unreadable != "" || slices.ContainsFunc(r.Calls, isKept) {
		return errNotAllForgotten
	}
	return nil
}

func (r receipt) print(out io.Writer) error {
	fmt.Fprintf(out, "Receipt of %s, Temporal at %s, namespace %s\n", moment(r.At), r.Temporal, r.Namespace)
	if len(r.CallerHashes) > 0 {
		fmt.Fprintf(out, "Caller (hash): %s\n", strings.Join(r.CallerHashes, ", "))
	}
	fmt.Fprintln(out)
	if err := r.printCalls(out); err != nil {
		return err
	}
	if r.Unreadable != "" {
		fmt.Fprintf(out, "\n%s\n", oneLine(r.Unreadable))
	}
	_, err := fmt.Fprintf(out, "\nKept elsewhere:\n- %s\n", strings.Join(r.Elsewhere, "\n- "))
	return err
}

func (r receipt) printCalls(out io.Writer) error {
	if len(r.Calls) == 0 {
		_, err := fmt.Fprintln(out, "Temporal holds no call of this number.")
		return err
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "CALL\tSTARTED\tCONVERSATION\tFORGOTTEN")
	for _, c := range r.Calls {
		became := "yes"
		if !c.Forgotten {
			became = "no: " + oneLine(c.Kept)
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", oneLine(c.CallID), moment(c.StartedAt), cmp.Or(c.ConversationID, "–"), became)
	}
	return table.Flush()
}
