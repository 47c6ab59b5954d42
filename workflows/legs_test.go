package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/workflows"
)

// leg is an agent's leg that rings, is picked up and ends at these seconds. PickedUp is 0
// if it is not picked up.
func leg(id string, rang, pickedUp, ended int) call.Leg {
	at := func(seconds int) time.Time { return began.Add(time.Duration(seconds) * time.Second) }
	l := lasting(attempt, 0, "system-hangup")
	l.ID, l.CreatedAt, l.FinishedAt = id, at(rang), at(ended)
	if pickedUp > 0 {
		l.EstablishedAt, l.FinishReason = at(pickedUp), "hangup"
		*l.Seconds = ended - pickedUp
	}
	return l
}

func TestStateListsTheLegs(t *testing.T) {
	c := newCall(t)
	c.starts(inbound)
	c.receives(17*time.Second, event(call.Finished, leg("c-1", 2, 0, 17), agent2))
	c.receives(20*time.Second, bridged)
	c.receives(60*time.Second, event(call.Finished, leg("c-2", 3, 10, 60), agent1))
	c.receives(60*time.Second, finished)
	state := c.plays()
	require.Equal(t, []call.LegSummary{
		{LegID: "c-1", AgentID: "agent-2", RangSeconds: new(15), FinishReason: "system-hangup"},
		{LegID: "c-2", AgentID: "agent-1", RangSeconds: new(7), TalkedSeconds: new(50), Answered: true, FinishReason: "hangup"},
	}, state.Legs)
	require.Equal(t, call.Summary{WaitSeconds: new(10), TalkSeconds: new(50), Agents: []string{"agent-1"}, EndedBy: "agent"}, state.Summary)
	require.Equal(t, state.Summary, c.closing(1).Summary)
}

func TestChildLegChangesNothing(t *testing.T) {
	c := newCall(t)
	c.starts(inbound)
	c.receives(17*time.Second, event(call.Finished, leg("c-1", 2, 0, 17), agent2))
	c.at(time.Minute, func() {
		state := c.asks()
		require.Equal(t, workflows.Ringing, state.Phase)
		require.Empty(t, state.AgentID)
		require.Equal(t, call.WaitsForAgent, state.WaitsFor)
	})
	c.receives(2*time.Minute, hungUp)
	c.plays()
	require.Equal(t, []string{"create", "finished"}, c.steps)
}

// The legs of a call that agent-1 places.
var (
	agentsLeg    = call.Leg{ID: "p", Type: "outbound", Source: "api", Domain: "internal", To: "agent's", CreatedAt: began}
	customersLeg = call.Leg{ID: "c", ParentID: "p", Type: "outbound", Source: "api", Domain: "external", From: "+4930231251", To: "+4930231250", CreatedAt: began}
)

func TestOutboundCallWaitsForTheCustomersLeg(t *testing.T) {
	c := newCall(t)
	c.starts(event(call.Outbound, agentsLeg, agent1))
	c.receives(2*time.Second, event(call.Outbound, customersLeg, call.Agent{}))
	c.receives(10*time.Second, event(call.Bridged, agentsLeg, agent1))
	c.receives(60*time.Second, event(call.Finished, lasting(customersLeg, 50, "hangup"), call.Agent{}))
	c.receives(60*time.Second, event(call.Finished, lasting(agentsLeg, 60, "passive-hangup"), call.Agent{}))
	state := c.plays()
	require.True(t, c.created.Is.Opening.Outgoing)
	require.Equal(t, "+4930231250", c.created.Is.Opening.CustomersNumber())
	require.Equal(t, agent1, c.created.Is.Opening.Agent)
	require.Equal(t, call.Answered, state.Outcome)
	require.Equal(t, []string{"create", "bridged", "finished"}, c.steps)
}

func TestUnansweredOutboundCallIsUnreached(t *testing.T) {
	c := newCall(t)
	c.starts(event(call.Outbound, customersLeg, agent1))
	c.receives(30*time.Second, event(call.Finished, lasting(customersLeg, 0, "no-answer"), call.Agent{}))
	c.receives(30*time.Second, event(call.Finished, lasting(agentsLeg, 30, "hangup"), call.Agent{}))
	state := c.plays()
	require.Equal(t, call.Unreached, state.Outcome)
	require.Equal(t, workflows.Missed, state.Phase)
	require.Equal(t, "agent-1", state.AgentID, "who has placed it")
}

// The agent's own phone rings first, for any time.
func TestOutboundConversationWaitsForTheRing(t *testing.T) {
	c := newCall(t)
	c.starts(event(call.Outbound, agentsLeg, agent1))
	c.receives(40*time.Second, event(call.Outbound, customersLeg, call.Agent{}))
	c.receives(90*time.Second, event(call.Finished, lasting(agentsLeg, 60, "passive-hangup"), call.Agent{}))
	c.plays()
	require.Equal(t, "+4930231250", c.created.Is.Opening.CustomersNumber())
	require.Equal(t, []string{"create", "finished"}, c.steps)
}

func TestPlacingAgentIsNamedOnceKnown(t *testing.T) {
	c := newCall(t)
	c.receives(0, event(call.Finished, lasting(customersLeg, 0, "no-answer"), call.Agent{}))
	c.receives(2*time.Second, event(call.Outbound, customersLeg, agent1))
	c.receives(3*time.Second, event(call.Finished, lasting(agentsLeg, 30, "hangup"), call.Agent{}))
	state := c.plays()
	require.Equal(t, []string{"create", "identify", "finished"}, c.steps)
	require.Equal(t, []call.Cause{call.AgentIdentified}, c.causes(0))
	require.Empty(t, c.updates[0].Is.PickUps, "who placed it has not picked up")
	require.Equal(t, "conversation-1", c.updates[0].Conversation.ID)
	require.Equal(t, agent1, c.updates[0].Is.Opening.Agent)
	require.Equal(t, "agent-1", state.AgentID)
}

func TestAnsweredCallStaysAnsweredWithoutAnEnd(t *testing.T) {
	c := newCall(t)
	c.starts(event(call.Outbound, customersLeg, agent1))
	c.receives(60*time.Second, event(call.Finished, lasting(customersLeg, 40, "hangup"), call.Agent{}))
	state := c.plays()
	require.Equal(t, []string{"create", "answered+finished"}, c.steps)
	require.Equal(t, call.Answered, state.Outcome)
}
