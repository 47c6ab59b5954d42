package workflows

import (
	"slices"
	"time"

	"github.com/callthread/callthread/call"
)

// State is what is known about a call and what it waits for. The query "state" returns it,
// and the result of a completed run contains it. Reports that arrive during a step are
// included.
type State struct {
	CallID string `json:"callId"`
	Phase  Phase  `json:"phase"`
	// WaitsFor is empty when the call is over.
	WaitsFor call.WaitsFor `json:"waitsFor,omitempty"`
	// Step is the current or parked step, nil if there is none. If the run was terminated
	// during the step, the step may be done.
	Step *StepState `json:"step,omitempty"`
	// Unwritten is what is still to be written to the conversation.
	Unwritten []call.Cause `json:"unwritten,omitempty"`
	// ParkedBecause says why Kustomer refused a step, while the call is parked.
	ParkedBecause string `json:"parkedBecause,omitempty"`
	AgentID       string `json:"agentId,omitempty"`
	QueueName     string `json:"queueName,omitempty"`
	// Outcome is set when the call has ended. A late report may still correct it.
	Outcome call.Outcome `json:"outcome,omitempty"`
	Summary call.Summary `json:"summary,omitzero"`
	// Legs are the completed attempts to reach an agent, in the order in which they were
	// reported.
	Legs []call.LegSummary `json:"legs,omitempty"`
	// Events are the reports received so far, in order of arrival, without repetitions.
	Events []ReportedEvent `json:"events,omitempty"`
	// Shadow is what a call in shadow would have written. It is nil for a live call.
	Shadow *Shadow `json:"shadow,omitempty"`
	// AddedFromLog is when babelforce's call log added events that no webhook had reported.
	// It is zero if it added none.
	AddedFromLog time.Time `json:"addedFromLog,omitzero"`
	Numbers
	InKustomer
	Progress
}

// WaitsInWords returns what the call waits for, as operators read it. It returns "" when
// the call is over.
func (s State) WaitsInWords() string {
	switch {
	case s.Step == nil, s.WaitsFor == "":
		return s.WaitsFor.InWords()
	case s.WaitsFor == call.WaitsForOperator:
		return "an operator to retry, amend or skip: " + s.Step.InWords()
	}
	return "Kustomer to " + s.Step.InWords()
}

// LeftUndone returns what a run leaves undone if it ends in this state, as operators read
// it.
func (s State) LeftUndone() (undone []string) {
	for _, cause := range s.Unwritten {
		words := call.Step{Causes: []call.Cause{cause}}.InWords()
		if s.Step != nil && s.Phase != Parked && slices.Contains(s.Step.Causes, cause) {
			words += ", which was under way and may be done"
		}
		undone = append(undone, words)
	}
	if s.ConversationStatus != "" && s.ConversationStatus != "done" {
		undone = append(undone, "the conversation is still "+s.ConversationStatus)
	}
	return undone
}

// StepState is a step that changes the conversation.
type StepState struct {
	Causes []call.Cause `json:"causes"`
	Since  time.Time    `json:"since"`
}

// InWords returns the step as operators read it.
func (s StepState) InWords() string { return call.Step{Causes: s.Causes}.InWords() }

// Numbers are the phone numbers of a call, as babelforce reported them.
type Numbers struct {
	// From is the number that called, empty if it is withheld.
	From string `json:"from,omitempty"`
	// To is the number that was called.
	To string `json:"to,omitempty"`
	// Withheld says that the caller withheld the number.
	Withheld bool `json:"withheld,omitempty"`
}

func numbersOf(facts call.Facts) Numbers {
	n := Numbers{From: facts.Leg.From, To: facts.Leg.To, Withheld: facts.Leg.Anonymous}
	if n.Withheld {
		n.From = ""
	}
	return n
}

// InKustomer identifies the call's conversation in Kustomer.
type InKustomer struct {
	ConversationID  string `json:"conversationId,omitempty"`
	ConversationURL string `json:"conversationUrl,omitempty"`
	CustomerID      string `json:"customerId,omitempty"`
	// ConversationStatus is open, snoozed or done, as the last step left it. It is empty
	// without a conversation.
	ConversationStatus string `json:"conversationStatus,omitempty"`
	// Ignored says that there is no conversation because the automations file's "ignore" names the call.
	Ignored bool `json:"ignored,omitempty"`
	// Caller says why the conversation belongs to that customer.
	Caller string `json:"caller,omitempty"`
	// AssignedUsers are the Kustomer users who were assigned after the last step.
	AssignedUsers []string `json:"assignedUsers,omitempty"`
	// Automations is the version of the automations file that the conversation was opened
	// with.
	Automations string `json:"automations,omitempty"`
}

// Progress is what steps left out, and how long callers and agents waited for them.
type Progress struct {
	// Skipped are the steps that operators skipped.
	Skipped []string `json:"skipped,omitempty"`
	// Warnings say what was left out of the conversation, and why.
	Warnings []string `json:"warnings,omitempty"`
	// RingToConversationMS is the time from the arrival of the first report until the
	// conversation existed, in milliseconds.
	RingToConversationMS int64 `json:"ringToConversationMs,omitempty"`
	// BridgeToUpdateMS is the time from the arrival of the first pick-up until the update
	// was completed, in milliseconds.
	BridgeToUpdateMS int64 `json:"bridgeToUpdateMs,omitempty"`
}

// ReportedEvent is one report in a call's State.
type ReportedEvent struct {
	Kind  call.Kind `json:"kind"`
	LegID string    `json:"legId"`
	At    time.Time `json:"at"`
	// Child says that the report is about an attempt to reach an agent, not about the
	// caller's own leg.
	Child bool `json:"child,omitempty"`
	// Ignored names the fields that could not be read and were left out.
	Ignored []string `json:"ignored,omitempty"`
	// FromLog says that the event comes from babelforce's call log, and no webhook reported
	// it.
	FromLog bool `json:"fromLog,omitempty"`
}
