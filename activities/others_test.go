package activities

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/kustomer"
	"github.com/callthread/callthread/kustomer/sandbox"
)

// People, and Kustomer's own rules, edit the conversation between our steps.

var sales = sandbox.DefaultTeams()[1]

// edits changes a conversation as a person would.
func (o *org) edits(t *testing.T, id string, update kustomer.ConversationUpdate) {
	t.Helper()
	_, err := o.client.UpdateConversation(t.Context(), id, update)
	require.NoError(t, err)
}

// update carries out an update once and returns what came of it.
func (o *org) update(t *testing.T, in updateInput) updateResult {
	t.Helper()
	result, err := attempt(o.updateStep, in)
	require.NoError(t, err)
	return result
}

const namesOnBridge = creates + "- { event: call.bridged, action: kustomer.conversation.update, options: { name: Taken, priority: 4 } }"

func TestAConversationThatNobodyTouchedIsUpdatedWithoutALook(t *testing.T) {
	o := newOrg(t)
	in := answering(o.open(t))
	before := o.State().Requests["GET /v1/conversations/{id}"]
	o.update(t, in)
	require.Equal(t, before, o.State().Requests["GET /v1/conversations/{id}"])
}

func TestANameThatAPersonChangedStays(t *testing.T) {
	o := newOrg(t)
	o.automate(t, namesOnBridge)
	opened := o.open(t)
	o.edits(t, opened.ConversationID, kustomer.ConversationUpdate{Name: new("Mrs. Öz about her bill")})
	result := o.update(t, answering(opened))
	require.Equal(t, "Mrs. Öz about her bill", o.conversation(t).Name)
	require.Equal(t, 4, o.conversation(t).Priority, "the rest is done")
	require.Equal(t, []string{"somebody has renamed the conversation: that name was kept"}, result.Warnings)
}

// A call that was running under an earlier version does not know how it left its conversation.
func TestAConversationOfAnEarlierVersionIsUpdatedAsItWas(t *testing.T) {
	o := newOrg(t)
	o.automate(t, namesOnBridge)
	opened := o.open(t)
	o.edits(t, opened.ConversationID, kustomer.ConversationUpdate{Name: new("Ringing")})
	in := answering(opened)
	in.Left, in.Since, in.Agents = Conversation{}, time.Time{}, nil
	require.Empty(t, o.update(t, in).Warnings)
	require.Equal(t, "Taken", o.conversation(t).Name)
}

func TestANameThatNobodyChangedIsReplaced(t *testing.T) {
	o := newOrg(t)
	o.automate(t, "automations:\n- { event: call.inbound, action: kustomer.conversation.create, options: { name: Ringing } }\n"+
		"- { event: call.bridged, action: kustomer.conversation.update, options: { name: Taken } }")
	opened := o.open(t)
	o.edits(t, opened.ConversationID, kustomer.ConversationUpdate{Priority: 5}) // only so that the revision is another
	require.Empty(t, o.update(t, answering(opened)).Warnings)
	require.Equal(t, "Taken", o.conversation(t).Name)
	require.Equal(t, 5, o.conversation(t).Priority)
}

func TestWhomAPersonAssignedAfterTheBridgeStaysAssigned(t *testing.T) {
	for name, theirs := range map[string]kustomer.ConversationUpdate{
		"a user": {AssignedUsers: &[]string{bastian.ID}},
		"a team": {AssignedTeams: &[]string{sales.ID}},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOrg(t)
			in := answering(o.open(t))
			in.Since = in.Since.Add(-time.Second) // Kustomer's times are cut to the millisecond
			o.edits(t, in.ConversationID, theirs)
			result := o.update(t, in)
			conversation := o.conversation(t)
			if theirs.AssignedUsers != nil {
				require.Equal(t, *theirs.AssignedUsers, conversation.AssignedUsers)
				require.Equal(t, []string{"somebody has assigned the conversation after the event: that was kept"}, result.Warnings)
				require.Empty(t, result.AssignedUsers)
			} else {
				require.Equal(t, *theirs.AssignedTeams, conversation.AssignedTeams)
				require.Equal(t, []string{amira.ID}, conversation.AssignedUsers, "the agent who answered works beside the team")
			}
			require.Contains(t, conversation.Tags, "call_answered")
			require.Len(t, conversation.Notes, 1)
		})
	}
}

func TestWhomAPersonAssignedBeforeTheBridgeGivesWayToTheAgentWhoAnswered(t *testing.T) {
	o := newOrg(t)
	opened := o.open(t)
	o.edits(t, opened.ConversationID, kustomer.ConversationUpdate{AssignedUsers: &[]string{bastian.ID}})
	require.Empty(t, o.update(t, answering(opened)).Warnings)
	require.Equal(t, []string{amira.ID}, o.conversation(t).AssignedUsers)
}

// The second agent's hand-over must not take the first one's, which was late, for a person's choice.
func TestAnEarlierAgentIsNoPersonsChoice(t *testing.T) {
	o := newOrg(t)
	first := answering(o.open(t))
	second := first
	second.Facts.Agent.ID, second.Facts.Agent.SourceID = "8", bastian.ID
	second.Agents, second.Note, second.Since = []string{amira.ID, bastian.ID}, "bridged-2", time.Now()
	o.update(t, first) // after the second bridge was heard, and its result never came to be known
	require.Empty(t, o.update(t, second).Warnings)
	require.Equal(t, []string{bastian.ID}, o.conversation(t).AssignedUsers)
}

