package workflows

import (
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"

	"github.com/callthread/callthread/activities"
	"github.com/callthread/callthread/call"
)

// Names that starters, operators and other systems use. They are promises:
// running calls and recorded histories hold them.
const (
	// DefaultTaskQueue is where workers look for calls unless told otherwise.
	DefaultTaskQueue = "calls"

	// QueryState answers with the call's State.
	QueryState = "state"

	// UpdateConversation waits until the call's conversation exists and answers with the State.
	UpdateConversation = "conversation"
	// UpdateRetry, UpdateAmend and UpdateSkip are an operator's decisions on a
	// parked call: try the refused step again; try it again with other values,
	// given as an Amendment; go on without it. Each answers with the
	// State once the call is no longer parked.
	UpdateRetry = "retry"
	UpdateAmend = "amend"
	UpdateSkip  = "skip"
)

// Amendment is the argument of UpdateAmend.
type Amendment = activities.Amendment

// WorkflowID is the id of a call's workflow: one key, one workflow, one conversation.
func WorkflowID(callKey string) string { return "call/" + callKey }

// CallKey is the key of the call whose workflow has this id.
func CallKey(workflowID string) string { return strings.TrimPrefix(workflowID, WorkflowID("")) }

// Phase is where a call is in its life, as operators see it in the list of runs.
type Phase string

// The phases of a call.
const (
	Ringing  Phase = "ringing"  // no agent has picked up yet
	Bridged  Phase = "bridged"  // an agent has picked up
	Finished Phase = "finished" // over, and was answered
	Missed   Phase = "missed"   // over, and nobody answered
	Parked   Phase = "parked"   // Kustomer refused a step; an operator must decide
)

// Phases are all there are.
var Phases = []Phase{Ringing, Bridged, Finished, Missed, Parked}

// Search attributes, all Keyword. None ever holds a phone number or a person's name.
var (
	CallPhase              = temporal.NewSearchAttributeKeyKeyword("CallPhase")
	CallOutcome            = temporal.NewSearchAttributeKeyKeyword("CallOutcome")
	CallDirection          = temporal.NewSearchAttributeKeyKeyword("CallDirection")
	KustomerConversationID = temporal.NewSearchAttributeKeyKeyword("KustomerConversationId")
	AgentID                = temporal.NewSearchAttributeKeyKeyword("AgentId")
	QueueName              = temporal.NewSearchAttributeKeyKeyword("QueueName")
	// CallerHash is the keyed hash of the customer's number, by which `starter find` finds calls.
	CallerHash = temporal.NewSearchAttributeKeyKeyword("CallerHash")
	// ParkedBecause says what Kustomer refused and why, while a call is parked.
	ParkedBecause = temporal.NewSearchAttributeKeyKeyword("ParkedBecause")
)

// SearchAttributes is every search attribute that CallWorkflow uses.
var SearchAttributes = []temporal.SearchAttributeKeyKeyword{
	CallPhase, CallOutcome, CallDirection, KustomerConversationID, AgentID, QueueName, CallerHash, ParkedBecause,
}

// ParkedCalls finds the calls that wait for an operator in Temporal's list of
// runs. One that was terminated while it was parked keeps the phase, and nothing
// can be decided on it any more.
const ParkedCalls = `CallPhase = "parked" AND ExecutionStatus = "Running"`

// CallInput starts a call's workflow.
type CallInput struct {
	// Key is the parent leg's id.
	Key string `json:"key"`
	// First is the event that started the workflow, unless it comes as a signal.
	First *call.Event `json:"first,omitempty"`
	// Patience is how long each stage may take; zero values mean the defaults.
	Patience Patience `json:"patience,omitzero"`
}

// Patience is how long a call waits for events that may never come.
type Patience struct {
	// Bridge is how long after the first event a call may go unanswered before it counts as missed.
	Bridge time.Duration `json:"bridge,omitempty"`
	// End is how long after that an answered call may go on before its end is no longer waited for.
	End time.Duration `json:"end,omitempty"`
	// Settle is how long after the end of the parent leg overtaken events are still waited for.
	Settle time.Duration `json:"settle,omitempty"`
	// Recording is how long after the end of a call its recordings are waited for, where an automation wants them.
	Recording time.Duration `json:"recording,omitempty"`
}

// State is what is known of a call and what it waits for: the answer to the
// query "state" and the result of the finished workflow.
type State struct {
	CallID          string `json:"callId"`
	Phase           Phase  `json:"phase"`
	ConversationID  string `json:"conversationId,omitempty"`
	ConversationURL string `json:"conversationUrl,omitempty"`
	CustomerID      string `json:"customerId,omitempty"`
	// Caller says in words why the conversation belongs to that customer.
	Caller        string       `json:"caller,omitempty"`
	AgentID       string       `json:"agentId,omitempty"`
	AssignedUsers []string     `json:"assignedUsers,omitempty"`
	QueueName     string       `json:"queueName,omitempty"`
	Outcome       call.Outcome `json:"outcome,omitempty"`
	// Summary is what the call came down to, once it is over.
	Summary call.Summary `json:"summary,omitzero"`
	// Legs are the tries to reach an agent that have ended, in the order of hearing.
	Legs []LegState `json:"legs,omitempty"`
	// Events are those heard so far, in the order of hearing, repeated deliveries left out.
	Events []HeardEvent `json:"events,omitempty"`
	// WaitsFor says in words what the call waits for; empty when it is over.
	WaitsFor string `json:"waitsFor,omitempty"`
	// ParkedBecause says why Kustomer refused a step, while the call is parked for it.
	ParkedBecause string `json:"parkedBecause,omitempty"`
	// Automations is the version of the automations file that the conversation was opened with.
	Automations string `json:"automations,omitempty"`
	// Skipped are the steps that an operator left out.
	Skipped []string `json:"skipped,omitempty"`
	// Warnings say what was left out of the conversation, and why.
	Warnings []string `json:"warnings,omitempty"`
	// RingToConversationMS is from the arrival of the first event to the conversation's existence, in milliseconds.
	RingToConversationMS int64 `json:"ringToConversationMs,omitempty"`
	// BridgeToUpdateMS is from the arrival of the first bridge to the finished update, in milliseconds.
	BridgeToUpdateMS int64 `json:"bridgeToUpdateMs,omitempty"`
}

// HeardEvent is one event in a call's State.
type HeardEvent struct {
	Kind  call.Kind `json:"kind"`
	LegID string    `json:"legId"`
	At    time.Time `json:"at"`
	// Child says that the event was about an attempt to reach an agent, not the caller's own leg.
	Child bool `json:"child,omitempty"`
}
