// Package reconcile compares babelforce's call log with the calls that Callthread knows. It finds
// calls whose webhooks were lost and, if configured, repairs them. A repair is a signal to the
// call's workflow with the reports that the log contains. The package sends no requests to
// Kustomer.
//
// [Rules.Judge] decides the result of a call. It is pure. The activities read the log and
// Temporal's workflow list. Their results contain counts and call ids; names and phone numbers
// are sent only to the call's own workflow.
package reconcile

import (
	"slices"
	"time"

	"github.com/callthread/callthread/babelforce"
	"github.com/callthread/callthread/babelforce/calllog"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/workflows"
)

// Result is the result of comparing one call of the log. Every root call has exactly one.
type Result string

// The results.
const (
	Matched   Result = "matched"    // the call's run has a conversation
	Joined    Result = "joined"     // the call was added to an existing conversation
	NotWanted Result = "not_wanted" // the automations file opens no conversation for the call
	Test      Result = "test"       // a test call by babelforce

	Missed     Result = "missed"     // the call has no run
	Incomplete Result = "incomplete" // the call's run lacks something that the log contains
	Split      Result = "split"      // the call's run has the id of another leg
	Undecided  Result = "undecided"  // the call has no run, and the log does not show whether it was wanted

	Parked     Result = "parked"     // an operator must decide
	Skipped    Result = "skipped"    // an operator skipped a step
	Terminated Result = "terminated" // the run was terminated by hand, or failed
	Forgotten  Result = "forgotten"  // `starter forget` has deleted the call

	NotYet     Result = "not_yet"     // the call is not over, late reports may follow, or it could not be read
	CannotTell Result = "cannot_tell" // the call is older than Temporal's retention
)

// Results are all results, in the order of a statement.
var Results = []Result{Matched, Joined, NotWanted, Test, Missed, Incomplete, Split, Undecided, Parked, Skipped, Terminated, Forgotten, NotYet, CannotTell}

// IsPlain reports whether a call with this result needs no attention.
func (r Result) IsPlain() bool { return r == Matched || r == Joined || r == NotWanted || r == Test }

// Why is the reason for a result.
type Why string

// The reasons.
const (
	NoEnd          Why = "no_end"             // the run waits for an end that the log contains
	NoPickUp       Why = "no_pick_up"         // the run lacks an agent who picked up
	NoQueue        Why = "no_queue"           // the run lacks the queue in which the caller waited
	NoConversation Why = "no_conversation"    // the run is over without a conversation
	ByTrigger      Why = "by_trigger"         // the run records that no automation opened a conversation
	ByFile         Why = "by_file"            // there is no run, and the file would not have opened a conversation
	WaitsKustomer  Why = "waits_for_kustomer" // the run waits for Kustomer
	Unread         Why = "unread"             // the call's legs or its run could not be read
)

// Verdict is the result of one call.
type Verdict struct {
	CallID string    `json:"callId"`
	Rang   time.Time `json:"rang"`
	Result Result    `json:"result"`
	Why    Why       `json:"why,omitempty"`
	// Run is the workflow id of a split call, which differs from the call's workflow id.
	Run string `json:"run,omitempty"`
}

// Run is a call's run as Temporal's workflow list shows it.
type Run struct {
	WorkflowID      string
	RunID           string
	Began           time.Time
	Status          Status
	Phase           workflows.Phase
	WaitsFor        call.WaitsFor
	AgentID         string
	Outcome         call.Outcome
	HasConversation bool // the run has a conversation
	Marks           []string
	Forgotten       bool // the run replaces a call that `starter forget` deleted
}

// Status is the status of a run.
type Status int

// The statuses.
const (
	Running Status = iota
	Completed
	Ended // closed in any other way
)

// Wanted is whether the automations file opens a conversation for a call of the log.
type Wanted int

// The values of [Wanted].
const (
	Wants Wanted = iota
	WantsNot
	Unknown // a trigger reads a value that the log does not contain
)

// Rules are the inputs of a judgement that do not belong to the call.
type Rules struct {
	// Now is the time of babelforce's clock.
	Now time.Time
	// Settle is how long a run may continue after its call, for late reports, recordings and wrap-up.
	Settle time.Duration
	// Transfer is how much longer a run may continue if the caller's leg was transferred.
	Transfer time.Duration
	// Longest is how long a call can last. An older call is judged even if it has no end.
	Longest time.Duration
	// Remembers is how long Temporal keeps a closed run.
	Remembers time.Duration
	// Wants reports whether the automations file opens a conversation for the call.
	Wants func(calllog.Row) Wanted
}

