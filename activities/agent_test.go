package activities

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/kustomer/sandbox"
)

// known is the built-in file with a table of agents.
func known(agents string) string {
	return "agents: " + agents + "\n" + string(automation.DefaultFile)
}

// handsOver hands a call over to an agent, and returns the result and the conversation.
func (o *org) handsOver(t *testing.T, agent call.Agent) (StepResult, sandbox.Conversation) {
	t.Helper()
	p := o.opened(t)
	p.picksUp(12, agent)
	return p.does(), o.conversation(t)
}

func TestAnAgentIsAssignedByWhateverTellsForSure(t *testing.T) {
	table := "{ 4711: " + bastian.ID + " }"
	for name, tc := range map[string]struct {
		agent  call.Agent
		agents string
		want   string
	}{
		"by the sourceId":                      {call.Agent{ID: "4711", SourceID: amira.ID, Email: bastian.Email}, table, amira.ID},
		"by the address, without a sourceId":   {call.Agent{ID: "7", Email: amira.Email}, table, amira.ID},
		"by the address, in any case":          {call.Agent{ID: "7", Email: "AMIRA.haddad@EXAMPLE.com"}, table, amira.ID},
		"by the address, for a foreign id":     {call.Agent{ID: "7", SourceID: "0051t00000AbCdE", Email: amira.Email}, table, amira.ID},
		"by the address, for a user who left":  {call.Agent{ID: "7", SourceID: noSuchID, Email: amira.Email}, table, amira.ID},
		"by the table":                         {call.Agent{ID: "4711"}, table, bastian.ID},
		"by the table, for an unknown address": {call.Agent{ID: "4711", Email: "nobody@example.com"}, table, bastian.ID},
		"by the table, for a user who left":    {call.Agent{ID: "4711", SourceID: noSuchID}, table, bastian.ID},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOrg(t)
			o.automate(t, known(tc.agents))
			result, conversation := o.handsOver(t, tc.agent)
			require.Equal(t, []string{tc.want}, conversation.AssignedUsers)
			require.Equal(t, []string{tc.want}, result.Conversation.AssignedUsers)
			require.Equal(t, map[string]call.Resolved{"bridged": {User: tc.want}}, result.Agents)
			require.NotContains(t, conversation.Tags, UnassignedTag)
		})
	}
}

func TestUncertainAgentIsNotAssigned(t *testing.T) {
	for name, agent := range map[string]call.Agent{
		"nothing but a name": {Name: "Amira Haddad"},
		"an unknown address": {ID: "7", Email: "nobody@example.com"},
		"a user who left":    {ID: "7", SourceID: noSuchID},
		"no agent is named":  {},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOrg(t)
			result, conversation := o.handsOver(t, agent)
			require.Empty(t, conversation.AssignedUsers)
			require.Empty(t, result.Conversation.AssignedUsers)
			require.Equal(t, map[string]call.Resolved{"bridged": {Unassigned: true}}, result.Agents)
			require.Equal(t, []string{"babelforce", "inbound_call", "call_answered", UnassignedTag}, conversation.Tags)
			require.Len(t, conversation.Notes, 1)
			require.NotEmpty(t, result.Warnings)
		})
	}
}

func TestAddressOfTwoUsersIdentifiesNone(t *testing.T) {
	twin := bastian
	twin.Email = amira.Email
	o := newOrg(t, func(o *org) {
		o.Server = sandbox.New(sandbox.Config{APIKey: apiKey, Users: []sandbox.User{amira, twin}})
		o.handler = o.Server
	})
	result, conversation := o.handsOver(t, call.Agent{ID: "7", Email: amira.Email})
	require.True(t, result.Agents["bridged"].Unassigned)
	require.Empty(t, conversation.AssignedUsers)
}

func TestUpdateNeedsNoRoleToReadUsers(t *testing.T) {
	o := newOrg(t)
	o.Inject(sandbox.Fault{Method: "GET", Route: "/v1/users", Kind: sandbox.FaultStatus, Status: 403})
	result, conversation := o.handsOver(t, call.Agent{ID: "7", Email: amira.Email})
	require.True(t, result.Agents["bridged"].Unassigned)
	require.Len(t, conversation.Notes, 1)
}

