package activities

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"

	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/kustomer"
	"github.com/callthread/callthread/kustomer/sandbox"
)

func TestAnAnsweredCallIsAssignedTaggedAndNoted(t *testing.T) {
	o := newOrg(t)
	in := answering(o.open(t))
	var updated updateResult
	require.Equal(t, 2, o.spent(func() {
		var err error
		updated, err = attempt(o.updateStep, in)
		require.NoError(t, err)
	}))

	requireTheWholeCallOnce(t, o)
	require.Equal(t, []string{amira.ID}, updated.AssignedUsers)
	require.Empty(t, updated.Warnings)
	conversation := o.conversation(t)
	require.Equal(t, "Answered by Amira Haddad.\nQueue: Support\nAfter: 12 s", conversation.Notes[0].Body)
	require.Equal(t, "Call from "+caller, conversation.Name)
	require.Equal(t, "open", conversation.Status)
}

func TestAnEventWithoutAutomationsCostsNothing(t *testing.T) {
	o := newOrg(t)
	o.automate(t, creates)
	in := answering(o.open(t))
	require.Zero(t, o.spent(func() {
		updated, err := attempt(o.updateStep, in)
		require.NoError(t, err)
		require.NotZero(t, updated.UpdatedAt)
	}))
}

func TestAnAgentUnknownToKustomerIsNotAssigned(t *testing.T) {
	for name, tc := range map[string]struct{ sourceID, warning string }{
		"no sourceId":             {"", "the agent has no sourceId: the conversation was not assigned"},
		"another system's id":     {"0051t00000AbCdE", "a user to assign is not a Kustomer user id (24 hexadecimal digits): it was left out"},
		"24 characters, none hex": {"zzzzzzzzzzzzzzzzzzzzzzzz", "a user to assign is not a Kustomer user id (24 hexadecimal digits): it was left out"},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOrg(t)
			in := answering(o.open(t))
			in.Facts.Agent.SourceID = tc.sourceID
			updated, err := attempt(o.updateStep, in)
			require.NoError(t, err)
			require.Equal(t, []string{tc.warning}, updated.Warnings)
			require.Empty(t, updated.AssignedUsers)
			require.Zero(t, o.State().Requests["PUT /v1/conversations/{id}"])
			require.Empty(t, o.conversation(t).AssignedUsers)
			require.Contains(t, o.conversation(t).Tags, "call_answered")
			require.Len(t, o.conversation(t).Notes, 1)
		})
	}
}

func TestAnOvertakenBridgeLeavesTheLaterAgentAssigned(t *testing.T) {
	o := newOrg(t)
	late := answering(o.open(t))
	later := late
	later.Facts.Agent = call.Agent{ID: "8", Name: bastian.Name, SourceID: bastian.ID}
	late.KeepAssignee, late.Note = true, "bridged-2"
	for _, in := range []updateInput{later, late} {
		_, err := attempt(o.updateStep, in)
		require.NoError(t, err)
	}
	require.Equal(t, []string{bastian.ID}, o.conversation(t).AssignedUsers)
	require.Len(t, o.conversation(t).Notes, 2)
}

func TestWhatPeopleTaggedInBetweenStays(t *testing.T) {
	o := newOrg(t)
	opened := o.open(t)
	_, err := o.client.AddTags(t.Context(), opened.ConversationID, []string{"vip", "refund"})
	require.NoError(t, err)
	_, err = o.client.RemoveTags(t.Context(), opened.ConversationID, []string{"inbound_call"})
	require.NoError(t, err)
	_, err = attempt(o.updateStep, answering(opened))
	require.NoError(t, err)
	require.Equal(t, []string{"babelforce", "vip", "refund", "call_answered"}, o.conversation(t).Tags)
}

func TestANoteOfAnEarlierRunIsNotWrittenAgain(t *testing.T) {
	o := newOrg(t)
	in := answering(o.open(t))
	_, err := attempt(o.updateStep, in)
	require.NoError(t, err)
	in.LookFirst = true
	_, err = attempt(o.updateStep, in)
	require.NoError(t, err)
	requireTheWholeCallOnce(t, o)

	in.Note = "bridged-2" // another note of the same call is not mistaken for it
	_, err = attempt(o.updateStep, in)
	require.NoError(t, err)
	require.Len(t, o.conversation(t).Notes, 2)
}

func TestARetriedAttemptLooksForItsNoteBeforeWriting(t *testing.T) {
	o := newOrg(t)
	in := answering(o.open(t))
	o.Inject(sandbox.Fault{Method: "POST", Route: "/v1/conversations/{id}/notes", Kind: sandbox.FaultLoseAnswer})
	_, failed, err := repeat(t, o.updateStep, in)
	require.NoError(t, err)
	require.Len(t, failed, 1)
	requireTheWholeCallOnce(t, o)
	require.Equal(t, 1, o.State().Requests["POST /v1/conversations/{id}/notes"])
}

// A worker that hangs says so by saying nothing; one that waits for Kustomer is alive.
func TestAStepThatTakesLongShowsThatItIsAlive(t *testing.T) {
	if testing.Short() {
		t.Skip("takes four seconds, which -short does without")
	}
	t.Parallel()
	o := newOrg(t)
	o.Inject(sandbox.Fault{Method: "POST", Route: "/v1/conversations", Kind: sandbox.FaultLatency, Latency: heartbeats + time.Second})
	env := quiet().NewTestActivityEnvironment()
	beats := 0
	env.SetOnActivityHeartbeatListener(func(*activity.Info, converter.EncodedValues) { beats++ })
	env.RegisterActivity(o.createStep)
	_, err := env.ExecuteActivity(o.createStep, ringing(caller))
	require.NoError(t, err)
	require.Equal(t, 1, beats)
	require.Less(t, 3*heartbeats, HeartbeatTimeout, "two may be lost")
}

func TestAStepGoesOnWhereTheLastAttemptStopped(t *testing.T) {
	o := newOrg(t)
	in := answering(o.open(t))
	o.edits(t, in.ConversationID, kustomer.ConversationUpdate{Priority: 5})
	o.Inject(sandbox.Fault{Method: "POST", Route: "/v1/conversations/{id}/notes", Kind: sandbox.FaultStatus, Status: 503, Times: 3})
	updated, failed, err := repeat(t, o.updateStep, in)
	require.NoError(t, err)
	require.Len(t, failed, 3)
	require.Equal(t, []string{amira.ID}, updated.AssignedUsers)
	requireTheWholeCallOnce(t, o)
	requests := o.State().Requests
	require.Equal(t, []int{1 + 2, 1, 1, 1}, []int{ // the person's, the one that came too late, and the one after a look
		requests["PUT /v1/conversations/{id}"], requests["POST /v1/conversations/{id}/tags"],
		requests["DELETE /v1/conversations/{id}/tags"], requests["GET /v1/conversations/{id}"],
	})
}

func TestTagsThatHaveTurnedOutUntrueAreTakenBack(t *testing.T) {
	o := newOrg(t)
	in := answering(o.open(t))
	_, err := o.client.AddTags(t.Context(), in.ConversationID, []string{"call_abandoned"})
	require.NoError(t, err)
	in.Undo = []string{"call_abandoned", "call_answered"}
	o.update(t, in)
	require.Equal(t, []string{"babelforce", "inbound_call", "call_answered"}, o.conversation(t).Tags, "but none that the update itself gives")
}
