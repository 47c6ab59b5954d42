package workflows

import (
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/callthread/callthread/activities"
	"github.com/callthread/callthread/call"
)

// show writes the call's log to the workflow's current details, which the Web UI shows. The
// last line says what the call waits for.
func (r *run) show(ctx workflow.Context, s State) {
	var lines []string
	day := ""
	for _, entry := range r.record.Log() {
		on, clock, _ := strings.Cut(entry.At.UTC().Format(time.DateTime), " ")
		if on != day { // a parked call may last for days
			day, clock = on, on+" "+clock+" UTC"
		}
		lines = append(lines, "- "+clock+" "+strings.Join(strings.Fields(entry.Text), " "))
	}
	if r.parked != nil {
		lines = append(lines, fmt.Sprintf("- now: waits for an operator to decide: `starter retry %s`, or amend, or skip", r.name()))
	} else if waits := s.WaitsInWords(); waits != "" {
		lines = append(lines, "- now: waits for "+waits)
	}
	// The Web UI does not show the last line, so an empty one is added.
	workflow.SetCurrentDetails(ctx, strings.Join(lines, "\n")+"\n\n\u00a0")
}

// addedFromLog is the log line for events that babelforce's call log added.
const addedFromLog = "babelforce's call log was read, because webhooks are missing. It does not contain variables of the call flow: whether the call came after hours cannot be seen there"

// doneInWords returns the log line for a completed cause of a step.
func doneInWords(cause call.Cause, step call.Step, result activities.StepResult) string {
	switch cause {
	case call.Rang:
		return openedInWords(result)
	case call.CustomerIdentified:
		return "conversation given to the customer"
	case call.Ended:
		return "outcome written: " + string(step.Is.Closing.Facts.Outcome)
	case call.RecordingAvailable:
		return "recording written"
	case call.WrapUpOver:
		return "wrapped up"
	case call.CustomerReached:
		if result.Resolved != "" {
			return "the customer's earlier conversation " + result.Resolved + " no longer has the tags of a lost call"
		}
		return "no earlier lost call of the customer was found"
	}
	latest := step.Is.Latest()
	if latest != nil && result.Agents[latest.Note].Unassigned || latest == nil && result.Placer.Unassigned {
		return "conversation updated, but left unassigned: Kustomer does not know the agent"
	}
	return "conversation handed over"
}

func openedInWords(opened activities.StepResult) string {
	switch {
	case opened.Ignored:
		return "no conversation, because `ignore:` in the automations file names the number"
	case opened.Conversation.ID == "":
		return "no automation opens a conversation for this call"
	case opened.Joined:
		return "the call has joined the customer's open conversation"
	}
	return "conversation opened"
}
