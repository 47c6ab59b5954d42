package automation_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/automation/load"
	"github.com/callthread/callthread/call"
)

const user1, user2, user3 = "5f0c1a2b3c4d5e6f70819210", "5f0c1a2b3c4d5e6f70819211", "5f0c1a2b3c4d5e6f70819212"

func TestAgentsAreKnownByIDAddressOrNumber(t *testing.T) {
	set := loaded(t, "agents: { 4711: "+user1+", Amira@Example.com: "+user2+", '+4930231250': "+user3+" }\nautomations:\n"+creation("{}"))
	require.Equal(t, user1, set.UserOf(call.Agent{ID: "4711", Email: "amira@example.com"}), "the id is the surest")
	require.Equal(t, user2, set.UserOf(call.Agent{ID: "4712", Email: "AMIRA@example.com"}))
	require.Equal(t, user3, set.UserOf(call.Agent{Number: "+4930231250"}))
	require.Empty(t, set.UserOf(call.Agent{ID: "4712", Name: "Amira"}))
	require.Empty(t, set.UserOf(call.Agent{}))
	require.Equal(t, []string{user3, user1, user2}, set.Needs().Users, "so that the check can say who does not exist")
}

func TestEventsThatAssignTheAgentAreKnown(t *testing.T) {
	require.True(t, load.Default().AssignsAgent(call.Bridged, call.Facts{}))
	require.False(t, load.Default().AssignsAgent(call.Finished, call.Facts{}))
	require.False(t, load.Default().AssignsAgent(call.Inbound, call.Facts{}))
}
