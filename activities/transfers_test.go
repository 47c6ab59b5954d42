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
func (o *org) transferring(t *testing.T, to call.Agent) UpdateConversationInput {
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
				result, _, err := repeat(t, o.UpdateConversation, in)
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
	opened, err := attempt(o.CreateConversation, in)
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
	opened, err := attempt(o.CreateConversation, in)
	require.NoError(t, err)
	require.Empty(t, opened.ConversationID)
	require.Empty(t, o.State().Customers)
}
