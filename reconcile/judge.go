// Package reconcile compares babelforce's own log of calls with the calls that
// Callthread knows, so that a call whose webhooks never came is seen and, if that is
// wanted, repaired. It asks Kustomer nothing: a repair is a signal to the call's
// workflow, by the same door as a webhook.
//
// What became of a call is decided by [Rules.Judge], which is pure. The activities
// read the log and Temporal's workflow list, and return results without rows:
// no phone number or name leaves them, but to the workflow of the call.
package reconcile

import (
	"slices"
	"time"

	"github.com/callthread/callthread/babelforce"
	"github.com/callthread/callthread/babelforce/calllog"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/workflows"
)

// Result says what became of one call of the log. Every root call has exactly one.
type Result string

// The results.
const (
	Matched   Result = "matched"    // its run has a conversation
	Joined    Result = "joined"     // it was added to a conversation that was there already
	NotWanted Result = "not_wanted" // the automations file wants no conversation for it
	Test      Result = "test"       // a test call of babelforce's

	Missed     Result = "missed"     // nothing knows the call
	Incomplete Result = "incomplete" // its run lacks something that the log has
	Split      Result = "split"      // its run has the id of another leg
	Undecided  Result = "undecided"  // nothing knows the call, and the log does not show whether it was wanted

	Parked     Result = "parked"     // an operator has to decide
	Skipped    Result = "skipped"    // an operator went on without a step
	Terminated Result = "terminated" // its run was ended by hand, or failed
	Forgotten  Result = "forgotten"  // `starter forget` has deleted it

	NotYet     Result = "not_yet"     // the call, or what follows it, is not over
	CannotTell Result = "cannot_tell" // it is older than what Temporal remembers
)

// Results are all of them, in the order of a statement.
var Results = []Result{Matched, Joined, NotWanted, Test, Missed, Incomplete, Split, Undecided, Parked, Skipped, Terminated, Forgotten, NotYet, CannotTell}

// IsPlain reports whether nobody needs to look at a call with this result.
func (r Result) IsPlain() bool { return r == Matched || r == Joined || r == NotWanted || r == Test }

// Why says more about a result.
type Why string

// The reasons.
const (
	NoEnd          Why = "no_end"          // the run waits for an end that the log has
	NoPickUp       Why = "no_pick_up"      // the log has an agent who picked up, whom the run lacks
	NoQueue        Why = "no_queue"        // the log has a queue that the caller waited in, and the run has none
	NoConversation Why = "no_conversation" // the run is over without a conversation
	ByTrigger      Why = "by_trigger"      // the run says so
	ByFile         Why = "by_file"         // there is no run, and by the log the file would not have wanted it
	WaitsKustomer  Why = "waits_for_kustomer"
)

// Verdict is the result of one call.
type Verdict struct {
	CallID string    `json:"callId"`
	Rang   time.Time `json:"rang"`
	Result Result    `json:"result"`
	Why    Why       `json:"why,omitempty"`
	// Run is the workflow id of a split call, which is not that of the call.
	Run string `json:"run,omitempty"`
}

// Run is a call's run as Temporal's workflow list has it.
type Run struct {
	WorkflowID string
	RunID      string
	Began      time.Time
	Status     Status
	Phase      workflows.Phase
	WaitsFor   call.WaitsFor
	AgentID    string
	Outcome    call.Outcome
	HasIt      bool // a conversation
	Marks      []string
	Forgotten  bool // it is what `starter forget` left in the call's place
}

// Status is how a run stands.
type Status int

// The statuses.
const (
	Running Status = iota
	Completed
	Ended // in any other way
)

// Wanted says whether the automations file wants a conversation for a call of the log.
type Wanted int

// What can be said about it.
const (
	Wants Wanted = iota
	WantsNot
	Unknown // a trigger reads what the log does not have
)

// Rules are what a judgement depends on besides the call.
type Rules struct {
	// Now is by babelforce's clock.
	Now time.Time
	// Settle is how long after a call its run may go on: for late reports, recordings and wrap-up.
	Settle time.Duration
	// Transfer is how much longer it may go on where the caller's leg was transferred.
	Transfer time.Duration
	// Longest is how long a call can last: after that, one without an end is judged all the same.
	Longest time.Duration
	// Remembers is how long Temporal keeps a run that has ended.
	Remembers time.Duration
	// Wants says whether the automations file wants a conversation for the call.
	Wants func(calllog.Row) Wanted
}

// Attempts are what the log contains of a call's attempts to reach an agent.
type Attempts struct {
	// Last is the agent who picked up last, zero if no leg says that one did.
	Last babelforce.Agent
	// ByQueue says that a queue rang an agent.
	ByQueue bool
}

// Judge says what became of a root call of the log. The run is nil only if Temporal
// has none for any leg of the call.
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

// isSettled reports whether everything that follows the call has had its time.
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

// ended is when a leg in a final state has ended, as far as its row says.
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
	case isRunning && slices.Contains(needAnEnd, run.WaitsFor):
		return Incomplete, NoEnd
	case !run.HasIt && (has(workflows.MarkNotWanted) || has(workflows.MarkIgnored)):
		return NotWanted, ByTrigger
	case !run.HasIt && isRunning:
		return NotYet, WaitsKustomer
	case !run.HasIt:
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

// needAnEnd are what a run waits for that has not heard of the end of its call.
var needAnEnd = []call.WaitsFor{call.WaitsForCustomer, call.WaitsForAgent, call.WaitsForEnd, call.WaitsForTransfer}
