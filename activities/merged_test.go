package activities

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/kustomer"
	"github.com/callthread/callthread/kustomer/sandbox"
)

// People merge conversations and delete them, also while a call goes on.

func TestWhatIsWrittenFollowsAMergedConversation(t *testing.T) {
	for name, look := range map[string]bool{"found out by writing": false, "found out by looking": true} {
		t.Run(name, func(t *testing.T) {
			o := newOrg(t)
			in, target := o.mergedInto(t, kustomer.NewConversation{Name: "The bill"})
			in.LookFirst = look
			result := o.update(t, in)
			require.Equal(t, target, result.MovedTo)
			require.Contains(t, result.MovedToURL, target)
			require.Contains(t, result.Warnings[0], "merged")
			merged := o.State().Conversations[1]
			require.Equal(t, "The bill", merged.Name)
			require.Equal(t, []string{amira.ID}, merged.AssignedUsers)
			require.Equal(t, []string{"call_answered"}, merged.Tags)
			require.Len(t, merged.Notes, 1)
			require.Empty(t, o.State().Conversations[0].Notes)
		})
	}
}

func TestAnOutcomeFollowsAMergedConversationToo(t *testing.T) {
	o := newOrg(t)
	in, target := o.mergedInto(t, kustomer.NewConversation{Tags: []string{"call_lost"}})
	in.Event, in.Note, in.Facts.Outcome, in.Undo = call.Finished, "finished", call.AbandonedInQueue, []string{"call_lost"} // only tags and a note
	require.Equal(t, target, o.update(t, in).MovedTo)
	merged := o.State().Conversations[1]
	require.Equal(t, []string{"call_lost", "call_abandoned_in_queue"}, merged.Tags, "another call's tag is not ours to remove")
	require.Len(t, merged.Notes, 1)
}

// The attempt that has found out that the conversation was merged is not the last.
func TestAnAttemptAfterAMergeKnowsWhatIsNotItsOwn(t *testing.T) {
	o := newOrg(t)
	in, target := o.mergedInto(t, kustomer.NewConversation{Tags: []string{"call_lost"}})
	o.Inject(sandbox.Fault{Method: "POST", Route: "/v1/conversations/{id}/tags", Kind: sandbox.FaultStatus, Status: 503, Times: 1})
	result, failed, err := repeat(t, o.updateStep, in)
	require.NoError(t, err)
	require.Len(t, failed, 1)
	require.Equal(t, target, result.MovedTo)
	require.Equal(t, []string{"call_lost", "call_answered"}, o.State().Conversations[1].Tags)
}

func TestADeletedConversationIsReportedAndNotMadeAgain(t *testing.T) {
	for name, look := range map[string]bool{"found out by writing": false, "found out by looking": true} {
		t.Run(name, func(t *testing.T) {
			o := newOrg(t)
			in := answering(o.open(t))
			in.LookFirst = look
			o.deletes(t, in.ConversationID)
			result, failed, err := repeat(t, o.updateStep, in)
			require.NoError(t, err)
			require.True(t, result.Gone)
			require.Empty(t, result.AssignedUsers)
			require.Len(t, failed, goneTries-1, "it might be only that it is not to be seen for a moment")
			require.Len(t, o.State().Conversations, 1)
			require.True(t, o.State().Conversations[0].Deleted)
		})
	}
}

// A 404 that looking does not explain is a refusal like any other.
func TestAConversationThatIsThereIsNotTakenForDeleted(t *testing.T) {
	o := newOrg(t)
	in := answering(o.open(t))
	o.edits(t, in.ConversationID, kustomer.ConversationUpdate{Priority: 5})
	o.Inject(sandbox.Fault{Method: "POST", Route: "/v1/conversations/{id}/tags", Kind: sandbox.FaultStatus, Status: 404})
	_, err := attempt(o.updateStep, in)
	require.Equal(t, Refused, failureOf(t, err).Type())
}

// mergedInto is a call that is answered after a person has merged its conversation into another one.
func (o *org) mergedInto(t *testing.T, other kustomer.NewConversation) (in updateInput, target string) {
	t.Helper()
	opened := o.open(t)
	other.CustomerID = opened.CustomerID
	into, err := o.client.CreateConversation(t.Context(), other)
	require.NoError(t, err)
	require.NoError(t, o.Merge(opened.ConversationID, into.ID))
	return answering(opened), into.ID
}

// deletes is what a person does who deletes a conversation.
func (o *org) deletes(t *testing.T, id string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, o.url+"/v1/conversations/"+id, nil)
	require.NoError(t, err)
	request.Header.Set("Authorization", "Bearer "+apiKey)
	answer, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Equal(t, http.StatusNoContent, answer.StatusCode)
}