func TestARepeatedStepDoesNotTakeTheConversationBack(t *testing.T) {
	o := newOrg(t)
	in := answering(o.open(t))
	in.Since = in.Since.Add(-time.Second)
	o.Inject(sandbox.Fault{Method: "POST", Route: "/v1/conversations/{id}/notes", Kind: sandbox.FaultStatus, Status: 400, Times: 1})
	_, err := attempt(o.updateStep, in)
	require.Error(t, err)
	o.edits(t, in.ConversationID, kustomer.ConversationUpdate{AssignedUsers: &[]string{bastian.ID}})
	in.LookFirst = true // as when an operator has said retry
	o.update(t, in)
	require.Equal(t, []string{bastian.ID}, o.conversation(t).AssignedUsers)
	require.Len(t, o.conversation(t).Notes, 1)
}

func TestAStepThatIsDoneIsNotDoneAgainWhateverPeopleDid(t *testing.T) {
	o := newOrg(t)
	in := answering(o.open(t))
	o.update(t, in)
	o.edits(t, in.ConversationID, kustomer.ConversationUpdate{AssignedUsers: &[]string{}, Tags: &[]string{"sorted"}})
	in.LookFirst = true
	o.update(t, in)
	require.Equal(t, []string{"sorted"}, o.conversation(t).Tags)
	require.Empty(t, o.conversation(t).AssignedUsers)
	require.Len(t, o.conversation(t).Notes, 1)
}

func TestAConversationThatKeepsBeingChangedIsTriedAgainLater(t *testing.T) {
	var busy bool
	o := newOrg(t, func(o *org) {
		o.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if busy && r.Method == http.MethodPut {
				busy = false
				_, _ = o.client.UpdateConversation(context.Background(), o.State().Conversations[0].ID, kustomer.ConversationUpdate{Priority: 2})
				busy = true
			}
			o.Server.ServeHTTP(w, r)
		})
	})
	in := answering(o.open(t))
	busy = true
	_, err := attempt(o.updateStep, in)
	require.Equal(t, Unavailable, failureOf(t, err).Type())
	require.False(t, failureOf(t, err).NonRetryable())
	require.Positive(t, failureOf(t, err).NextRetryDelay())
	busy = false
	in.LookFirst = true
	o.update(t, in)
	requireTheWholeCallOnce(t, o)
}

// A note changes the conversation, and its answer does not tell the revision.
func TestAfterANoteTheConversationIsLookedAtBeforeItIsChanged(t *testing.T) {
	o := newOrg(t)
	in := answering(o.open(t))
	in.Left = o.update(t, in).Left
	in.Facts.Agent.ID, in.Facts.Agent.SourceID, in.Note = "8", bastian.ID, "bridged-2"
	o.update(t, in)
	require.Equal(t, []string{bastian.ID}, o.conversation(t).AssignedUsers)
	require.Equal(t, 2, o.State().Requests["PUT /v1/conversations/{id}"], "none in vain")
}

func TestWhatTheAnswerToATagShowsOfOthersIsNotOverwrittenUnseen(t *testing.T) {
	left := Conversation{Known: true, Name: "Call", AssignedUsers: []string{amira.ID}}
	left.written(Conversation{Rev: 7, Name: "Call", AssignedUsers: []string{amira.ID}})
	require.Equal(t, 7, left.Rev)
	for name, answer := range map[string]Conversation{
		"renamed":       {Rev: 8, Name: "Mrs. Öz", AssignedUsers: []string{amira.ID}},
		"reassigned":    {Rev: 8, Name: "Call", AssignedUsers: []string{bastian.ID}},
		"put in a team": {Rev: 8, Name: "Call", AssignedUsers: []string{amira.ID}, AssignedTeams: []string{sales.ID}},
	} {
		seen := left
		seen.written(answer)
		require.Zero(t, seen.Rev, name)
		require.Equal(t, "Call", seen.Name, name)
	}
}

func TestAnOperatorsAmendmentIsNotTakenForAPersonsChange(t *testing.T) {
	o := newOrg(t)
	o.automate(t, creates+"- { event: call.bridged, action: kustomer.conversation.update, options: { name: Taken, assignedTeams: ["+support.ID+"], note: Taken } }")
	in := answering(o.open(t))
	in.Since = in.Since.Add(-time.Second)
	o.Inject(sandbox.Fault{Method: "POST", Route: "/v1/conversations/{id}/notes", Kind: sandbox.FaultStatus, Status: 400, Times: 1})
	_, err := attempt(o.updateStep, in)
	require.Error(t, err, "the name and the team are written, and the call is parked")
	in.LookFirst, in.Amend = true, amendment(t, `{"name": "Amended", "assignedTeams": ["`+sales.ID+`"]}`)
	require.Empty(t, o.update(t, in).Warnings)
	require.Equal(t, "Amended", o.conversation(t).Name)
	require.Equal(t, []string{sales.ID}, o.conversation(t).AssignedTeams)
}

// What an attempt has done whose answer was lost is known to the next steps as ours.
func TestAStepThatTurnsOutToBeDoneTellsHowItLeftTheConversation(t *testing.T) {
	o := newOrg(t)
	o.automate(t, creates+"- { event: call.bridged, action: kustomer.conversation.update, options: { name: Taken, note: Taken } }")
	in := answering(o.open(t))
	o.update(t, in)
	in.LookFirst = true
	left := o.update(t, in).Left
	require.Equal(t, "Taken", left.Name)
	require.Zero(t, left.Rev)
}
