package activities

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/kustomer"
	"github.com/callthread/callthread/kustomer/sandbox"
)

// transferring is the hand-over to another agent of a call that Amira has answered.
func (o *org) transferring(t *testing.T, to call.Agent) updateInput {
	t.Helper()
	in := answering(o.open(t))
	in.Left = o.update(t, in).Left
	in.Note, in.Facts.Agent, in.Since = "bridged-2", to, time.Now().Add(-time.Minute)
	return in
}

func TestATransferToAnAgentWhomKustomerDoesNotKnowLeavesNobodyAssigned(t *testing.T) {
	for name, to := range map[string]call.Agent{
		"without a sourceId": {ID: "8", Name: "Clara"},
		"a user who left":    {ID: "8", Name: "Clara", SourceID: nobody},
	} {
		for _, fault := range []sandbox.Fault{{}, {Kind: sandbox.FaultLoseAnswer}, {Kind: sandbox.FaultReset}} {
			t.Run(name+" "+string(fault.Kind), func(t *testing.T) {
				o := newOrg(t)
				in := o.transferring(t, to)
				if fault.Kind != "" {
					fault.Method, fault.Route, fault.Times = "PUT", "/v1/conversations/{id}", 2
					o.Inject(fault)
				}
				result, _, err := repeat(t, o.updateStep, in)
				require.NoError(t, err)
				require.True(t, result.Unassigned)
				require.Empty(t, result.Left.AssignedUsers)
				conversation := o.conversation(t)
				require.Empty(t, conversation.AssignedUsers, "Amira has not got the call any more")
				require.Contains(t, conversation.Tags, UnassignedTag)
				require.Len(t, conversation.Notes, 2, "the first agent's note stays")
			})
		}
	}
}

func TestWhomAPersonAssignedIsNotTakenAwayByATransfer(t *testing.T) {
	o := newOrg(t)
	in := o.transferring(t, call.Agent{ID: "8", Name: "Clara"})
	o.edits(t, in.ConversationID, kustomer.ConversationUpdate{AssignedUsers: &[]string{bastian.ID}})
	o.update(t, in)
	require.Equal(t, []string{bastian.ID}, o.conversation(t).AssignedUsers)
}

func TestAStatusThatAPersonHasSetStays(t *testing.T) {
	const wrapsUp = creates + "- { event: call.wrappedUp, action: kustomer.conversation.update, options: { status: done } }\n"
	for set, want := range map[string]string{"": "done", "snoozed": "snoozed", "done": "done"} {
		o := newOrg(t)
		o.automate(t, wrapsUp)
		in := answering(o.open(t))
		in.Event, in.Note, in.Since = call.WrappedUp, "wrappedUp", time.Now().Add(-time.Minute)
		if set != "" {
			o.edits(t, in.ConversationID, kustomer.ConversationUpdate{Status: set})
		}
		o.update(t, in)
		require.Equal(t, want, o.conversation(t).Status, set)
	}
}

func TestARecordingIsWrittenDownWhereTheFileWantsIt(t *testing.T) {
	const file = creates + "- { event: recording.finished, action: kustomer.conversation.update, options: { note: \"Recording: {recording.url}\" } }\n"
	for file, want := range map[string][]string{file: {"Recording: https://recordings.example.com/1"}, creates: nil} {
		o := newOrg(t)
		o.automate(t, file)
		opened := o.open(t)
		require.Equal(t, want != nil, opened.ExpectsRecording)
		in := answering(opened)
		in.Event, in.Note, in.Facts.Recording = call.Recorded, "recorded", call.Recording{URL: "https://recordings.example.com/1"}
		o.update(t, in)
		var notes []string
		for _, note := range o.conversation(t).Notes {
			notes = append(notes, note.Body)
		}
		require.Equal(t, want, notes)
	}
}

const placesCalls = `
automations:
  - event: call.outbound
    action: kustomer.conversation.create
    options: { name: "Call to {call.to}", assignedUsers: ["{agent.sourceId}"] }
`

