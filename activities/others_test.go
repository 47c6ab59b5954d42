package activities

import (
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/kustomer"
	"github.com/callthread/callthread/kustomer/sandbox"
)

// People and Kustomer's rules edit the conversation between our steps.

var sales = sandbox.DefaultTeams()[1]

const (
	namesOnBridge = creates + "- { event: call.bridged, action: kustomer.conversation.update, options: { name: Taken, priority: 4 } }"

	assignedByOthers = "a person has assigned the conversation: this was kept"
	teamByOthers     = "a person has given the conversation to a team: this was kept"
)

func TestUnchangedConversationNeedsNoLook(t *testing.T) {
	o := newOrg(t)
	p := o.answered(t)
	p.does()
	require.Zero(t, o.State().Requests["GET /v1/conversations/{id}"])
}

func TestANameThatAPersonChangedStays(t *testing.T) {
	o := newOrg(t)
	o.automate(t, namesOnBridge)
	p := o.answered(t)
	p.edits(kustomer.ConversationUpdate{Name: new("Mrs. Öz about her bill")})
	result := p.does()
	require.Equal(t, "Mrs. Öz about her bill", o.conversation(t).Name)
	require.Equal(t, 4, o.conversation(t).Priority, "the rest is done")
	require.Equal(t, []string{"a person has renamed the conversation: that name was kept"}, result.Warnings)
}

func TestUnchangedNameIsReplaced(t *testing.T) {
	o := newOrg(t)
	o.automate(t, "automations:\n- { event: call.inbound, action: kustomer.conversation.create, options: { name: Ringing } }\n"+
		"- { event: call.bridged, action: kustomer.conversation.update, options: { name: Taken } }")
	p := o.answered(t)
	p.edits(kustomer.ConversationUpdate{Priority: 5}) // only to change the revision
	require.Empty(t, p.does().Warnings)
	require.Equal(t, "Taken", o.conversation(t).Name)
	require.Equal(t, 5, o.conversation(t).Priority)
}

func TestRepeatedStepKeepsPeoplesAssignee(t *testing.T) {
	o := newOrg(t)
	p := o.answered(t)
	o.Inject(sandbox.Fault{Method: "POST", Route: "/v1/conversations/{id}/notes", Kind: sandbox.FaultStatus, Status: 400, Times: 1})
	_, err := p.tries()
	require.Error(t, err)
	p.edits(kustomer.ConversationUpdate{AssignedUsers: &[]string{bastian.ID}})
	p.does(mayBeDone) // as after an operator's retry
	require.Equal(t, []string{bastian.ID}, o.conversation(t).AssignedUsers)
	require.Len(t, o.conversation(t).Notes, 1)
}

func TestAStepThatIsDoneIsNotDoneAgainWhateverPeopleDid(t *testing.T) {
	for name, change := range map[string]func(*StepInput){"by the workflow": mayBeDone, "by another run": hasEarlierRun} {
		t.Run(name, func(t *testing.T) {
			o := newOrg(t)
			p := o.answered(t)
			_, err := p.tries()
			require.NoError(t, err)
			p.edits(kustomer.ConversationUpdate{AssignedUsers: &[]string{}, Tags: &[]string{"sorted"}})
			require.Equal(t, 2, o.spent(func() { p.does(change) }), "two look-ups, and nothing written")
			require.Equal(t, []string{"sorted"}, o.conversation(t).Tags)
			require.Empty(t, o.conversation(t).AssignedUsers)
			require.Len(t, o.conversation(t).Notes, 1)
		})
	}
}

func TestBusyConversationIsRetriedLater(t *testing.T) {
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
	p := o.answered(t)
	busy = true
	_, err := p.tries()
	require.Equal(t, Unavailable, failureOf(t, err).Type())
	require.False(t, failureOf(t, err).NonRetryable())
	require.Positive(t, failureOf(t, err).NextRetryDelay())
	busy = false
	p.does(mayBeDone)
	requireTheWholeCallOnce(t, o)
}

