package automation

import (
	"testing"
	"time"

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

func TestTableOfQueuesIsCheckedWhenItIsLoaded(t *testing.T) {
	for queues, want := range map[string]string{
		"{ Support: Support }":                                 `1:20: "Support" is not a Kustomer id, which has 24 hexadecimal digits`,
		"{ '': " + teamID + " }":                               "1:11: the queue needs a name: babelforce's id of the queue or its name",
		"{ Support: " + teamID + ", support: " + teamID + " }": `queue "support" is there twice`,
		"[Support]": `1:9: "queues" must be a mapping of names to values`,
	} {
		_, err := Load("test.yaml", []byte("queues: "+queues+"\n"+creating("{}")))
		require.ErrorContains(t, err, want, queues)
	}
}

func TestEventsThatAssignTheAgentAreKnown(t *testing.T) {
	require.True(t, Default().AssignsAgent(call.Bridged, call.Facts{}))
	require.False(t, Default().AssignsAgent(call.Finished, call.Facts{}))
	require.False(t, Default().AssignsAgent(call.Inbound, call.Facts{}))
}

func TestPoliciesForCallersAreCheckedWhenTheyAreLoaded(t *testing.T) {
	set, err := Load("test.yaml", []byte("callers: { unknown: park, withheld: catchAll, catchAll: "+user1+" }\n"+creating("{}")))
	require.NoError(t, err)
	require.Equal(t, Callers{Unknown: ParkCall, Withheld: UseCatchAll, CatchAll: user1}, set.Callers)
	require.Equal(t, user1, set.Needs().CatchAll)
	require.Zero(t, Default().Callers)
	for callers, want := range map[string]Callers{
		"":                                  {},
		"{ returning: }":                    {},
		"{ shared: oldest }":                {Shared: UseOldest},
		"{ returning: { policy: new } }":    {},
		"{ returning: { policy: append } }": {Returning: Returning{Append: true, Within: 4 * time.Hour}},
		"{ returning: { within: 72h, policy: append } }": {Returning: Returning{Append: true, Within: 72 * time.Hour}},
	} {
		require.Equal(t, want, load(t, "callers: "+callers+"\n"+creating("{}")).Callers, callers)
	}
	for callers, want := range map[string]string{
		"{ unknown: ignore }":                             `1:21: "unknown" cannot be "ignore"`,
		"{ withheld: create }":                            `1:22: "withheld" cannot be "create"`,
		"{ catchAll: Hotline }":                           `1:22: "Hotline" is not a Kustomer id`,
		"{ unkown: park }":                                `unknown key "unkown" in "callers": did you mean "unknown"?`,
		"park":                                            `"callers" must be a mapping`,
		"{ shared: first }":                               `1:20: "shared" cannot be "first": use one of catchAll, park, oldest`,
		"{ shared: Oldest }":                              `did you mean "oldest"?`,
		"{ returning: append }":                           `1:23: "returning" must be a mapping`,
		"{ returning: { within: 4h } }":                   `1:23: "returning" needs "policy"`,
		"{ returning: { policy: apend } }":                `1:33: "policy" cannot be "apend": did you mean "append"?`,
		"{ returning: { policy: new, within: 4h } }":      `1:46: "within" goes with "policy: append": with "new" every call gets a conversation`,
		"{ returning: { policy: append, within: 73h } }":  `1:49: "within" must be a length of time from 1m to 72h, written like 90s or 1h30m`,
		"{ returning: { policy: append, within: 30s } }":  `1:49: "within" must be`,
		"{ returning: { policy: append, within: 4 } }":    `1:49: "within" must be`,
		"{ returning: { policy: append, within: [4h] } }": `1:49: "within" must be a single value`,
	} {
		_, err := Load("test.yaml", []byte("callers: "+callers+"\n"+creating("{}")))
		require.ErrorContains(t, err, want, callers)
	}
}