func TestACallThatAnAgentPlacesBelongsToTheCalledCustomer(t *testing.T) {
	o := newOrg(t)
	o.automate(t, placesCalls)
	in := ringing("")
	in.Facts.Outgoing, in.Facts.Leg.From, in.Facts.Leg.To = true, "+493023125000", caller
	in.Facts.Agent = call.Agent{ID: "7", Email: amira.Email}
	opened, err := attempt(o.createStep, in)
	require.NoError(t, err)
	require.Empty(t, opened.Warnings)
	require.Equal(t, []string{caller}, o.State().Customers[0].Phones)
	conversation := o.conversation(t)
	require.Equal(t, "out", conversation.Direction)
	require.Equal(t, "Call to "+caller, conversation.Name)
	require.Equal(t, []string{amira.ID}, conversation.AssignedUsers)
}

func TestACallThatAnAgentPlacesOpensNothingWhereTheFileDoesNotSaySo(t *testing.T) {
	o := newOrg(t)
	o.inForce.Store(automation.Default())
	in := ringing("")
	in.Facts.Outgoing, in.Facts.Leg.To = true, caller
	opened, err := attempt(o.createStep, in)
	require.NoError(t, err)
	require.Empty(t, opened.ConversationID)
	require.Empty(t, o.State().Customers)
}

// Amira has chosen Bastian herself, before she passed the caller on to somebody whom Kustomer does not know.
func TestWhomAnAgentChoseBeforeATransferIsNotTakenAway(t *testing.T) {
	o := newOrg(t)
	in := o.transferring(t, call.Agent{ID: "8", Name: "Clara"})
	o.edits(t, in.ConversationID, kustomer.ConversationUpdate{AssignedUsers: &[]string{bastian.ID}})
	in.Since = time.Now().Add(time.Minute)
	o.update(t, in)
	require.Equal(t, []string{bastian.ID}, o.conversation(t).AssignedUsers)
}

func TestAStatusThatAPersonHasSetIsSeenInTheAnswerToATag(t *testing.T) {
	o := newOrg(t)
	o.automate(t, creates+"- { event: call.finished, action: kustomer.conversation.update, options: { tags: { add: [ended] } } }\n"+
		"- { event: call.wrappedUp, action: kustomer.conversation.update, options: { status: done } }\n")
	in := answering(o.open(t))
	in.Since = time.Now().Add(-time.Minute)
	o.edits(t, in.ConversationID, kustomer.ConversationUpdate{Status: "snoozed"})
	in.Event, in.Note = call.Finished, "finished"
	in.Left = o.update(t, in).Left
	in.Event, in.Note = call.WrappedUp, "wrappedUp"
	o.update(t, in)
	require.Equal(t, "snoozed", o.conversation(t).Status)
}

func TestAnOvertakenHandOverLeavesTheFieldsToTheLaterOne(t *testing.T) {
	o := newOrg(t)
	o.automate(t, "queues: { Support: "+sales.ID+", Billing: "+sandbox.DefaultTeams()[0].ID+" }\n"+creates+
		`- { event: call.bridged, action: kustomer.conversation.update, options: { name: "With {agent.name}", assignedTeams: ["{queue.teamId}"], custom: { calledNumberStr: "{queue.name}", callIdStr: "{agent.id}" }, note: "{agent.name}" } }`)
	later := answering(o.open(t))
	later.Facts.Agent.Name, later.Facts.Queue.Name, later.Facts.Agent.ID = "Ben", "Billing", ""
	left := o.update(t, later).Left
	overtaken := later
	overtaken.Facts.Agent.Name, overtaken.Facts.Queue.Name, overtaken.Facts.Agent.ID = "Amira", "Support", "7"
	overtaken.KeepAssignee, overtaken.Note, overtaken.Left = true, "bridged-2", left
	o.update(t, overtaken)
	conversation := o.conversation(t)
	require.Equal(t, "With Ben", conversation.Name)
	require.Equal(t, []string{sandbox.DefaultTeams()[0].ID}, conversation.AssignedTeams)
	require.Equal(t, map[string]any{"calledNumberStr": "Billing", "callIdStr": "7"}, conversation.Custom, "what the later one does not say is said")
	require.Len(t, conversation.Notes, 2)
}

