package automation

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/call"
)

const user1, user2, user3 = "5f0c1a2b3c4d5e6f70819210", "5f0c1a2b3c4d5e6f70819211", "5f0c1a2b3c4d5e6f70819212"

func TestAgentsAreKnownByIDAddressOrNumber(t *testing.T) {
	set, err := Load("test.yaml", []byte("agents: { 4711: "+user1+", Amira@Example.com: "+user2+", '+4930231250': "+user3+" }\n"+creating("{}")))
	require.NoError(t, err)
	require.Equal(t, user1, set.UserOf(call.Agent{ID: "4711", Email: "amira@example.com"}), "the id is the surest")
	require.Equal(t, user2, set.UserOf(call.Agent{ID: "4712", Email: "AMIRA@example.com"}))
	require.Equal(t, user3, set.UserOf(call.Agent{Number: "+4930231250"}))
	require.Empty(t, set.UserOf(call.Agent{ID: "4712", Name: "Amira"}))
	require.Empty(t, set.UserOf(call.Agent{}))
	require.Equal(t, []string{user3, user1, user2}, set.Needs().Users, "so that the check can say who does not exist")
}

func TestTableOfAgentsIsCheckedWhenItIsLoaded(t *testing.T) {
	for agents, want := range map[string]string{
		"{ 4711: amira }":       `1:17: "amira" is not a Kustomer id, which has 24 hexadecimal digits`,
		"{ 4711: [] }":          "1:17: the agent's Kustomer user must be a single value",
		"[4711]":                `1:9: "agents" must be a mapping of names to values`,
		"{ '': " + user1 + " }": "1:11: the agent needs a name: babelforce's id of the agent, the e-mail address or the number",
		"{ A@b.c: " + user1 + ", a@B.c: " + user2 + " }": `agent "a@B.c" is there twice`,
	} {
		_, err := Load("test.yaml", []byte("agents: "+agents+"\n"+creating("{}")))
		require.ErrorContains(t, err, want, agents)
	}
}

func TestEventsThatAssignTheAgentAreKnown(t *testing.T) {
	require.True(t, Default().AssignsAgent(call.Bridged))
	require.False(t, Default().AssignsAgent(call.Finished))
	require.False(t, Default().AssignsAgent(call.Inbound))
}

func TestPoliciesForCallersAreCheckedWhenTheyAreLoaded(t *testing.T) {
	set, err := Load("test.yaml", []byte("callers: { unknown: park, withheld: catchAll, catchAll: "+user1+" }\n"+creating("{}")))
	require.NoError(t, err)
	require.Equal(t, Callers{Unknown: ParkCall, Withheld: UseCatchAll, CatchAll: user1}, set.Callers)
	require.Equal(t, user1, set.Needs().CatchAll)
	require.Zero(t, Default().Callers)
	for callers, want := range map[string]string{
		"{ unknown: ignore }":   `1:21: "unknown" cannot be "ignore"`,
		"{ withheld: create }":  `1:22: "withheld" cannot be "create"`,
		"{ catchAll: Hotline }": `1:22: "Hotline" is not a Kustomer id`,
		"{ unkown: park }":      `unknown key "unkown" in "callers": did you mean "unknown"?`,
		"park":                  `"callers" must be a mapping`,
	} {
		_, err := Load("test.yaml", []byte("callers: "+callers+"\n"+creating("{}")))
		require.ErrorContains(t, err, want, callers)
	}
}
