package operator

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/workflows"
)

// sheet prints names and values, and no line for an empty value.
type sheet struct{ *tabwriter.Writer }

func (s sheet) line(name, value string) {
	if value = oneLine(value); value != "" {
		fmt.Fprintf(s, "%s\t%s\n", name, value)
	}
}

func (s sheet) lines(name string, values []string) {
	for _, value := range values {
		s.line(name, value)
		name = "" // only the first line has the name
	}
}

// Print prints the call, a line for each known value, and what an operator can do about it.
func (shown Shown) Print(out io.Writer) error {
	s := sheet{tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)}
	s.run(shown)
	if shown.State == nil {
		s.listed(shown.Call)
	} else {
		s.state(*shown.State)
		s.story(*shown.State, shown.Direction)
		s.shadow(shown.State.Shadow)
		s.lines("Log", shown.Log)
	}
	if err := s.Flush(); err != nil {
		return err
	}
	if next := shown.whatToDo(); next != "" {
		_, err := fmt.Fprintln(out, "\n"+next)
		return err
	}
	return nil
}

// run prints the identity of the call and the status of its run.
func (s sheet) run(shown Shown) {
	s.line("Call", shown.CallID)
	s.line("Way", shown.Direction)
	if shown.State != nil {
		s.line("From", from(shown.State.Numbers))
		s.line("To", shown.State.To)
	}
	s.line("Started", moment(shown.StartedAt))
	if shown.isOver() {
		s.line("Ended", moment(shown.EndedAt))
	}
	s.line("Phase", shown.phase())
	s.byHand(shown)
	if shown.State != nil && !shown.isOver() && !shown.Paused {
		s.line("Waits for", shown.State.WaitsInWords())
	}
	for _, step := range shown.FailedSteps {
		s.line("Last failure", step.inWords())
	}
}

// listed prints what the workflow list contains, for a call that does not answer.
func (s sheet) listed(c Call) {
	s.line("Outcome", c.Outcome)
	s.line("Conversation", c.ConversationID)
	s.line("Agent", c.AgentID)
	s.line("Queue", c.QueueName)
	s.line("Parked because", c.Reason)
}

// byHand prints operators' actions on the run in Temporal.
func (s sheet) byHand(shown Shown) {
	s.line("Run", shown.EndedEarly)
	s.lines("Left undone", shown.LeftUndone)
	if !shown.isOver() && shown.Paused {
		s.line("Waits for", pausedByOperator)
	}
	for _, step := range shown.PausedSteps {
		s.line("Paused", strings.Join(known(step.Activity+" since "+moment(step.Since), step.By, step.Reason), ", "))
	}
}

// whatToDo is what an operator can do about the call, empty if there is nothing to do.
func (shown Shown) whatToDo() string {
	switch {
	case len(shown.LeftUndone) > 0:
		return fmt.Sprintf("Nothing more is written for this call. Do in Kustomer what is left undone, or let the call go on: "+
			"`temporal workflow reset --workflow-id '%s' --type FirstWorkflowTask --reason \"ended by mistake\"`.", shown.WorkflowID)
	case shown.isOver():
		return ""
	case len(shown.PausedSteps) > 0:
		return fmt.Sprintf("`temporal activity unpause --workflow-id '%s' --activity-id %s` lets it go on.", shown.WorkflowID, shown.PausedSteps[0].ActivityID)
	case shown.Paused:
		return fmt.Sprintf("`temporal workflow unpause --workflow-id '%s'` lets it go on.", shown.WorkflowID)
	case shown.State != nil && shown.State.Phase == workflows.Parked:
		return whatToDo(shown.CallID)
	}
	return ""
}

// from is the number of the caller, empty if it is unknown.
func from(numbers workflows.Numbers) string {
	if numbers.Withheld {
		return "withheld"
	}
	return numbers.From
}

// state prints the state of the call.
func (s sheet) state(state workflows.State) {
	s.line("Outcome", outcomeInWords(state.Outcome))
	s.line("Parked because", state.ParkedBecause)
	s.lines("Skipped", state.Skipped)
	s.lines("Warnings", state.Warnings)
	if at := state.AddedFromLog; !at.IsZero() {
		s.line("From the log", moment(at)+": babelforce's call log has what no webhook reported, but no variables of the call flow")
	}
	if s.line("Conversation", state.ConversationID); state.Ignored {
		s.line("Conversation", "none, because `ignore:` in the automations file names the number")
	}
	s.line("", state.ConversationURL)
	s.line("Customer", state.CustomerID)
	s.line("", state.Caller)
	s.line("Queue", state.QueueName)
	s.line("Agent", state.AgentID)
	s.line("Spoke with", strings.Join(state.Summary.Agents, ", "))
	s.line("Assigned to", strings.Join(state.AssignedUsers, ", "))
	s.line("Waited", seconds(state.Summary.WaitSeconds))
	s.line("Talked", seconds(state.Summary.TalkSeconds))
	s.line("Ended by", state.Summary.EndedBy)
	s.lines("Delays", known(delay(state.RingToConversationMS, "from ring to conversation"), delay(state.BridgeToUpdateMS, "from bridge to update")))
	s.line("Automations", state.Automations)
}

// story prints the legs and events of the call.
func (s sheet) story(state workflows.State, direction string) {
	var legs, events []string
	for _, leg := range state.Legs {
		legs = append(legs, leg.InWords(whose(leg, direction))+" ("+strings.Join(known(leg.FinishReason, "leg "+leg.LegID), ", ")+")")
	}
	for _, event := range state.Events {
		events = append(events, moment(event.At)+" "+eventInWords(event))
	}
	s.lines("Legs", legs)
	s.lines("Events", events)
}

// whose describes whose leg it is. An outbound call's leg without an agent id belongs to the other
// side.
func whose(leg call.LegSummary, direction string) string {
	if leg.AgentID == "" && direction == call.Out {
		return "the other side"
	}
	return "agent " + cmp.Or(leg.AgentID, "unknown")
}

func eventInWords(event workflows.ReportedEvent) string {
	words := string(event.Kind)
	if event.Child {
		words += ", of leg " + event.LegID
	}
	if event.FromLog {
		words += ", from babelforce's call log"
	}
	if len(event.Ignored) > 0 {
		words += ", could not read " + strings.Join(event.Ignored, ", ")
	}
	return words
}

// known leaves out empty words.
func known(words ...string) (present []string) {
	for _, word := range words {
		if word != "" {
			present = append(present, word)
		}
	}
	return present
}

func seconds(n *int) string {
	if n == nil {
		return ""
	}
	return automation.SecondsInWords(*n)
}

func delay(ms int64, between string) string {
	if ms == 0 {
		return ""
	}
	return (time.Duration(ms) * time.Millisecond).String() + " " + between
}

func outcomeInWords(outcome call.Outcome) string {
	if name := string(outcome); name != outcome.InWords() {
		return name + " (" + outcome.InWords() + ")"
	}
	return string(outcome)
}