// A note changes the revision, and its answer does not contain it.
func TestConversationIsReadAfterANote(t *testing.T) {
	o := newOrg(t)
	p := o.answered(t)
	p.does()
	p.picksUp(60, agentBastian)
	require.Equal(t, 3, o.spent(func() { p.does() }), "read; update; note")
	require.Equal(t, []string{bastian.ID}, o.conversation(t).AssignedUsers)
	require.Equal(t, 2, o.State().Requests["PUT /v1/conversations/{id}"], "none in vain")
}

func TestOthersChangeInAnAnswerIsKept(t *testing.T) {
	base := Conversation{Name: "Call", Status: "open", AssignedUsers: []string{amira.ID}}
	base.received(&kustomer.Conversation{Rev: 7, Name: "Call", Status: "open", AssignedUsers: []string{amira.ID}})
	require.Equal(t, 7, base.Rev)
	for name, answer := range map[string]kustomer.Conversation{
		"renamed":       {Rev: 8, Name: "Mrs. Öz", Status: "open", AssignedUsers: []string{amira.ID}},
		"reassigned":    {Rev: 8, Name: "Call", Status: "open", AssignedUsers: []string{bastian.ID}},
		"put in a team": {Rev: 8, Name: "Call", Status: "open", AssignedUsers: []string{amira.ID}, AssignedTeams: []string{sales.ID}},
		"snoozed":       {Rev: 8, Name: "Call", Status: "snoozed", AssignedUsers: []string{amira.ID}},
	} {
		seen := base
		seen.received(&answer)
		require.Zero(t, seen.Rev, name)
		require.Equal(t, []string{"Call", "open"}, []string{seen.Name, seen.Status}, name)
	}
}

func TestAmendmentIsNoPersonsChange(t *testing.T) {
	o := newOrg(t)
	o.automate(t, creates+"- { event: call.bridged, action: kustomer.conversation.update, options: { name: Taken, assignedTeams: ["+support.ID+"], note: Taken } }")
	p := o.answered(t)
	o.Inject(sandbox.Fault{Method: "POST", Route: "/v1/conversations/{id}/notes", Kind: sandbox.FaultStatus, Status: 400, Times: 1})
	_, err := p.tries(isLate)
	require.Error(t, err, "the name and the team are written, and the call is parked")
	require.Empty(t, p.does(isLate, mayBeDone, amended(t, `{"name": "Amended", "assignedTeams": ["`+sales.ID+`"]}`)).Warnings)
	require.Equal(t, "Amended", o.conversation(t).Name)
	require.Equal(t, []string{sales.ID}, o.conversation(t).AssignedTeams)
}

// The next steps know that an attempt whose answer was lost made its change.
func TestCompletedStepReportsTheConversation(t *testing.T) {
	o := newOrg(t)
	o.automate(t, creates+"- { event: call.bridged, action: kustomer.conversation.update, options: { name: Taken, note: Taken } }")
	p := o.answered(t)
	_, err := p.tries()
	require.NoError(t, err)
	is := p.does(mayBeDone).Conversation
	require.Equal(t, "Taken", is.Name)
	require.Zero(t, is.Rev)
}

// In a run that Temporal has reset, people's changes look like the earlier run's.
func TestResetRunKeepsPeoplesChanges(t *testing.T) {
	o := newOrg(t)
	o.automate(t, creates+"- { event: call.bridged, action: kustomer.conversation.update, options: "+
		"{ name: Taken, status: snoozed, priority: 4, assignedUsers: [\"{agent.sourceId}\"], assignedTeams: ["+support.ID+"], note: Taken } }")
	p := o.answered(t)
	p.edits(kustomer.ConversationUpdate{Custom: map[string]any{"outcomeStr": "x"}}) // only to change the revision
	result := p.does(hasEarlierRun)
	is := o.conversation(t)
	require.Equal(t, []any{"", "open", 4}, []any{is.Name, is.Status, is.Priority}, "the priority is the file's")
	require.Empty(t, is.AssignedUsers)
	require.Empty(t, is.AssignedTeams)
	require.Len(t, is.Notes, 1)
	require.Len(t, result.Warnings, 4)
}

