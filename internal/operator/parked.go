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

// ParkedCall is a call that waits for an operator. It names the call's numbers: who
// amends the customer has to know them.
type ParkedCall struct {
	Run
	workflows.Numbers
}

// Parked reads the parked calls from Temporal's list of runs, oldest first.
func (o *Operator) Parked(ctx context.Context) ([]ParkedCall, error) {
	runs, err := o.listRuns(ctx, workflows.ParkedCalls, 0)
	if err != nil {
		return nil, err
	}
	parked := []ParkedCall{} // not nil, which would be no array in JSON
	for _, run := range runs {
		parked = append(parked, ParkedCall{Run: runOf(run)})
	}
	slices.SortStableFunc(parked, func(a, b ParkedCall) int { return a.StartedAt.Compare(b.StartedAt) })
	return parked, nil
}

// AskParked asks the calls themselves. They know their numbers, and the reason in
// Kustomer's own words, where the list may only be brief. One that does not answer is
// listed all the same.
func (o *Operator) AskParked(ctx context.Context, parked []ParkedCall) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	for i, p := range parked {
		if state, err := o.askState(ctx, p.WorkflowID); err == nil {
			parked[i].Reason, parked[i].Numbers = cmp.Or(state.ParkedBecause, p.Reason), state.Numbers
		}
	}
}

// PrintParked prints parked calls as a table, with what to do about them.
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

// whatToDo names the decisions that finish a parked call.
func whatToDo(id string) string {
	return fmt.Sprintf("Put right what was refused and `starter retry %[1]s`; or change it: `starter amend %[1]s --set field=value`; or go on without that step: `starter skip %[1]s`.", id)
}
