package activities

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/kustomer"
	"github.com/callthread/callthread/kustomer/sandbox"
)

func TestAnsweredCallCostsTwoRequests(t *testing.T) {
	o := newOrg(t)
	p := o.answered(t)
	var updated StepResult
	require.Equal(t, 2, o.spent(func() { updated = p.does() }))
	requireTheWholeCallOnce(t, o)
	require.Equal(t, []string{amira.ID}, updated.Conversation.AssignedUsers)
	require.Empty(t, updated.Warnings)
	conversation := o.conversation(t)
	require.Equal(t, "Call from "+caller, conversation.Name)
	require.Equal(t, "open", conversation.Status)
}

func TestEventWithoutAutomationsCostsNothing(t *testing.T) {
	o := newOrg(t)
	o.automate(t, creates)
	p := o.answered(t)
	require.Zero(t, o.spent(func() { require.NotZero(t, p.does().At) }))
}

func TestUnknownAgentIsNotAssigned(t *testing.T) {
	const foreign = "a user to assign is not a Kustomer user id (24 hexadecimal digits): it was left out"
	for name, tc := range map[string]struct{ sourceID, warning string }{
		"no sourceId":             {"", "the agent has no sourceId: the conversation was not assigned"},
		"another system's id":     {"0051t00000AbCdE", foreign},
		"24 characters, none hex": {"zzzzzzzzzzzzzzzzzzzzzzzz", foreign},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOrg(t)
			p := o.opened(t)
			p.picksUp(12, call.Agent{ID: "7", Name: amira.Name, SourceID: tc.sourceID})
			updated := p.does()
			require.Equal(t, []string{tc.warning}, updated.Warnings)
			require.Empty(t, updated.Conversation.AssignedUsers)
			require.Zero(t, o.State().Requests["PUT /v1/conversations/{id}"])
			require.Empty(t, o.conversation(t).AssignedUsers)
			require.Contains(t, o.conversation(t).Tags, "call_answered")
			require.Len(t, o.conversation(t).Notes, 1)
		})
	}
}

func TestWhatPeopleTaggedInBetweenStays(t *testing.T) {
	o := newOrg(t)
	p := o.answered(t)
	_, err := o.client.AddTags(t.Context(), p.conversation.ID, []string{"vip", "refund"})
	require.NoError(t, err)
	_, err = o.client.RemoveTags(t.Context(), p.conversation.ID, []string{"inbound_call"})
	require.NoError(t, err)
	p.does()
	require.Equal(t, []string{"babelforce", "vip", "refund", "call_answered"}, o.conversation(t).Tags)
}

func TestEarlierRunsNoteIsNotRepeated(t *testing.T) {
	o := newOrg(t)
	p := o.answered(t)
	_, err := p.tries()
	require.NoError(t, err)
	p.does(hasEarlierRun)
	requireTheWholeCallOnce(t, o)

	p.picksUp(60, agentBastian) // another note of the same call is not mistaken for it
	p.does(hasEarlierRun)
	require.Len(t, o.conversation(t).Notes, 2)
}

func TestRetryLooksUpItsNoteFirst(t *testing.T) {
	o := newOrg(t)
	p := o.answered(t)
	o.Inject(sandbox.Fault{Method: "POST", Route: "/v1/conversations/{id}/notes", Kind: sandbox.FaultLoseAnswer})
	_, failed := p.repeats()
	require.Len(t, failed, 1)
	requireTheWholeCallOnce(t, o)
	require.Equal(t, 1, o.State().Requests["POST /v1/conversations/{id}/notes"])
}

// A worker that hangs sends no heartbeats. A worker that waits for Kustomer does.
func TestLongStepSendsHeartbeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrg(t)
		o.Inject(sandbox.Fault{Method: "POST", Route: "/v1/conversations", Kind: sandbox.FaultLatency, Latency: heartbeats + time.Second})
		env := quiet().NewTestActivityEnvironment()
		beats := 0
		env.SetOnActivityHeartbeatListener(func(_ *activity.Info, details converter.EncodedValues) {
			beats++
			require.True(t, details.HasValues(), "otherwise an operator's reset hides this attempt")
		})
		env.RegisterActivity(o.CreateConversation)
		_, err := env.ExecuteActivity(o.CreateConversation, o.rings(t, caller).next())
		require.NoError(t, err)
		require.Equal(t, 1, beats)
		require.Less(t, 3*heartbeats, HeartbeatTimeout, "two may be lost")
	})
}

// The next attempt reads the conversation and writes what is missing.
func TestStepContinuesAfterAFailedAttempt(t *testing.T) {
	o := newOrg(t)
	p := o.answered(t)
	o.Inject(sandbox.Fault{Method: "POST", Route: "/v1/conversations/{id}/notes", Kind: sandbox.FaultStatus, Status: 503, Times: 3})
	updated, failed := p.repeats()
	require.Len(t, failed, 3)
	require.Equal(t, []string{amira.ID}, updated.Conversation.AssignedUsers)
	requireTheWholeCallOnce(t, o)
	requests := o.State().Requests
	require.Equal(t, []int{1, 0, 0, 3}, []int{
		requests["PUT /v1/conversations/{id}"], requests[addsTags], requests[removesTags], requests["GET /v1/conversations/{id}"],
	})
}

