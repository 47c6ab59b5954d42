package operator

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

	"github.com/callthread/callthread/workflows"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
)

const (
	// forgetFor is how long Temporal may take to delete the runs.
	forgetFor   = time.Minute
	forgetEvery = 200 * time.Millisecond
)

// ErrNotAllForgotten is returned if a call was kept or could not be read. It sets the exit code;
// the receipt contains the reasons.
var ErrNotAllForgotten = errors.New("not everything was forgotten: see the receipt")

// Receipt lists the calls of a number and whether Temporal has deleted them. It contains no
// personal data of the caller.
type Receipt struct {
	At        time.Time `json:"at"`
	Temporal  string    `json:"temporal"`
	Namespace string    `json:"namespace"`
	// CallerHashes are the number's hashes, one for each key.
	CallerHashes []string        `json:"callerHashes"`
	Calls        []ForgottenCall `json:"calls"`
	// Unreadable names calls that may belong to the number and could not be read.
	Unreadable string `json:"unreadable,omitempty"`
	// Elsewhere lists the stores that these commands cannot delete from.
	Elsewhere []string `json:"elsewhere"`
}

// ForgottenCall is a call in a [Receipt].
type ForgottenCall struct {
	Run
	// Forgotten reports whether Temporal has deleted everything about the call.
	Forgotten bool `json:"forgotten"`
	// Kept is the reason if it was not deleted.
	Kept string `json:"kept,omitempty"`
}

// Forget deletes the runs of calls and waits up to a minute until Temporal has deleted them. A
// call that is under way is kept.
func (o *Operator) Forget(ctx context.Context, number Number, calls []Call) (Receipt, error) {
	elsewhere, err := o.elsewhere(ctx)
	if err != nil {
		return Receipt{}, err
	}
	r := Receipt{
		At: time.Now().UTC(), Temporal: o.Address, Namespace: o.Namespace,
		CallerHashes: o.Keys.CallerHashes(number.Spellings[0]), Calls: []ForgottenCall{}, Elsewhere: elsewhere,
	}
	for _, l := range calls {
		kept := ""
		if !l.isOver() {
			kept = "it is under way: forget again when it is over"
			if l.Reason != "" {
				kept = "it is parked: decide on it (`starter retry`, `amend` or `skip`), and forget again"
			}
		} else if err := o.delete(ctx, l); err != nil {
			kept = "Temporal did not delete it: " + err.Error()
		}
		r.Calls = append(r.Calls, ForgottenCall{Run: l.Run, Kept: kept})
	}
	o.awaitGone(ctx, r.Calls)
	return r, nil
}

// delete deletes a run. First it starts an empty run with the same workflow id. Otherwise a late
// webhook, or a comparison with babelforce's call log, would start the call again.
func (o *Operator) delete(ctx context.Context, l Call) error {
	if err := o.bury(ctx, l.WorkflowID); err != nil {
		return err
	}
	_, err := o.Temporal.WorkflowService().DeleteWorkflowExecution(ctx, &workflowservice.DeleteWorkflowExecutionRequest{
		Namespace: o.Namespace, WorkflowExecution: &commonpb.WorkflowExecution{WorkflowId: l.WorkflowID, RunId: l.RunID},
	})
	var gone *serviceerror.NotFound
	if errors.As(err, &gone) {
		return nil
	}
	return err
}

// bury starts an empty run with a call's workflow id and terminates it.
func (o *Operator) bury(ctx context.Context, workflowID string) error {
	_, err := o.Temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: workflowID, TaskQueue: workflows.ForgottenCall, WorkflowIDReusePolicy: enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
	}, workflows.ForgottenCall)
	if err != nil {
		return fmt.Errorf("leave an empty run in its place: %w", err)
	}
	return o.Temporal.TerminateWorkflow(ctx, workflowID, "", "forgotten")
}

// awaitGone waits until the deleted runs are gone from Temporal and from its workflow list, and
// records the result in each call.
func (o *Operator) awaitGone(ctx context.Context, calls []ForgottenCall) {
	ctx, cancel := context.WithTimeout(ctx, forgetFor)
	defer cancel()
	tick := time.NewTicker(forgetEvery)
	defer tick.Stop()
	for i := range calls {
		for c := &calls[i]; c.Kept == "" && !c.Forgotten; {
			gone, err := o.isGone(ctx, c.Run)
			if err != nil && ctx.Err() == nil {
				c.Kept = "Temporal accepted the deletion, but whether it is done is unknown: forget again"
				break
			}
			if c.Forgotten = gone; gone {
				break
			}
			select {
			case <-ctx.Done():
				c.Kept = fmt.Sprintf("Temporal accepted the deletion, but has not carried it out within %s: forget again", forgetFor)
			case <-tick.C:
			}
		}
	}
}

func (o *Operator) isGone(ctx context.Context, c Run) (bool, error) {
	_, err := o.Temporal.DescribeWorkflowExecution(ctx, c.WorkflowID, c.RunID)
	var gone *serviceerror.NotFound
	if !errors.As(err, &gone) {
		return false, err
	}
	listed, err := o.listRuns(ctx, is("RunId", c.RunID), 1)
	return len(listed) == 0, err
}

// elsewhere lists the stores that may hold data of these calls too. Temporal reports whether its
// namespace has an archive.
func (o *Operator) elsewhere(ctx context.Context) ([]string, error) {
	elsewhere := []string{
		"Kustomer: customer, conversations, notes and messages, which are deleted there",
		"backups of Temporal's database: until they are replaced, and encrypted for as long as the key is kept",
	}
	described, err := o.Temporal.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: o.Namespace})
	if err != nil {
		return nil, fmt.Errorf("describe namespace %s: %w", o.Namespace, err)
	}
	if described.GetConfig().GetHistoryArchivalState() == enumspb.ARCHIVAL_STATE_ENABLED {
		elsewhere = append(elsewhere, "the archive of Temporal's namespace, "+described.GetConfig().GetHistoryArchivalUri()+": delete the calls' histories there too")
	}
	return elsewhere, nil
}

// Failed returns [ErrNotAllForgotten] if a call was kept or could not be read, otherwise nil.
func (r Receipt) Failed() error {
	isKept := func(c ForgottenCall) bool { return !c.Forgotten }
	if r.Unreadable != "" || slices.ContainsFunc(r.Calls, isKept) {
		return ErrNotAllForgotten
	}
	return nil
}

// Print prints the receipt.
func (r Receipt) Print(out io.Writer) error {
	fmt.Fprintf(out, "Receipt of %s, Temporal at %s, namespace %s\n", moment(r.At), r.Temporal, r.Namespace)
	if len(r.CallerHashes) > 0 {
		fmt.Fprintf(out, "Caller (hash): %s\n", strings.Join(r.CallerHashes, ", "))
	}
	fmt.Fprintln(out)
	if err := r.PrintCalls(out); err != nil {
		return err
	}
	if r.Unreadable != "" {
		fmt.Fprintf(out, "\n%s\n", oneLine(r.Unreadable))
	}
	_, err := fmt.Fprintf(out, "\nKept elsewhere:\n- %s\n", strings.Join(r.Elsewhere, "\n- "))
	return err
}

// PrintCalls prints the calls of the receipt as a table.
func (r Receipt) PrintCalls(out io.Writer) error {
	if len(r.Calls) == 0 {
		_, err := fmt.Fprintln(out, noneOfNumber)
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
