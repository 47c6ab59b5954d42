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
	// forgetFor is how long Temporal may take to delete what it was told to.
	forgetFor   = time.Minute
	forgetEvery = 200 * time.Millisecond
)

// ErrNotAllForgotten makes the exit code tell scripts what the receipt tells people.
var ErrNotAllForgotten = errors.New("not everything was forgotten: see the receipt")

// Receipt says what was held of a caller and what became of it. It holds nothing of the caller's.
type Receipt struct {
	At        time.Time `json:"at"`
	Temporal  string    `json:"temporal"`
	Namespace string    `json:"namespace"`
	// CallerHashes are those of the number, with each of the keys.
	CallerHashes []string        `json:"callerHashes"`
	Calls        []ForgottenCall `json:"calls"`
	// Unreadable says that calls may be the caller's and could not be read.
	Unreadable string `json:"unreadable,omitempty"`
	// Elsewhere is what is kept where no command of ours reaches.
	Elsewhere []string `json:"elsewhere"`
}

// ForgottenCall is what became of one call.
type ForgottenCall struct {
	Run
	// Forgotten says that Temporal holds nothing of it any more.
	Forgotten bool `json:"forgotten"`
	// Kept says why not.
	Kept string `json:"kept,omitempty"`
}

// Forget deletes calls and waits until they are gone.
func (o *Operator) Forget(ctx context.Context, number Number, those []Call) (Receipt, error) {
	elsewhere, err := o.elsewhere(ctx)
	if err != nil {
		return Receipt{}, err
	}
	r := Receipt{
		At: time.Now().UTC(), Temporal: o.Address, Namespace: o.Namespace,
		CallerHashes: o.Keys.CallerHashes(number.Spellings[0]), Calls: []ForgottenCall{}, Elsewhere: elsewhere,
	}
	for _, l := range those {
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

// delete deletes a run. An empty one takes its place first, under the same id, so
// that neither a late webhook nor a comparison with babelforce's log takes the
// call for a new one.
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

// bury leaves an empty run, ended at once, in the place of a call's.
func (o *Operator) bury(ctx context.Context, workflowID string) error {
	_, err := o.Temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: workflowID, TaskQueue: workflows.ForgottenCall, WorkflowIDReusePolicy: enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
	}, workflows.ForgottenCall)
	if err != nil {
		return fmt.Errorf("leave an empty run in its place: %w", err)
	}
	return o.Temporal.TerminateWorkflow(ctx, workflowID, "", "forgotten")
}

// awaitGone waits until Temporal knows nothing of the calls that it was told to
// delete, in its list of runs either, and notes of each whether it does.
func (o *Operator) awaitGone(ctx context.Context, calls []ForgottenCall) {
	ctx, cancel := context.WithTimeout(ctx, forgetFor)
	defer cancel()
	tick := time.NewTicker(forgetEvery)
	defer tick.Stop()
	for i := range calls {
		for c := &calls[i]; c.Kept == "" && !c.Forgotten; {
			gone, err := o.isGone(ctx, c.Run)
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

func (o *Operator) isGone(ctx context.Context, c Run) (bool, error) {
	_, err := o.Temporal.DescribeWorkflowExecution(ctx, c.WorkflowID, c.RunID)
	var gone *serviceerror.NotFound
	if !errors.As(err, &gone) {
		return false, err
	}
	listed, err := o.listRuns(ctx, is("RunId", c.RunID), 1)
	return len(listed) == 0, err
}

// elsewhere is what else may be kept, as far as Temporal tells.
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

// Failed is [ErrNotAllForgotten] where a call was kept or could not be read.
func (r Receipt) Failed() error {
	isKept := func(c ForgottenCall) bool { return !c.Forgotten }
	if r.Unreadable != "" || slices.ContainsFunc(r.Calls, isKept) {
		return ErrNotAllForgotten
	}
	return nil
}

// Print writes the receipt for people.
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

// PrintCalls writes its list of calls alone.
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