func TestStepContinuesAfterAPersonsEdit(t *testing.T) {
	o := newOrg(t)
	p := o.answered(t)
	p.edits(kustomer.ConversationUpdate{Priority: 5})
	o.Inject(sandbox.Fault{Method: "POST", Route: "/v1/conversations/{id}/notes", Kind: sandbox.FaultStatus, Status: 503, Times: 3})
	_, failed := p.repeats()
	require.Len(t, failed, 3)
	requireTheWholeCallOnce(t, o)
	require.Equal(t, 1+2, o.State().Requests["PUT /v1/conversations/{id}"], "the person's, the one that came too late, and the one after a look")
}

// Some requests fail. A step need not succeed in one attempt.
func TestWrittenPartsAreNotWrittenAgain(t *testing.T) {
	o := newOrg(t)
	p := o.answered(t)
	p.picksUp(60, agentBastian)
	o.Inject(sandbox.Fault{Method: "POST", Route: "/v1/conversations/{id}/notes", Kind: sandbox.FaultStatus, Status: 503, Skip: 1, Times: 2})
	_, failed := p.repeats()
	require.Len(t, failed, 2)
	require.Len(t, o.conversation(t).Notes, 2)
	require.Equal(t, 4, o.State().Requests["POST /v1/conversations/{id}/notes"], "the first once, the second at the third attempt")
	require.Equal(t, 1, o.State().Requests["PUT /v1/conversations/{id}"])
}

func TestWrongTagsAreRemoved(t *testing.T) {
	o := newOrg(t)
	p := o.opened(t)
	p.ends(90, "hangup")
	p.does()
	require.Equal(t, []string{"babelforce", "inbound_call", "call_lost", "call_abandoned_in_flow"}, o.conversation(t).Tags)
	p.picksUp(12, agentAmira)
	require.Equal(t, []call.Cause{call.PickedUp, call.Ended}, p.next().Causes)
	require.Empty(t, p.does().Warnings)
	require.Equal(t, []string{"babelforce", "inbound_call", "call_answered"}, o.conversation(t).Tags)
	require.Equal(t, []string{amira.ID}, o.conversation(t).AssignedUsers)
	var names []string
	for _, note := range o.conversation(t).Notes {
		names = append(names, note.ExternalID)
	}
	require.Equal(t, []string{"babelforce:k-1:finished", "babelforce:k-1:bridged", "babelforce:k-1:finished-2"}, names)
}

func TestTagsOfTheCorrectedOutcomeStay(t *testing.T) {
	o := newOrg(t)
	o.automate(t, creates+"- { event: call.finished, action: kustomer.conversation.update, options: { tags: { add: [over, \"call_{call.outcome}\"] } } }\n")
	p := o.opened(t)
	p.ends(90, "hangup")
	p.does()
	p.picksUp(12, agentAmira)
	p.does()
	require.Equal(t, []string{"over", "call_answered"}, o.conversation(t).Tags)
}

func TestFullOutcomeCostsThreeRequests(t *testing.T) {
	o := newOrg(t)
	o.automate(t, string(automation.DefaultFile)+
		"  - { event: call.finished, action: kustomer.conversation.update, options: { tags: { add: [over] }, custom: { outcomeStr: \"{call.outcome}\" } } }\n")
	p := o.answered(t)
	p.does()
	p.ends(90, "hangup")
	require.Equal(t, 3, o.spent(func() { require.Empty(t, p.does().Warnings) }), "read; update with tags; note")
	require.Equal(t, []string{"babelforce", "inbound_call", "call_answered", "over"}, o.conversation(t).Tags)
	require.Equal(t, map[string]any{"outcomeStr": "answered"}, o.conversation(t).Custom)
	require.Len(t, o.conversation(t).Notes, 2)
}

// A note alone needs no revision.
func TestOutcomesNoteCostsOneRequest(t *testing.T) {
	o := newOrg(t)
	p := o.answered(t)
	p.does()
	p.ends(90, "hangup")
	require.Equal(t, 1, o.spent(func() { p.does() }))
	require.Len(t, o.conversation(t).Notes, 2)
}

func TestTagsAndANoteCostTwoRequests(t *testing.T) {
	o := newOrg(t)
	p := o.opened(t)
	p.ends(90, "hangup")
	require.Equal(t, 2, o.spent(func() { p.does() }))
	require.Contains(t, o.conversation(t).Tags, "call_abandoned_in_flow")
}

// The reports were delayed: all of them are known when the conversation is opened.
func TestAllDueEventsAreWrittenInOneStep(t *testing.T) {
	o := newOrg(t)
	p := o.rings(t, caller)
	p.picksUp(12, agentAmira)
	p.picksUp(60, agentBastian)
	p.ends(90, "hangup")
	p.does()
	require.Equal(t, []call.Cause{call.PickedUp}, p.record.Next(p.rang).Step.Causes, "late reports may follow the end")
	afterThat := p.record.Next(p.rang.Add(time.Hour)).Step
	require.Equal(t, []call.Cause{call.PickedUp, call.Ended}, afterThat.Causes)
	require.Equal(t, 4, o.spent(func() { p.does(func(in *StepInput) { in.Step = *afterThat }) }), "update; three notes")
	require.Equal(t, []string{bastian.ID}, o.conversation(t).AssignedUsers)
	require.Len(t, o.conversation(t).Notes, 3)
	require.Nil(t, p.record.Next(p.rang.Add(time.Hour)).Step)
}