func TestAnAgentIsMissedOnlyWhereAnAutomationWantedOne(t *testing.T) {
	o := newOrg(t)
	o.automate(t, creates+`- event: call.finished
  trigger: { conditions: [{ expression: call.outcome, operator: EQ, expectation: answered }] }
  action: kustomer.conversation.update
  options: { assignedUsers: ["{agent.sourceId}"] }
`)
	in := answering(o.open(t))
	in.Event, in.Note, in.Facts.Agent, in.Facts.Outcome = call.Finished, "finished", call.Agent{}, call.AbandonedInQueue
	require.False(t, o.update(t, in).Unassigned)
	require.Empty(t, o.conversation(t).Tags)
}

func TestATransferToAUserWhoLeftUnassignsThoughThatFailsAtFirst(t *testing.T) {
	o := newOrg(t)
	in := o.transferring(t, call.Agent{ID: "8", Name: "Clara", SourceID: nobody})
	// Refused whole, twice, and by itself; what fails is the request that unassigns.
	o.Inject(sandbox.Fault{Method: "PUT", Route: "/v1/conversations/{id}", Kind: sandbox.FaultStatus, Status: 503, Skip: 2, Times: 2})
	result, failed, err := repeat(t, o.updateStep, in)
	require.NoError(t, err)
	require.NotEmpty(t, failed)
	require.True(t, result.Unassigned)
	require.Empty(t, o.conversation(t).AssignedUsers)
}

func TestAnOvertakenHandOverSetsNoTags(t *testing.T) {
	o := newOrg(t)
	o.automate(t, creates+`- { event: call.bridged, action: kustomer.conversation.update, options: { tags: { set: ["with_{agent.name}"] }, note: "{agent.name}" } }`)
	later := answering(o.open(t))
	later.Facts.Agent.Name = "Ben"
	overtaken := later
	overtaken.Left = o.update(t, later).Left
	overtaken.Facts.Agent.Name, overtaken.KeepAssignee, overtaken.Note = "Amira", true, "bridged-2"
	o.update(t, overtaken)
	require.Equal(t, []string{"with_Ben"}, o.conversation(t).Tags)
}

func TestAConversationIsGivenWhatItLacksAndNeverMadeAgain(t *testing.T) {
	for name, meanwhile := range map[string]func(*org, string){
		"untouched": func(*org, string) {},
		"merged": func(o *org, id string) {
			other, err := o.client.CreateConversation(t.Context(), kustomer.NewConversation{CustomerID: o.State().Customers[0].ID})
			require.NoError(t, err)
			o.Merge(id, other.ID)
		},
	} {
		o := newOrg(t)
		o.automate(t, "callers: { unknown: park }\n"+placesCalls)
		theirs, err := o.client.CreateCustomer(t.Context(), kustomer.NewCustomer{Name: "Mrs. Öz"})
		require.NoError(t, err)
		in := ringing("")
		in.Facts.Outgoing, in.Facts.Leg.To, in.Amend = true, caller, &Amendment{Customer: &theirs.ID}
		opened, err := attempt(o.createStep, in)
		require.NoError(t, err)
		meanwhile(o, opened.ConversationID)
		before := len(o.State().Conversations)
		in.Existing, in.Amend, in.Facts.Agent = opened.ConversationID, nil, call.Agent{ID: "7", SourceID: amira.ID}
		completed, err := attempt(o.createStep, in)
		require.NoError(t, err, name)
		require.Equal(t, opened.ConversationID, completed.ConversationID)
		require.Len(t, o.State().Conversations, before)
		if name == "untouched" {
			require.Equal(t, []string{amira.ID}, o.conversation(t).AssignedUsers)
		}
	}
}
