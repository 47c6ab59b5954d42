package workflows

import (
	"cmp"
	"slices"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/callthread/callthread/call"
)

// answer returns the state for queries, updates and the result. It includes what is not
// written yet, which is too much work for every workflow task.
func (r *run) answer(ctx workflow.Context) State {
	s := r.state(ctx)
	if !r.conversation.Deleted {
		s.Unwritten = r.record.Unwritten()
	}
	return s
}

// state returns what is known about the call. It depends only on the record and the results
// of steps.
func (r *run) state(ctx workflow.Context) State {
	s := State{
		CallID: r.record.Key, WaitsFor: r.wait.For, Step: r.step,
		Legs: r.record.Legs(), Shadow: r.shadow, Progress: r.progress, InKustomer: r.inKustomer(),
	}
	var facts call.Facts
	if r.record.HasEnded(workflow.Now(ctx)) {
		facts = r.record.Expected()
		s.Outcome, s.Summary = facts.Outcome, facts.Summary
	} else {
		facts = r.record.Facts()
	}
	s.AgentID, s.QueueName, s.Phase = facts.Agent.ID, facts.Queue.Name, r.phase(facts.Outcome)
	s.Numbers, s.AddedFromLog = numbersOf(facts), facts.AddedAt
	for _, report := range r.record.Reports {
		s.Events = append(s.Events, ReportedEvent{
			Kind: report.Kind, LegID: report.Leg.ID, Child: report.Leg.IsChild(), At: report.ReceivedAt, Ignored: report.Ignored, FromLog: report.FromLog,
		})
	}
	switch {
	case r.cancelled:
		s.WaitsFor = ""
	case r.parked != nil:
		s.WaitsFor, s.ParkedBecause = call.WaitsForOperator, r.parked.because
	case r.step != nil:
		s.WaitsFor = call.WaitsForKustomer
	}
	return s
}

func (r *run) inKustomer() InKustomer {
	is := InKustomer{
		ConversationID: r.conversation.ID, ConversationURL: r.conversation.URL, CustomerID: r.conversation.CustomerID,
		Ignored: r.answers.Ignored, Caller: r.answers.Caller, AssignedUsers: r.conversation.AssignedUsers, Automations: r.answers.Automations,
	}
	if r.shadow != nil {
		is.ConversationURL = "" // no such conversation exists
	}
	if is.ConversationID != "" && !r.conversation.Deleted {
		is.ConversationStatus = cmp.Or(r.conversation.Status, "open") // the status of a new conversation in Kustomer
	}
	return is
}

func (r *run) phase(outcome call.Outcome) Phase {
	switch {
	case r.parked != nil:
		return Parked
	case outcome == call.Answered:
		return Finished
	case outcome != "":
		return Missed
	case r.record.IsAnswered():
		return Bridged
	}
	return Ringing
}

// listed are the search attributes of a call, except CallMarks.
type listed map[temporal.SearchAttributeKeyKeyword]string

// listedAtStart returns the search attributes that the webhook receiver sets, and none for a run that
// another client starts. The direction shows which it is, because no upsert changes it: the SDK adds
// what a run upserts to the attributes in its copy of the start.
func listedAtStart(ctx workflow.Context) listed {
	direction, isSet := workflow.GetTypedSearchAttributes(ctx).GetKeyword(CallDirection)
	if !isSet {
		return listed{}
	}
	return listed{CallPhase: string(Ringing), WaitsFor: string(call.WaitsForAgent), CallDirection: direction}
}

// publish shows operators the current state of the call: its log and its search attributes.
// Changed attributes are upserted together, because each upsert is a write for Temporal.
func (r *run) publish(ctx workflow.Context) error {
	s := r.state(ctx)
	r.show(ctx, s)
	var changed []temporal.SearchAttributeUpdate
	now := r.attributes(ctx, s)
	for _, attribute := range SearchAttributes {
		key, isKeyword := attribute.(temporal.SearchAttributeKeyKeyword)
		if !isKeyword {
			continue
		}
		was, is := r.listed[key], now[key]
		switch {
		case is == was:
		case is == "":
			changed = append(changed, key.ValueUnset())
		default:
			changed = append(changed, key.ValueSet(is))
		}
	}
	marks := r.marks()
	isMarked := !slices.Equal(marks, r.marked)
	if len(changed) == 0 && !(r.done && isMarked) { // marks are upserted with other changes, and at the end of the call
		return nil
	}
	r.listed = now
	if isMarked {
		changed = append(changed, CallMarks.ValueSet(marks))
		r.marked = marks
	}
	return workflow.UpsertTypedSearchAttributes(ctx, changed...)
}

func (r *run) attributes(ctx workflow.Context, s State) listed {
	now := listed{
		CallPhase: string(s.Phase), CallOutcome: string(s.Outcome), KustomerConversationID: s.ConversationID,
		AgentID: s.AgentID, QueueName: cut(s.QueueName), CallerHash: r.answers.CallerHash, WaitsFor: r.listedWait(ctx),
		CallDirection: r.listed[CallDirection],
	}
	if now[CallDirection] == "" { // not set at the start
		now[CallDirection] = r.record.Facts().Direction()
	}
	if r.parked != nil {
		now[ParkedBecause] = cut(r.parked.brief)
	}
	return now
}

// marks returns the values of CallMarks for the call.
func (r *run) marks() (marks []Mark) {
	isSkipped := len(r.progress.Skipped) > 0
	for _, mark := range []struct {
		name Mark
		has  bool
	}{
		{MarkJoined, r.answers.Joined},
		{MarkNotWanted, r.record.Opened != nil && !r.record.Opened.Conversation && !isSkipped && !r.answers.Ignored},
		{MarkIgnored, r.answers.Ignored},
		{MarkSkipped, isSkipped},
		{MarkTest, r.record.IsTest()},
		{MarkUnassigned, r.record.Was.IsUnassigned()},
		{MarkFromLog, r.record.Added != nil},
		{MarkReopened, r.isReopened},
	} {
		if mark.has {
			marks = append(marks, mark.name)
		}
	}
	return marks
}

// listedWait returns the value of WaitsFor. A short wait is not worth an upsert.
func (r *run) listedWait(ctx workflow.Context) string {
	const soon = 30 * time.Second
	switch {
	case r.cancelled:
		return ""
	case r.parked != nil:
		return string(call.WaitsForOperator)
	case r.slow:
		return string(call.WaitsForKustomer)
	case r.step != nil && r.record.Was.Closing != nil:
		return r.listed[WaitsFor]
	}
	wait := r.wait
	if r.step != nil {
		wait = r.record.CallWait() // what the call will wait for after the step
	}
	if wait.For == call.WaitsForLateReports || wait.Until.Sub(workflow.Now(ctx)) < soon {
		return ""
	}
	return string(wait.For)
}

// cut truncates a name to what Temporal accepts in a search attribute (2 KB).
func cut(name string) string {
	const limit = 255
	if runes := []rune(name); len(runes) > limit {
		return string(runes[:limit])
	}
	return name
}
