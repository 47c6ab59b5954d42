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

// handsOver hands a call over to an agent, and returns what came of it.
func (o *org) handsOver(t *testing.T, agent call.Agent) (updateResult, sandbox.Conversation) {
	t.Helper()
	in := answering(o.open(t))
	in.Facts.Agent, in.Agents = agent, nil
	result := o.update(t, in)
	return result, o.conversation(t)
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
		"by the address, in whatever case":     {call.Agent{ID: "7", Email: "AMIRA.haddad@EXAMPLE.com"}, table, amira.ID},
		"by the address, for a foreign id":     {call.Agent{ID: "7", SourceID: "0051t00000AbCdE", Email: amira.Email}, table, amira.ID},
		"by the address, for a user who left":  {call.Agent{ID: "7", SourceID: nobody, Email: amira.Email}, table, amira.ID},
		"by the table":                         {call.Agent{ID: "4711"}, table, bastian.ID},
		"by the table, for an unknown address": {call.Agent{ID: "4711", Email: "nobody@example.com"}, table, bastian.ID},
		"by the table, for a user who left":    {call.Agent{ID: "4711", SourceID: nobody}, table, bastian.ID},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOrg(t)
			o.automate(t, known(tc.agents))
			result, conversation := o.handsOver(t, tc.agent)
			require.Equal(t, []string{tc.want}, conversation.AssignedUsers)
			require.Equal(t, []string{tc.want}, result.AssignedUsers)
			require.False(t, result.Unassigned)
			require.NotContains(t, conversation.Tags, UnassignedTag)
		})
	}
}

func TestAnAgentWhomNothingTellsForSureLeavesTheConversationUnassignedAndMarked(t *testing.T) {
	for name, agent := range map[string]call.Agent{
		"nothing but a name":     {Name: "Amira Haddad"},
		"an unknown address":     {ID: "7", Email: "nobody@example.com"},
		"a user who left":        {ID: "7", SourceID: nobody},
		"nobody is named at all": {},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOrg(t)
			result, conversation := o.handsOver(t, agent)
			require.Empty(t, conversation.AssignedUsers)
			require.Empty(t, result.AssignedUsers)
			require.True(t, result.Unassigned)
			require.Equal(t, []string{"babelforce", "inbound_call", "call_answered", UnassignedTag}, conversation.Tags)
			require.Len(t, conversation.Notes, 1)
			require.NotEmpty(t, result.Warnings)
		})
	}
}

func TestAnAddressThatTwoUsersHaveTellsNothing(t *testing.T) {
	twin := bastian
	twin.Email = amira.Email
	o := newOrg(t, func(o *org) {
		o.Server = sandbox.New(sandbox.Config{APIKey: apiKey, Users: []sandbox.User{amira, twin}})
		o.handler = o.Server
	})
	result, conversation := o.handsOver(t, call.Agent{ID: "7", Email: amira.Email})
	require.True(t, result.Unassigned)
	require.Empty(t, conversation.AssignedUsers)
}

func TestAKeyThatMayNotLookForUsersCostsNoUpdate(t *testing.T) {
	o := newOrg(t)
	o.Inject(sandbox.Fault{Method: "GET", Route: "/v1/users", Kind: sandbox.FaultStatus, Status: 403})
	result, conversation := o.handsOver(t, call.Agent{ID: "7", Email: amira.Email})
	require.True(t, result.Unassigned)
	require.Len(t, conversation.Notes, 1)
}

func TestAnAgentIsLookedForAgainWhileKustomerIsAway(t *testing.T) {
	o := newOrg(t)
	o.Inject(sandbox.Fault{Method: "GET", Route: "/v1/users", Kind: sandbox.FaultStatus, Status: 503, Times: 2})
	in := answering(o.open(t))
	in.Facts.Agent = call.Agent{ID: "7", Email: amira.Email}
	result, failed, err := repeat(t, o.updateStep, in)
	require.NoError(t, err)
	require.Len(t, failed, 2)
	require.Equal(t, []string{amira.ID}, result.AssignedUsers)
}

func TestAnAgentIsLookedUpOnceForManyCalls(t *testing.T) {
	o := newOrg(t)
	in := answering(o.open(t))
	in.Facts.Agent = call.Agent{ID: "7", Email: amira.Email}
	for _, note := range []string{"bridged", "bridged-2", "bridged-3"} {
		in.Note = note
		o.update(t, in)
	}
	require.Equal(t, 1, o.State().Requests["GET /v1/users"])
}

// What was found out before a failure is known to the next attempt.
func TestAnUnassignedConversationIsMarkedWhateverFailsMeanwhile(t *testing.T) {
	o := newOrg(t)
	o.Inject(sandbox.Fault{Method: "POST", Route: "/v1/conversations/{id}/tags", Kind: sandbox.FaultStatus, Status: 503, Times: 2})
	in := answering(o.open(t))
	in.Facts.Agent = call.Agent{ID: "7", SourceID: nobody}
	result, failed, err := repeat(t, o.updateStep, in)
	require.NoError(t, err)
	require.Len(t, failed, 2)
	require.True(t, result.Unassigned)
	require.Contains(t, o.conversation(t).Tags, UnassignedTag)
}