func TestAgentIsLookedUpAgainAfterAnOutage(t *testing.T) {
	o := newOrg(t)
	o.Inject(sandbox.Fault{Method: "GET", Route: "/v1/users", Kind: sandbox.FaultStatus, Status: 503, Times: 2})
	p := o.opened(t)
	p.picksUp(12, call.Agent{ID: "7", Email: amira.Email})
	result, failed := p.repeats()
	require.Len(t, failed, 2)
	require.Equal(t, []string{amira.ID}, result.Conversation.AssignedUsers)
}

func TestAgentIsLookedUpOnceForManyCalls(t *testing.T) {
	o := newOrg(t)
	for _, key := range []string{"k-1", "k-2", "k-3"} {
		p := o.ringsAs(t, func(e *call.Event) { e.Leg.ID = key })
		p.does()
		p.picksUp(12, call.Agent{ID: "7", Email: amira.Email})
		p.does()
	}
	require.Equal(t, 1, o.State().Requests["GET /v1/users"])
}

// The pick-up stores the agent's user, so another worker does not look it up again.
func TestAgentIsLookedUpOncePerCall(t *testing.T) {
	o := newOrg(t)
	p := o.opened(t)
	p.picksUp(12, call.Agent{ID: "7", Email: amira.Email})
	p.does()
	o.Activities = o.anotherWorker(t)
	p.ends(90, "hangup")
	p.does()
	require.Equal(t, 1, o.State().Requests["GET /v1/users"])
	require.Equal(t, []string{amira.ID}, o.conversation(t).AssignedUsers)
}

func TestUnassignedTagIsAddedDespiteFaults(t *testing.T) {
	o := newOrg(t)
	o.Inject(sandbox.Fault{Method: "POST", Route: "/v1/conversations/{id}/tags", Kind: sandbox.FaultStatus, Status: 503, Times: 2})
	p := o.opened(t)
	p.picksUp(12, call.Agent{ID: "7", SourceID: noSuchID})
	result, failed := p.repeats()
	require.Len(t, failed, 2)
	require.True(t, result.Agents["bridged"].Unassigned)
	require.Contains(t, o.conversation(t).Tags, UnassignedTag)
}

// The second agent is known: the tag was for the first one.
func TestKnownAgentRemovesTheUnassignedTag(t *testing.T) {
	o := newOrg(t)
	p := o.opened(t)
	p.picksUp(12, call.Agent{ID: "9", Name: "Clara"})
	p.does()
	require.Contains(t, o.conversation(t).Tags, UnassignedTag)
	p.picksUp(60, agentBastian)
	require.Empty(t, p.does().Warnings)
	require.NotContains(t, o.conversation(t).Tags, UnassignedTag)
	require.Equal(t, []string{bastian.ID}, o.conversation(t).AssignedUsers)
}

// A later report names the user. The pick-up has its note already, and gets no second one.
func TestAgentIdentifiedLateIsAssigned(t *testing.T) {
	o := newOrg(t)
	p := o.opened(t)
	p.picksUp(12, call.Agent{ID: "7", Name: amira.Name})
	p.does()
	require.Contains(t, o.conversation(t).Tags, UnassignedTag)
	p.picksUp(12, agentAmira)
	in := p.next()
	require.Equal(t, []call.Cause{call.AgentIdentified}, in.Causes)
	result := p.does()
	require.Equal(t, map[string]call.Resolved{"bridged": {User: amira.ID}}, result.Agents)
	requireTheWholeCallOnce(t, o)
}

// The attempt whose answer was lost found that Kustomer does not know the agent.
func TestLostAnswerStillRemovesTheTag(t *testing.T) {
	o := newOrg(t)
	p := o.opened(t)
	p.picksUp(12, call.Agent{ID: "9", Name: "Clara", SourceID: noSuchID})
	o.Inject(sandbox.Fault{Method: "POST", Route: "/v1/conversations/{id}/notes", Kind: sandbox.FaultLoseAnswer, Times: 1})
	result, failed := p.repeats()
	require.Len(t, failed, 1)
	require.Contains(t, o.conversation(t).Tags, UnassignedTag)
	require.True(t, result.Agents["bridged"].Unassigned)
	require.Empty(t, result.Conversation.AssignedUsers)
	p.picksUp(60, agentBastian)
	p.does()
	require.NotContains(t, o.conversation(t).Tags, UnassignedTag)
	require.Equal(t, []string{bastian.ID}, o.conversation(t).AssignedUsers)
}