// Attempts is what the log contains about a call's attempts to reach an agent.
type Attempts struct {
	// Last is the last agent who picked up, or zero if the log's legs do not name one.
	Last babelforce.Agent
	// ByQueue is set if a queue rang an agent.
	ByQueue bool
	// Lasting is set if a leg to an agent has not ended.
	Lasting bool
}

// Judge returns the result of a root call of the log. run is nil only if Temporal has no run for
// any leg of the call.
func (r Rules) Judge(root calllog.Row, attempts Attempts, run *Run) Verdict {
	v := Verdict{CallID: root.Call.ID, Rang: root.Call.DateCreated}
	switch {
	case root.IsTest():
		v.Result = Test
	case !r.isSettled(root):
		v.Result = NotYet
	case run == nil:
		v.Result, v.Why = r.withoutRun(root)
	case run.Forgotten:
		v.Result = Forgotten
	case run.WorkflowID != workflows.WorkflowID(v.CallID):
		v.Result, v.Run = Split, run.WorkflowID
	default:
		v.Result, v.Why = judgeRun(root, attempts, run)
	}
	return v
}

// isSettled reports whether the time for everything that follows the call is over.
func (r Rules) isSettled(root calllog.Row) bool {
	if !root.IsFinal() {
		return root.Call.DateCreated.Add(r.Longest).Before(r.Now)
	}
	settled := ended(root).Add(r.Settle)
	if root.Call.FinishReason == "transferred" {
		settled = settled.Add(r.Transfer)
	}
	return settled.Before(r.Now)
}

// ended returns when a leg in a final state ended. If the row contains neither that time nor a
// duration, it is when the leg was created.
func ended(row calllog.Row) time.Time {
	switch {
	case !row.Call.DateFinished.IsZero():
		return row.Call.DateFinished
	case row.Call.Duration != nil:
		return row.Call.DateCreated.Add(time.Duration(*row.Call.Duration) * time.Second)
	}
	return row.Call.DateCreated
}

func (r Rules) withoutRun(root calllog.Row) (Result, Why) {
	if ended(root).Add(r.Remembers).Before(r.Now) {
		return CannotTell, ""
	}
	switch r.Wants(root) {
	case WantsNot:
		return NotWanted, ByFile
	case Unknown:
		return Undecided, ""
	}
	return Missed, ""
}

// judgeRun compares a settled call with its run.
func judgeRun(root calllog.Row, attempts Attempts, run *Run) (Result, Why) {
	has := func(mark string) bool { return slices.Contains(run.Marks, mark) }
	isRunning := run.Status == Running
	switch {
	case run.Status == Ended:
		return Terminated, ""
	case isRunning && run.Phase == workflows.Parked:
		return Parked, ""
	case has(workflows.MarkSkipped):
		return Skipped, ""
	case isRunning && run.WaitsFor == call.WaitsForTransfer && attempts.Lasting:
		return NotYet, "" // the next agent talks
	case isRunning && slices.Contains(needAnEnd, run.WaitsFor):
		return Incomplete, NoEnd
	case !run.HasConversation && (has(workflows.MarkNotWanted) || has(workflows.MarkIgnored)):
		return NotWanted, ByTrigger
	case !run.HasConversation && isRunning:
		return NotYet, WaitsKustomer
	case !run.HasConversation:
		return Incomplete, NoConversation
	case root.Agent.ID != "" && run.AgentID == "", attempts.Last.ID != "" && attempts.Last.ID != run.AgentID:
		return Incomplete, NoPickUp
	case attempts.ByQueue && (run.Outcome == call.AbandonedInFlow || run.Outcome == call.EndedByFlow):
		return Incomplete, NoQueue
	case isRunning && run.WaitsFor == call.WaitsForKustomer:
		return NotYet, WaitsKustomer
	case has(workflows.MarkJoined):
		return Joined, ""
	}
	return Matched, ""
}

// needAnEnd are the waits of a run that has not received the end of its call.
var needAnEnd = []call.WaitsFor{call.WaitsForCustomer, call.WaitsForAgent, call.WaitsForEnd, call.WaitsForTransfer}
