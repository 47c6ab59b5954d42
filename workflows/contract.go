package workflows

import (
	"strings"

	"go.temporal.io/sdk/temporal"

	"github.com/callthread/callthread/activities"
	"github.com/callthread/callthread/call"
)

// Names that starters, operators and other systems use. They must not change: running calls
// and recorded histories contain them.
const (
	// DefaultTaskQueue is the default task queue of workers.
	DefaultTaskQueue = "calls"

	// SignalLog is the signal with a [call.FromLog], the content of babelforce's call log
	// for this call. The other signals have the names of the kinds of events.
	SignalLog = "log"

	// QueryState returns the call's [State].
	QueryState = "state"
	// QueryCarried returns the [Carried] with which the run would complete now.
	QueryCarried = "carried"

	// UpdateAwaitConversation waits until the call's conversation exists, or it is certain that the
	// call gets none, and returns the [State].
	UpdateAwaitConversation = "conversation"
	// UpdateRetry, UpdateAmend and UpdateSkip are an operator's decisions on a parked call:
	// retry the refused step, retry it with the values of an [Amendment], or continue
	// without it. Each returns the [State] once the call is no longer parked.
	UpdateRetry = "retry"
	UpdateAmend = "amend"
	UpdateSkip  = "skip"
)

// NotParked is the type of the error for a decision on a call that is not parked.
const NotParked = "NotParked"

// Amendment is the argument of UpdateAmend.
type Amendment = activities.Amendment

// WorkflowID returns the workflow id of a call. One key is one workflow and one
// conversation.
func WorkflowID(callKey string) string { return "call/" + callKey }

// CallKey returns the key of the call with a workflow id.
func CallKey(workflowID string) string { return strings.TrimPrefix(workflowID, WorkflowID("")) }

// ShadowID returns the workflow id of a call in shadow, which may run beside the live call.
func ShadowID(callKey string) string { return "shadow/" + callKey }

// ShadowTaskQueue returns the task queue of calls in shadow for a task queue of live calls.
func ShadowTaskQueue(live string) string { return live + "-shadow" }

// Phase is the state of a call, as operators see it in the workflow list.
type Phase string

// The phases of a call.
const (
	Ringing  Phase = "ringing"  // no agent has picked up yet
	Bridged  Phase = "bridged"  // an agent has picked up
	Finished Phase = "finished" // the call has ended and was answered
	Missed   Phase = "missed"   // the call has ended and no agent answered
	Parked   Phase = "parked"   // Kustomer refused a step, and an operator must decide
)

// Phases are all values of Phase.
var Phases = []Phase{Ringing, Bridged, Finished, Missed, Parked}

// The search attributes of a call. None contains a phone number or a person's name.
var (
	CallPhase              = temporal.NewSearchAttributeKeyKeyword("CallPhase")
	CallOutcome            = temporal.NewSearchAttributeKeyKeyword("CallOutcome")
	CallDirection          = temporal.NewSearchAttributeKeyKeyword("CallDirection")
	KustomerConversationID = temporal.NewSearchAttributeKeyKeyword("KustomerConversationId")
	AgentID                = temporal.NewSearchAttributeKeyKeyword("AgentId")
	QueueName              = temporal.NewSearchAttributeKeyKeyword("QueueName")
	// CallerHash is the keyed hash of the customer's number. `starter find` finds calls by
	// it.
	CallerHash = temporal.NewSearchAttributeKeyKeyword("CallerHash")
	// WaitsFor says what a call waits for ([call.WaitsFor]). It is empty while the call
	// waits for seconds only, and when the call is over.
	WaitsFor = temporal.NewSearchAttributeKeyKeyword("WaitsFor")
	// ParkedBecause says what Kustomer refused and why, while a call is parked.
	ParkedBecause = temporal.NewSearchAttributeKeyKeyword("ParkedBecause")
	// CallMarks are the call's Marks. The comparison with babelforce's call log uses them.
	CallMarks = temporal.NewSearchAttributeKeyKeywordList("CallMarks")
)

// Mark is one value of CallMarks.
type Mark = string

// The marks of a call.
const (
	MarkJoined     Mark = "joined"     // the call was added to an earlier call's conversation
	MarkNotWanted  Mark = "not_wanted" // no automation opens a conversation for it
	MarkIgnored    Mark = "ignored"    // the automations file's "ignore" names it
	MarkSkipped    Mark = "skipped"    // an operator skipped a step
	MarkTest       Mark = "test"       // babelforce made the call as a test
	MarkUnassigned Mark = "unassigned" // Kustomer does not know the agent who has the call
	MarkReopened   Mark = "reopened"   // the run continues a completed run, and replaces it in lists and counts
	MarkFromLog    Mark = "from_log"   // babelforce's call log added events that no webhook had reported
)

// SearchAttributes are the search attributes that CallWorkflow uses. On PostgreSQL,
// Temporal supports ten Keywords and three KeywordLists.
var SearchAttributes = []temporal.SearchAttributeKey{
	CallPhase, WaitsFor, CallOutcome, CallDirection, KustomerConversationID, AgentID, QueueName, CallerHash, ParkedBecause, CallMarks,
}

// ParkedCalls is the visibility query for calls that wait for an operator. A call that was
// terminated while it was parked keeps the phase, but no longer accepts a decision, so the
// query leaves it out.
const ParkedCalls = `CallPhase = "parked" AND ExecutionStatus = "Running"`

// ForgottenCall is the workflow type with which `starter forget` replaces a call, under the
// call's workflow id. The run is empty and completes at once. It prevents a late webhook or
// a comparison from starting the call again.
const ForgottenCall = "ForgottenCall"

// CallInput is the input of CallWorkflow.
type CallInput struct {
	// Key is the id of the parent leg.
	Key string `json:"key"`
	// First is the event that started the workflow. It is nil if the event arrives as a
	// signal.
	First *call.Event `json:"first,omitempty"`
	// Limits are the time limits of each stage. A zero value means the default.
	Limits call.Limits `json:"limits,omitzero"`
	// Earlier is the state from which the run continues, if an earlier run of the call
	// completed.
	Earlier *Carried `json:"earlier,omitempty"`
	// Shadow says that nothing is written to Kustomer: the run only shows what would be
	// written.
	Shadow bool `json:"shadow,omitempty"`
}

// workflowID returns the workflow id of a run with this input.
func (in CallInput) workflowID() string {
	if in.Shadow {
		return ShadowID(in.Key)
	}
	return WorkflowID(in.Key)
}

// Ended is the result of a completed run.
type Ended struct {
	State
	Carried Carried `json:"carried"`
}

// Carried is the state from which a later run of the call continues. Only a comparison with
// babelforce's call log starts a later run, if the log contains events that were never
// reported.
type Carried struct {
	Record       call.Record             `json:"record"`
	Conversation activities.Conversation `json:"conversation,omitzero"`
	Answers      Answers                 `json:"answers,omitzero"`
	Progress     Progress                `json:"progress,omitzero"`
}

// Answers are the results of steps, besides the conversation.
type Answers struct {
	// Caller says why the conversation belongs to its customer.
	Caller      string `json:"caller,omitempty"`
	CallerHash  string `json:"callerHash,omitempty"`
	Automations string `json:"automations,omitempty"` // the version of the file that opened the conversation
	Joined      bool   `json:"joined,omitempty"`      // the call joined an earlier call's conversation
	Ignored     bool   `json:"ignored,omitempty"`     // the automations file's "ignore" names the call
}
