package load

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/automation"
)

func TestAgentsAreChecked(t *testing.T) {
	for agents, want := range map[string]string{
		"{ 4711: amira }":        `1:17: "amira" is not a Kustomer id, which has 24 hexadecimal digits`,
		"{ 4711: [] }":           "1:17: the agent's Kustomer user must be a single value",
		"[4711]":                 `1:9: "agents" must be a mapping of names to values`,
		"{ '': " + userID + " }": "1:11: the agent needs a name: babelforce's id of the agent, the e-mail address or the number",
		"{ A@b.c: " + userID + ", a@B.c: " + userID + " }": `agent "a@B.c" appears twice`,
	} {
		_, _, err := Bytes("test.yaml", []byte("agents: "+agents+"\n"+creating("{}")))
		require.ErrorContains(t, err, want, agents)
	}
}

func TestQueuesAreChecked(t *testing.T) {
	for queues, want := range map[string]string{
		"{ Support: Support }":                                 `1:20: "Support" is not a Kustomer id, which has 24 hexadecimal digits`,
		"{ '': " + teamID + " }":                               "1:11: the queue needs a name: babelforce's id of the queue or its name",
		"{ Support: " + teamID + ", support: " + teamID + " }": `queue "support" appears twice`,
		"[Support]": `1:9: "queues" must be a mapping of names to values`,
	} {
		_, _, err := Bytes("test.yaml", []byte("queues: "+queues+"\n"+creating("{}")))
		require.ErrorContains(t, err, want, queues)
	}
}

func TestCallerPoliciesAreChecked(t *testing.T) {
	set, _, err := Bytes("test.yaml", []byte("callers: { unknown: park, withheld: catchAll, catchAll: "+userID+" }\n"+creating("{}")))
	require.NoError(t, err)
	require.Equal(t, automation.Callers{Unknown: automation.ParkCall, Withheld: automation.UseCatchAll, CatchAll: userID}, set.Callers)
	require.Equal(t, userID, set.Needs().CatchAll)
	require.Zero(t, Default().Callers)
	for callers, want := range map[string]automation.Callers{
		"":                                  {},
		"{ returning: }":                    {},
		"{ shared: oldest }":                {Shared: automation.UseOldest},
		"{ returning: { policy: new } }":    {},
		"{ returning: { policy: append } }": {Returning: automation.Returning{Append: true, Within: 4 * time.Hour}},
		"{ returning: { within: 72h, policy: append } }": {Returning: automation.Returning{Append: true, Within: 72 * time.Hour}},
	} {
		require.Equal(t, want, loaded(t, "callers: "+callers+"\n"+creating("{}")).Callers, callers)
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
		_, _, err := Bytes("test.yaml", []byte("callers: "+callers+"\n"+creating("{}")))
		require.ErrorContains(t, err, want, callers)
	}
}
