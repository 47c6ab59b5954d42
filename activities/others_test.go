package activities

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/call"
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
func (o *org) update(t *testing.T, in UpdateConversationInput) UpdateConversationResult {
	t.Helper()
	result, err := attempt(o.UpdateConversation, in)
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
	_, err := attempt(o.UpdateConversation, in)
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
	_, err := attempt(o.UpdateConversation, in)
	require.Equal(t, Unavailable, failureOf(t, err).Type())
	require.False(t, failureOf(t, err).NonRetryable())
	require.Positive(t, failureOf(t, err).NextRetryDelay())
	busy = false
	in.LookFirst = true
	o.update(t, in)
	requireTheWholeCallOnce(t, o)
}

func TestWhatIsWrittenFollowsAMergedConversation(t *testing.T) {
	for name, look := range map[string]bool{"found out by writing": false, "found out by looking": true} {
		t.Run(name, func(t *testing.T) {
			o := newOrg(t)
			opened := o.open(t)
			target, err := o.client.CreateConversation(t.Context(), kustomer.NewConversation{CustomerID: opened.CustomerID, Name: "The bill"})
			require.NoError(t, err)
			require.NoError(t, o.Merge(opened.ConversationID, target.ID))

			in := answering(opened)
			in.LookFirst = look
			result := o.update(t, in)
			require.Equal(t, target.ID, result.MovedTo)
			require.Contains(t, result.MovedToURL, target.ID)
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

func TestADeletedConversationIsReportedAndNotMadeAgain(t *testing.T) {
	for name, look := range map[string]bool{"found out by writing": false, "found out by looking": true} {
		t.Run(name, func(t *testing.T) {
			o := newOrg(t)
			in := answering(o.open(t))
			in.LookFirst = look
			request, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, o.url+"/v1/conversations/"+in.ConversationID, nil)
			require.NoError(t, err)
			request.Header.Set("Authorization", "Bearer "+apiKey)
			_, err = http.DefaultClient.Do(request)
			require.NoError(t, err)

			result, failed, err := repeat(t, o.UpdateConversation, in)
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
	o.Inject(sandbox.Fault{Method: "POST", Route: "/v1/conversations/{id}/tags", Kind: sandbox.FaultStatus, Status: 404})
	_, err := attempt(o.UpdateConversation, in)
	require.Equal(t, Refused, failureOf(t, err).Type())
}

// A request that timed out may be carried out long after we have gone on.

func TestAnAssignmentThatComesLateDoesNotUndoWhatWasDoneSince(t *testing.T) {
	o := newOrg(t)
	in := answering(o.open(t))
	o.Inject(sandbox.Fault{Method: "PUT", Route: "/v1/conversations/{id}", Kind: sandbox.FaultCommitLate, Latency: 300 * time.Millisecond, Times: 1})
	_, failed, err := repeat(t, o.UpdateConversation, in)
	require.NoError(t, err)
	require.Len(t, failed, 1)
	o.edits(t, in.ConversationID, kustomer.ConversationUpdate{AssignedUsers: &[]string{bastian.ID}})
	puts := o.State().Requests["PUT /v1/conversations/{id}"]
	require.Equal(t, 3, puts, "the late one, the repeated one, the person's")
	never := func() bool { return o.conversation(t).AssignedUsers[0] != bastian.ID }
	require.Never(t, never, 600*time.Millisecond, 20*time.Millisecond)
}

func TestAConversationThatComesLateIsNotASecondOne(t *testing.T) {
	for _, route := range []string{"/v1/customers", "/v1/conversations"} {
		o := newOrg(t)
		o.Inject(sandbox.Fault{Method: "POST", Route: route, Kind: sandbox.FaultCommitLate, Latency: 300 * time.Millisecond, Times: 1})
		opened, failed, err := repeat(t, o.CreateConversation, ringing(caller))
		require.NoError(t, err)
		require.Len(t, failed, 1)
		second := func() bool { return len(o.State().Conversations) > 1 || len(o.State().Customers) > 1 }
		require.Never(t, second, 600*time.Millisecond, 20*time.Millisecond)
		o.update(t, answering(opened))
		requireTheWholeCallOnce(t, o)
	}
}

func TestANoteThatMayComeLateIsWaitedFor(t *testing.T) {
	o := newOrg(t)
	in := answering(o.open(t))
	o.Inject(sandbox.Fault{Method: "POST", Route: "/v1/conversations/{id}/notes", Kind: sandbox.FaultCommitLate, Latency: 300 * time.Millisecond, Times: 1})
	_, err := attempt(o.UpdateConversation, in)
	require.GreaterOrEqual(t, failureOf(t, err).NextRetryDelay(), lateness)
	require.Eventually(t, func() bool { return len(o.conversation(t).Notes) == 1 }, 5*time.Second, 10*time.Millisecond)
	in.LookFirst = true
	o.update(t, in)
	requireTheWholeCallOnce(t, o)
}

// A machine that stood still has not noticed that its step was given to another.
func TestAStepThatWasFrozenWritesNoNote(t *testing.T) {
	o := newOrg(t)
	in := answering(o.open(t))
	p := &pulse{last: time.Now().Round(0).Add(-HeartbeatTimeout)}
	err := o.writeNote(context.WithValue(t.Context(), pulseKey{}, p), in.ConversationID, note("k-1", "bridged", "Taken"))
	require.ErrorIs(t, err, errFrozen)
	require.False(t, failureOf(t, failure(t.Context(), err)).NonRetryable())
	require.True(t, wasFrozen(context.WithValue(t.Context(), pulseKey{}, p)), "and is not thawed by going on")
	require.Empty(t, o.conversation(t).Notes)
	require.False(t, wasFrozen(context.WithValue(t.Context(), pulseKey{}, &pulse{last: time.Now()})))
}

func TestWhatCanWaitIsLessUrgentInTheBudgetToo(t *testing.T) {
	require.Equal(t, kustomer.Now, urgencyOf(PriorityRing, time.Second))
	require.Equal(t, kustomer.Now, urgencyOf(PriorityHandOver, time.Second))
	require.Equal(t, kustomer.Soon, urgencyOf(PriorityOutcome, time.Second))
	require.Equal(t, kustomer.Later, urgencyOf(PriorityCatchUp, 0))
	require.Equal(t, kustomer.Later, urgencyOf(PriorityRing, overdue+time.Second), "nobody waits for it any more")
	require.Equal(t, kustomer.Now, urgencyOf(0, 0), "steps of earlier versions have no priority")
}

// Of a budget that is nearly used up the rest is for rings and assignments.
func TestAnAgentIsAssignedWhileTheNoteWaitsForTheBudget(t *testing.T) {
	o := newOrg(t)
	client, err := kustomer.New(kustomer.Config{BaseURL: o.url, APIKey: apiKey, RequestsPerMinute: 800, Transport: nearlyUsedUp{}})
	require.NoError(t, err)
	o.Activities = New(client, o.inForce.Load, "")
	_, err = attempt(o.UpdateConversation, answering(o.open(t)))
	require.Equal(t, RateLimited, failureOf(t, err).Type())
	require.Equal(t, []string{amira.ID}, o.conversation(t).AssignedUsers)
	require.Empty(t, o.conversation(t).Notes)
}

// nearlyUsedUp is an org of whose 1,000 requests 150 are left to us and 200 to others.
type nearlyUsedUp struct{}

func (nearlyUsedUp) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := http.DefaultTransport.RoundTrip(r)
	if err == nil {
		response.Header.Set("X-Ratelimit-Limit", "1000")
		response.Header.Set("X-Ratelimit-Remaining", "350")
	}
	return response, err
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
	left.written(&kustomer.Conversation{Rev: 7, Name: "Call", AssignedUsers: []string{amira.ID}})
	require.Equal(t, 7, left.Rev)
	for name, answer := range map[string]kustomer.Conversation{
		"renamed":       {Rev: 8, Name: "Mrs. Öz", AssignedUsers: []string{amira.ID}},
		"reassigned":    {Rev: 8, Name: "Call", AssignedUsers: []string{bastian.ID}},
		"put in a team": {Rev: 8, Name: "Call", AssignedUsers: []string{amira.ID}, AssignedTeams: []string{sales.ID}},
	} {
		seen := left
		seen.written(&answer)
		require.Zero(t, seen.Rev, name)
		require.Equal(t, "Call", seen.Name, name)
	}
}

func TestAnOutcomeFollowsAMergedConversationToo(t *testing.T) {
	o := newOrg(t)
	opened := o.open(t)
	target, err := o.client.CreateConversation(t.Context(), kustomer.NewConversation{CustomerID: opened.CustomerID, Tags: []string{"call_lost"}})
	require.NoError(t, err)
	require.NoError(t, o.Merge(opened.ConversationID, target.ID))
	in := answering(opened)
	in.Event, in.Note, in.Facts.Outcome, in.Undo = call.Finished, "finished", call.Abandoned, []string{"call_lost"} // only tags and a note
	require.Equal(t, target.ID, o.update(t, in).MovedTo)
	merged := o.State().Conversations[1]
	require.Equal(t, []string{"call_lost", "call_abandoned"}, merged.Tags, "another call's tag is not ours to remove")
	require.Len(t, merged.Notes, 1)
}

func TestAnOperatorsAmendmentIsNotTakenForAPersonsChange(t *testing.T) {
	o := newOrg(t)
	o.automate(t, creates+"- { event: call.bridged, action: kustomer.conversation.update, options: { name: Taken, assignedTeams: ["+support.ID+"], note: Taken } }")
	in := answering(o.open(t))
	in.Since = in.Since.Add(-time.Second)
	o.Inject(sandbox.Fault{Method: "POST", Route: "/v1/conversations/{id}/notes", Kind: sandbox.FaultStatus, Status: 400, Times: 1})
	_, err := attempt(o.UpdateConversation, in)
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

// The attempt that has found out that the conversation was merged is not the last.
func TestAnAttemptAfterAMergeKnowsWhatIsNotItsOwn(t *testing.T) {
	o := newOrg(t)
	opened := o.open(t)
	target, err := o.client.CreateConversation(t.Context(), kustomer.NewConversation{CustomerID: opened.CustomerID, Tags: []string{"call_lost"}})
	require.NoError(t, err)
	require.NoError(t, o.Merge(opened.ConversationID, target.ID))
	o.Inject(sandbox.Fault{Method: "POST", Route: "/v1/conversations/{id}/tags", Kind: sandbox.FaultStatus, Status: 503, Times: 1})
	result, failed, err := repeat(t, o.UpdateConversation, answering(opened))
	require.NoError(t, err)
	require.Len(t, failed, 1)
	require.Equal(t, target.ID, result.MovedTo)
	require.Equal(t, []string{"call_lost", "call_answered"}, o.State().Conversations[1].Tags)
}
