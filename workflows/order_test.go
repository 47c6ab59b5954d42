package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/call"
)

// Whatever the order, the same conversation comes out of the same events.
func TestOrderAndRepetitionOfEventsChangeNothing(t *testing.T) {
	events := []call.Event{inbound, bridged, attemptEnded, finished}
	for _, order := range permutations(len(events)) {
		c := newCall(t)
		c.signalWithStart = true
		for i, n := range order {
			at := time.Duration(i) * 500 * time.Millisecond
			c.hears(at, events[n])
			c.hears(at+100*time.Millisecond, events[n])
		}
		state := c.plays()
		require.Equal(t, call.Answered, state.Outcome, order)
		require.Equal(t, "agent-1", state.AgentID, order)
		require.Len(t, state.Events, len(events), order)
		require.Equal(t, []string{"create", "bridged", "finished"}, c.steps, order)
		require.Equal(t, "+4930231250", c.created.Facts.Leg.From, order)
		require.Equal(t, 10, *c.updates[0].Facts.Leg.Seconds, order)
		require.Equal(t, 60, *c.updates[1].Facts.Leg.Seconds, order)
	}
}

func TestConversationWaitsAMomentForTheCallersOwnLeg(t *testing.T) {
	c := newCall(t)
	c.signalWithStart = true
	c.hears(0, unansweredAttempt)
	c.hears(2*time.Second, inbound)
	c.hears(3*time.Second, hungUp)
	c.plays()
	require.Equal(t, "+4930231250", c.created.Facts.Leg.From)
}

func TestConversationIsOpenedEvenIfTheCallersOwnEventsAreLost(t *testing.T) {
	c := newCall(t)
	c.signalWithStart = true
	c.hears(0, unansweredAttempt)
	state := c.plays()
	require.Equal(t, "conversation-1", state.ConversationID)
	require.Empty(t, c.created.Facts.Leg.From, "the number of an agent's leg is not the caller's")
}

func TestTransferReassigns(t *testing.T) {
	c := newCall(t)
	c.starts(inbound)
	c.hears(10*time.Second, bridged)
	c.hears(40*time.Second, transferred)
	c.hears(60*time.Second, finished)
	state := c.plays()
	require.Equal(t, "agent-2", state.AgentID)
	require.Equal(t, []string{"create", "bridged", "bridged-2", "finished"}, c.steps)
	require.Equal(t, "agent-2", c.updates[2].Facts.Agent.ID)
}

func TestLaterBridgeKeepsTheCallWhenItOvertookTheEarlier(t *testing.T) {
	c := newCall(t)
	c.starts(inbound)
	c.hears(40*time.Second, transferred)
	c.hears(41*time.Second, bridged)
	c.hears(60*time.Second, finished)
	state := c.plays()
	require.Equal(t, "agent-2", state.AgentID)
	require.False(t, c.updates[0].KeepAssignee)
	require.True(t, c.updates[1].KeepAssignee)
	require.Equal(t, "agent-2", c.updates[2].Facts.Agent.ID)
}

func TestBridgeThatBothLegsAnnounceIsOne(t *testing.T) {
	other := bridged
	other.ID, other.Leg = "bridged-on-child", call.Leg{ID: "c", ParentID: "p"}
	c := newCall(t)
	c.starts(inbound)
	c.hears(10*time.Second, bridged)
	c.hears(11*time.Second, other)
	c.hears(60*time.Second, finished)
	c.plays()
	require.Equal(t, []string{"create", "bridged", "finished"}, c.steps)
}

func TestLateBridgeStillAssignsTheAgent(t *testing.T) {
	c := newCall(t)
	c.starts(inbound)
	c.hears(60*time.Second, finished)
	c.hears(63*time.Second, bridged) // within the time to settle
	state := c.plays()
	require.Equal(t, "agent-1", state.AgentID)
	require.Equal(t, []string{"create", "bridged", "finished"}, c.steps)
}

func TestBridgeThatArrivesWhileTheOutcomeIsWrittenIsNotLost(t *testing.T) {
	c := newCall(t)
	c.starts(inbound)
	c.hears(60*time.Second, hungUp)
	c.duringStep["finished"] = func() { c.env.SignalWorkflow("bridged", bridged) }
	state := c.plays()
	require.Equal(t, []string{"create", "finished", "bridged"}, c.steps)
	require.Equal(t, "agent-1", state.AgentID)
	require.Equal(t, call.Answered, state.Outcome)
}

func TestBridgeThatComesAfterItWasGivenUpStillAssignsTheAgent(t *testing.T) {
	c := newCall(t)
	c.starts(inbound)
	c.hears(60*time.Second, finished)
	c.duringStep["finished"] = func() { c.env.SignalWorkflow("bridged", bridged) }
	state := c.plays()
	require.Equal(t, []string{"create", "bridged", "finished", "bridged-2"}, c.steps)
	require.Equal(t, "agent-1", state.AgentID)
}

func TestAnsweredCallWhoseBridgeWasLostIsTaggedAnswered(t *testing.T) {
	c := newCall(t)
	c.starts(inbound)
	c.hears(60*time.Second, finished) // the other side hung up: somebody was on the line
	state := c.plays()
	require.Equal(t, call.Answered, state.Outcome)
	require.Equal(t, []string{"create", "bridged", "finished"}, c.steps)
	require.Empty(t, state.AssignedUsers)
}