// The note shows that the earlier run wrote the outcome. People made any difference since.
func TestResetRunWarnsOfPeoplesChanges(t *testing.T) {
	for name, options := range map[string]string{"with a note": "{ status: done, note: Over }", "without a note": "{ status: done }"} {
		t.Run(name, func(t *testing.T) {
			o := newOrg(t)
			o.automate(t, creates+"- { event: call.finished, action: kustomer.conversation.update, options: "+options+" }")
			p := o.opened(t)
			p.ends(90, "hangup")
			_, err := p.tries()
			require.NoError(t, err)
			p.edits(kustomer.ConversationUpdate{Status: "open"})
			require.Equal(t, []string{"a person has set the conversation to open: this was kept"}, p.does(hasEarlierRun).Warnings)
			require.Equal(t, "open", o.conversation(t).Status)
		})
	}
}

func TestResetRunDoesNotWarnWithoutChanges(t *testing.T) {
	o := newOrg(t)
	o.automate(t, creates+"- { event: call.finished, action: kustomer.conversation.update, options: { status: done, note: Over } }")
	p := o.opened(t)
	p.ends(90, "hangup")
	_, err := p.tries()
	require.NoError(t, err)
	require.Empty(t, p.does(hasEarlierRun).Warnings)
}

func TestResetRunWithoutEarlierWritesIsUsual(t *testing.T) {
	o := newOrg(t)
	p := o.answered(t)
	require.Empty(t, p.does(hasEarlierRun).Warnings)
	requireTheWholeCallOnce(t, o)
}

// No agent waits for an outcome, so people win at any time.
func TestOutcomeKeepsPeoplesChoices(t *testing.T) {
	file := creates + "- { event: call.finished, action: kustomer.conversation.update, options: " +
		"{ name: Over, status: done, priority: 4, assignedTeams: [" + support.ID + "], assignedUsers: [" + bastian.ID + "] } }"
	theirs := kustomer.ConversationUpdate{
		Name: new("Mrs. Öz"), Status: "snoozed", Priority: 1, AssignedTeams: &[]string{sales.ID}, AssignedUsers: &[]string{amira.ID},
	}
	for name, before := range map[string]bool{"before the end": true, "after the end": false} {
		t.Run(name, func(t *testing.T) {
			o := newOrg(t)
			o.automate(t, file)
			p := o.opened(t)
			if before {
				p.edits(theirs)
			}
			p.ends(90, "hangup")
			if !before {
				p.edits(theirs)
			}
			require.Len(t, p.does().Warnings, 4)
			is := o.conversation(t)
			require.Equal(t, []any{"Mrs. Öz", "snoozed", sales.ID, amira.ID}, []any{is.Name, is.Status, is.AssignedTeams[0], is.AssignedUsers[0]})
			require.Equal(t, 4, is.Priority, "the file wins")
		})
	}
}

// The agent of the call is no person's choice.
func TestOutcomeReplacesTheCallsOwnAgent(t *testing.T) {
	o := newOrg(t)
	o.automate(t, creates+"- { event: call.bridged, action: kustomer.conversation.update, options: { assignedUsers: [\"{agent.sourceId}\"] } }\n"+
		"- { event: call.finished, action: kustomer.conversation.update, options: { assignedUsers: ["+bastian.ID+"] } }")
	p := o.answered(t)
	p.does()
	p.edits(kustomer.ConversationUpdate{Priority: 5}) // only to change the revision
	p.ends(90, "hangup")
	require.Empty(t, p.does().Warnings)
	require.Equal(t, []string{bastian.ID}, o.conversation(t).AssignedUsers)
}
