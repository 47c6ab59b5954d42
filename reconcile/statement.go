package reconcile

import (
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// StatementInput is the input of [StatementWorkflow]: a calendar day or, if set, another window.
type StatementInput struct {
	Window *Window   `json:"window,omitempty"`
	Day    string    `json:"day"`          // such as 2026-11-27; "" means the day before Due
	Zone   string    `json:"zone"`         // an IANA name; "" means UTC
	Due    time.Time `json:"due,omitzero"` // set by the workflow
}

// StatementWorkflow compares one calendar day, even if its calls were compared before.
func StatementWorkflow(ctx workflow.Context, in StatementInput) (Comparison, error) {
	ctx = withOptions(ctx)
	var a *Activities
	if in.Window != nil {
		return statement(ctx, *in.Window)
	}
	in.Due = due(ctx)
	var day Window
	if err := workflow.ExecuteActivity(ctx, a.Day, in).Get(ctx, &day); err != nil {
		return Comparison{}, err
	}
	return statement(ctx, day)
}

// due returns when the Schedule was due or, for a statement that an operator requests, when it
// was requested. The workflow may run on a later day, if no worker or no Temporal ran.
func due(ctx workflow.Context) time.Time {
	if at, isScheduled := workflow.GetTypedSearchAttributes(ctx).GetTime(scheduledFor); isScheduled {
		return at
	}
	return workflow.GetInfo(ctx).WorkflowStartTime
}

// scheduledFor is set by Temporal's Schedules.
var scheduledFor = temporal.NewSearchAttributeKeyTime("TemporalScheduledStartTime")

func statement(ctx workflow.Context, w Window) (Comparison, error) {
	statement := Comparison{Window: Window{From: w.From, To: w.From}}
	for _, chunk := range w.Chunks(defaultChunk) {
		statement.compare(ctx, Part{Window: chunk, Again: true})
	}
	statement.To = w.To
	workflow.SetCurrentDetails(ctx, statement.String())
	return statement, ctx.Err()
}

// inWords are the texts of the results in a statement. They follow a number of calls.
var inWords = map[Result]string{
	Matched: "conversations", Joined: "joined to an earlier conversation", NotWanted: "not wanted", Test: "test calls",
	Missed: "missing", Incomplete: "incomplete", Split: "under the id of another leg", Undecided: "undecided",
	Parked: "parked", Skipped: "with a skipped step", Terminated: "whose run was ended", Forgotten: "forgotten",
	NotYet: "not over", CannotTell: "older than Temporal remembers",
}

// InWords returns the text of the result in a statement. It follows a number of calls.
func (r Result) InWords() string { return inWords[r] }

// String returns the statement: the number of calls in the log and their results. It claims that
// no call is missing only if the comparison is complete.
func (c Comparison) String() string {
	var parts []string
	for _, result := range Results {
		if n := c.Counts[result]; n > 0 && result != Missed {
			parts = append(parts, number(n)+" "+inWords[result])
		}
	}
	missing := number(c.Counts[Missed]) + " missing"
	switch {
	case !c.IsComplete() && c.Counts[Missed] > 0:
		missing = "at least " + missing
	case !c.IsComplete():
		missing = "it is not known whether any is missing, because not everything was compared"
	}
	if len(c.WithoutRow) > 0 {
		missing += "; " + number(len(c.WithoutRow)) + " in Temporal without a row in the log"
	}
	text := number(c.Calls) + " calls in babelforce's log"
	if len(parts) > 0 {
		text += ": " + strings.Join(parts, ", ")
	}
	text += "; " + missing
	if c.Repaired > 0 {
		text += "; " + number(c.Repaired) + " repaired"
	}
	if c.Held > 0 {
		text += "; " + number(c.Held) + " wait for an operator to repair them"
	}
	return text
}

func number(n int) string { return humanize.Comma(int64(n)) }
