package activities

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/kustomer"
)

const placesCalls = `
automations:
  - event: call.outbound
    action: kustomer.conversation.create
    options: { name: "Call to {call.to}", assignedUsers: ["{agent.sourceId}"] }
`

// isPlaced makes the reported ring one of a call that an agent places.
func isPlaced(by call.Agent) func(*call.Event) {
	return func(e *call.Event) {
		e.Kind, e.Agent = call.Outbound, by
		e.Leg = call.Leg{ID: e.Leg.ID, Type: "outbound", Source: "api", From: "+493023125000", To: caller, CreatedAt: e.Leg.CreatedAt}
	}
}

func TestOutboundCallBelongsToTheCalled(t *testing.T) {
	o := newOrg(t)
	o.automate(t, placesCalls)
	opened := o.ringsAs(t, isPlaced(call.Agent{ID: "7", Email: amira.Email})).does()
	require.Empty(t, opened.Warnings)
	require.Equal(t, call.Resolved{User: amira.ID}, opened.Placer)
	require.Equal(t, []string{caller}, o.State().Customers[0].Phones)
	conversation := o.conversation(t)
	require.Equal(t, "out", conversation.Direction)
	require.Equal(t, "Call to "+caller, conversation.Name)
	require.Equal(t, []string{amira.ID}, conversation.AssignedUsers)
}

func TestOutboundCallOfAnUnknownAgentIsTagged(t *testing.T) {
	o := newOrg(t)
	o.automate(t, placesCalls)
	opened := o.ringsAs(t, isPlaced(call.Agent{ID: "7", Name: "Clara"})).does()
	require.Equal(t, call.Resolved{Unassigned: true}, opened.Placer)
	require.Equal(t, []string{UnassignedTag}, o.conversation(t).Tags)
	require.Empty(t, o.conversation(t).AssignedUsers)
}

func TestOutboundCallNeedsAnAutomation(t *testing.T) {
	o := newOrg(t)
	opened := o.ringsAs(t, isPlaced(agentAmira)).does()
	require.Empty(t, opened.Conversation)
	require.Empty(t, o.State().Customers)
}

func TestPlacingAgentIsAssigned(t *testing.T) {
	for name, isMerged := range map[string]bool{"untouched": false, "merged": true} {
		t.Run(name, func(t *testing.T) {
			o := newOrg(t)
			o.automate(t, "callers: { unknown: park }\n"+placesCalls)
			theirs, err := o.client.CreateCustomer(t.Context(), kustomer.NewCustomer{Name: "Mrs. Öz"})
			require.NoError(t, err)
			p := o.ringsAs(t, isPlaced(call.Agent{}))
			p.does(func(in *StepInput) { in.Amend = &Amendment{Customer: &theirs.ID} })
			id := p.conversation.ID
			if isMerged {
				id = p.mergedInto(kustomer.NewConversation{})
			}
			before := len(o.State().Conversations)
			p.reports(call.Event{Kind: call.Finished, Leg: call.Leg{ID: "k-2", ParentID: "k-1"}, Agent: agentAmira})
			require.Equal(t, []call.Cause{call.AgentIdentified}, p.next().Causes)
			completed := p.does()
			require.Equal(t, id, completed.Conversation.ID)
			require.Equal(t, call.Resolved{User: amira.ID}, completed.Placer)
			require.Len(t, o.State().Conversations, before, "it is never made again")
			require.Equal(t, []string{amira.ID}, o.State().Conversations[before-1].AssignedUsers)
			require.Empty(t, o.State().Conversations[before-1].Notes)
		})
	}
}
