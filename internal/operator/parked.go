package operator

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"

	"github.com/callthread/callthread/workflows"
)

// ParkedCall is a call that waits for an operator's decision. It contains the call's phone
// numbers, which an operator needs to amend the customer.
type ParkedCall struct {
	Run
	workflows.Numbers
}

// Parked returns the parked calls in Temporal's workflow list, oldest first, without numbers.
func (o *Operator) Parked(ctx context.Context) ([]ParkedCall, error) {
	runs, err := o.listRuns(ctx, workflows.ParkedCalls, 0)
	if err != nil {
		return nil, err
	}
	parked := []ParkedCall{} // JSON: an empty array, not null
	for _, run := range runs {
		parked = append(parked, ParkedCall{Run: runOf(run)})
	}
	slices.SortStableFunc(parked, func(a, b ParkedCall) int { return a.StartedAt.Compare(b.StartedAt) })
	return parked, nil
}

// AskParked queries each parked call and adds its numbers and the full reason in Kustomer's
// words; the workflow list contains only a short one. A call that does not answer stays as it
// is.
func (o *Operator) AskParked(ctx context.Context, parked []ParkedCall) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	for i, p := range parked {
		if state, err := o.askState(ctx, p.WorkflowID); err == nil {
			parked[i].Reason, parked[i].Numbers = cmp.Or(state.ParkedBecause, p.Reason), state.Numbers
		}
	}
}

// PrintParked prints parked calls as a table, followed by the commands that decide on them.
func PrintParked(out io.Writer, parked []ParkedCall) error {
	if len(parked) == 0 {
		_, err := fmt.Fprintln(out, "no call is parked")
		return err
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	row(table, "CALL", "STARTED", "FROM", "TO", "CONVERSATION", "REASON")
	for _, p := range parked {
		row(table, p.CallID, moment(p.StartedAt), from(p.Numbers), p.To, p.ConversationID, p.Reason)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintln(out, "\n"+whatToDo("<call id>"))
	return err
}

// whatToDo names the commands that decide on a parked call.
func whatToDo(id string) string {
	return fmt.Sprintf("Correct in Kustomer what it refused and run `starter retry %[1]s`; or change the values: `starter amend %[1]s --set field=value`; or go on without the step: `starter skip %[1]s`.", id)
}
