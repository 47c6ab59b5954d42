package workflows

import (
	"strings"

	"go.temporal.io/sdk/temporal"

	"github.com/callthread/callthread/activities"
	"github.com/callthread/callthread/call"
)

// Names that starters, operators and other systems use. They are promises:
// running calls and recorded histories hold them.
const (
	// DefaultTaskQueue is where workers look for calls unless told otherwise.
	DefaultTaskQueue = "calls"

	// SignalLog carries a call.FromLog: what babelforce's call log contains of the call.
	// The other signals are named after the kinds of events.
	SignalLog = "log"

	// QueryState answers with the call's State.
	QueryState = "state"
	// QueryCarried answers with the Carried that a run would complete with now.
	QueryCarried = "carried"

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

// NotParked is the type of the error that refuses a decision on a call that is not parked.
const NotParked = "NotParked"

// Amendment is the argument of UpdateAmend.
type Amendment = activities.Amendment

// WorkflowID is the id of a call's workflow: one key, one workflow, one conversation.
func WorkflowID(callKey string) string { return "call/" + callKey }

// CallKey is the key of the call whose workflow has this id.
func CallKey(workflowID string) string { return strings.TrimPrefix(workflowID, WorkflowID("")) }

// ShadowID is the id of a call's workflow in shadow, beside a live one of the same call.
func ShadowID(callKey string) string { return "shadow/" + callKey }

// ShadowTaskQueue is where workers look for calls in shadow, where live ones are on a task queue.
func ShadowTaskQueue(live string) string { return live + "-shadow" }

// Phase is where a call is in its life, as operators see it in the list of runs.
type Phase string

// The phases of a call.
const (
	Ringing  Phase = "ringing"  // no agent has picked up yet
	Bridged  Phase = "bridged"  // an agent has picked up
	Finished Phase = "finished" // the call has ended, and was answered
	Missed   Phase = "missed"   // the call has ended, and nobody answered
	Parked   Phase = "parked"   // Kustomer refused a step; an operator must decide
)

// Phases are all there are.
var Phases = []Phase{Ringing, Bridged, Finished, Missed, Parked}

// Search attributes. None ever holds a phone number or a person's name.
var (
	CallPhase              = temporal.NewSearchAttributeKeyKeyword("CallPhase")
	CallOutcome            = temporal.NewSearchAttributeKeyKeyword("CallOutcome")
	CallDirection          = temporal.NewSearchAttributeKeyKeyword("CallDirection")
	KustomerConversationID = temporal.NewSearchAttributeKeyKeyword("KustomerConversationId")
	AgentID                = temporal.NewSearchAttributeKeyKeyword("AgentId")
	QueueName              = temporal.NewSearchAttributeKeyKeyword("QueueName")
	// CallerHash is the keyed hash of the customer's number, by which `starter find` finds calls.
	CallerHash = temporal.NewSearchAttributeKeyKeyword("CallerHash")
	// WaitsFor says what a call waits for (call.WaitsFor). It is empty for waits of seconds and when the call is over.
	WaitsFor = temporal.NewSearchAttributeKeyKeyword("WaitsFor")
	// ParkedBecause says what Kustomer refused and why, while a call is parked.
	ParkedBecause = temporal.NewSearchAttributeKeyKeyword("ParkedBecause")
	// CallMarks are a call's Marks: what comparing calls with babelforce's log has to know about them.
	CallMarks = temporal.NewSearchAttributeKeyKeywordList("CallMarks")
)

// Mark is one value of CallMarks.
type Mark = string

// The marks of a call.
const (
	MarkJoined     Mark = "joined"     // it was added to a conversation that was there already
	MarkNotWanted  Mark = "not_wanted" // no automation opens a conversation for it
	MarkIgnored    Mark = "ignored"    // the automations file's "ignore" names it
	MarkSkipped    Mark = "skipped"    // an operator went on without a step
	MarkUnassigned Mark = "unassigned" // Kustomer does not know the agent who has it
	MarkReopened   Mark = "reopened"   // it goes on from a completed run, which it replaces in lists and counts
	MarkFromLog    Mark = "from_log"   // babelforce's call log added what no webhook had reported
)

// SearchAttributes is every search attribute that CallWorkflow uses. PostgreSQL
// has room for ten Keywords and three KeywordLists.
var SearchAttributes = []temporal.SearchAttributeKey{
	CallPhase, WaitsFor, CallOutcome, CallDirection, KustomerConversationID, AgentID, QueueName, CallerHash, ParkedBecause, CallMarks,
}

// ParkedCalls finds the calls that wait for an operator in Temporal's list of
// runs. One that was terminated while it was parked keeps the phase, and nothing
// can be decided on it any more.
const ParkedCalls = `CallPhase = "parked" AND ExecutionStatus = "Running"`

// ForgottenCall is the workflow type of what `starter forget` leaves in a call's
// place, under its workflow id: a run without anything in it that was ended at
// once, so that neither a late webhook nor a comparison takes the call for a new one.
const ForgottenCall = "ForgottenCall"

// CallInput starts a call's workflow.
type CallInput struct {
	// Key is the parent leg's id.
	Key string `json:"key"`
	// First is the event that started the workflow, unless it comes as a signal.
	First *call.Event `json:"first,omitempty"`
	// Limits are how long each stage may take; zero values mean the defaults.
	Limits call.Limits `json:"limits,omitzero"`
	// Earlier is where the call's last run has completed, if this one goes on from there.
	Earlier *Carried `json:"earlier,omitempty"`
	// Shadow says that nothing is written to Kustomer: the run only shows what would be.
	Shadow bool `json:"shadow,omitempty"`
}

// workflowID is the id of the run that this is the input of.
func (in CallInput) workflowID() string {
	if in.Shadow {
		return ShadowID(in.Key)
	}
	return WorkflowID(in.Key)
}

// Ended is the result of a run that has completed.
type Ended struct {
	State
	Carried Carried `json:"carried"`
}

// Carried is what a later run of a call goes on from. Only a comparison with
// babelforce's call log begins one, if the log contains what was never reported.
type Carried struct {
	Record       call.Record             `json:"record"`
	Conversation activities.Conversation `json:"conversation,omitzero"`
	Answers      Answers                 `json:"answers,omitzero"`
	Progress     Progress                `json:"progress,omitzero"`
}

// Answers are what steps have found out, beside the conversation.
type Answers struct {
	// Caller says in words why the conversation belongs to its customer.
	Caller      string `json:"caller,omitempty"`
	CallerHash  string `json:"callerHash,omitempty"`
	Automations string `json:"automations,omitempty"` // the version of the file that opened it
	Joined      bool   `json:"joined,omitempty"`      // an earlier call's conversation
	Ignored     bool   `json:"ignored,omitempty"`     // the automations file's "ignore" names the call
}
