package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/activities"
	"github.com/callthread/callthread/call"
)

// The same events lead to the same conversation, in any order.
func TestOrderAndRepetitionOfEventsChangeNothing(t *testing.T) {
	events := []call.Event{inbound, bridged, attemptEnded, finished}
	for _, order := range permutations(len(events)) {
		c := newCall(t)
		for i, n := range order {
			at := time.Duration(i) * 500 * time.Millisecond
			c.receives(at, events[n])
			c.receives(at+100*time.Millisecond, events[n])
		}
		state := c.plays()
		require.Equal(t, call.Answered, state.Outcome, order)
		require.Equal(t, "agent-1", state.AgentID, order)
		require.Len(t, state.Events, len(events), order)
		require.Equal(t, []string{"create", "bridged", "finished"}, c.steps, order)
		require.Equal(t, "+4930231250", c.created.Is.Opening.Leg.From, order)
		require.Equal(t, 10, *c.pickUp(0).Facts.Leg.Seconds, order)
		require.Equal(t, 60, *c.closing(1).Leg.Seconds, order)
	}
}

func TestConversationWaitsForTheCallersLeg(t *testing.T) {
	c := newCall(t)
	c.receives(0, unansweredAttempt)
	c.receives(2*time.Second, inbound)
	c.receives(3*time.Second, hungUp)
	c.plays()
	require.Equal(t, "+4930231250", c.created.Is.Opening.Leg.From)
}

func TestConversationOpensWithoutTheCallersLeg(t *testing.T) {
	c := newCall(t)
	c.receives(0, unansweredAttempt)
	state := c.plays()
	require.Equal(t, "conversation-1", state.ConversationID)
	require.Empty(t, c.created.Is.Opening.Leg.From, "the number of an agent's leg is not the caller's")
}

func TestTransferReassigns(t *testing.T) {
	c := newCall(t)
	c.starts(inbound)
	c.receives(10*time.Second, bridged)
	c.receives(40*time.Second, transferred)
	c.receives(60*time.Second, finished)
	state := c.plays()
	require.Equal(t, "agent-2", state.AgentID)
	require.Equal(t, []string{"create", "bridged", "bridged-2", "finished"}, c.steps)
	require.Equal(t, "agent-2", c.closing(2).Agent.ID)
}

func TestOutOfOrderBridgeKeepsTheLaterAgent(t *testing.T) {
	c := newCall(t)
	c.starts(inbound)
	c.receives(40*time.Second, transferred)
	c.receives(41*time.Second, bridged)
	c.receives(60*time.Second, finished)
	state := c.plays()
	require.Equal(t, "agent-2", state.AgentID)
	require.Equal(t, []string{"create", "bridged", "bridged-2", "finished"}, c.steps)
	require.Equal(t, []string{"agent-2", "agent-1"}, []string{c.pickUp(0).Facts.Agent.ID, c.pickUp(1).Facts.Agent.ID})
	for n := range c.updates {
		require.Equal(t, "bridged", c.latest(n).Note)
		require.Equal(t, "agent-2", c.latest(n).Facts.Agent.ID)
	}
	require.Equal(t, "agent-2", c.closing(2).Agent.ID)
}

func TestBridgeOfBothLegsIsOne(t *testing.T) {
	other := bridged
	other.Leg = call.Leg{ID: "c", ParentID: "p"}
	c := newCall(t)
	c.starts(inbound)
	c.receives(10*time.Second, bridged)
	c.receives(11*time.Second, other)
	c.receives(60*time.Second, finished)
	c.plays()
	require.Equal(t, []string{"create", "bridged", "finished"}, c.steps)
}

func TestTransferWaitsForTheNextAgent(t *testing.T) {
	handedOn := finished
	handedOn.Leg = lasting(caller, 35, "transferred")
	c := newCall(t)
	c.starts(inbound)
	c.receives(10*time.Second, bridged)
	c.receives(35*time.Second, handedOn)
	c.receives(2*time.Minute, transferred)
	state := c.plays()
	require.Equal(t, "agent-2", state.AgentID)
	require.Equal(t, []string{"create", "bridged", "bridged-2", "finished"}, c.steps)
}

func TestLateBridgeStillAssignsTheAgent(t *testing.T) {
	c := newCall(t)
	c.starts(inbound)
	c.receives(60*time.Second, finished)
	c.receives(63*time.Second, bridged) // within the time to settle
	state := c.plays()
	require.Equal(t, "agent-1", state.AgentID)
	require.Equal(t, []string{"create", "bridged", "finished"}, c.steps)
	require.Equal(t, "agent-1", c.closing(1).Agent.ID, "the outcome is written last, and knows who answered")
}

func TestBridgeThatArrivesWhileTheOutcomeIsWrittenPutsItRight(t *testing.T) {
	c := newCall(t)
	c.starts(inbound)
	c.receives(60*time.Second, hungUp)
	c.duringStep["finished"] = func() { c.env.SignalWorkflow("bridged", bridged) }
	state := c.plays()
	require.Equal(t, []string{"create", "finished", "bridged+finished-2"}, c.steps)
	require.Equal(t, "agent-1", state.AgentID)
	require.Equal(t, call.Answered, state.Outcome)
	require.Equal(t, call.Answered, c.closing(1).Outcome)
	require.Equal(t, call.AbandonedInFlow, c.updates[1].Was.Closing.Facts.Outcome, "whose tags are to be taken away")
}

func TestBridgeThatComesAfterItWasGivenUpStillAssignsTheAgent(t *testing.T) {
	c := newCall(t)
	c.starts(inbound)
	c.receives(60*time.Second, finished)
	c.duringStep["answered+finished"] = func() { c.env.SignalWorkflow("bridged", bridged) }
	state := c.plays()
	require.Equal(t, []string{"create", "answered+finished", "bridged"}, c.steps)
	require.Equal(t, "agent-1", c.latest(1).Facts.Agent.ID)
	require.Equal(t, []string{"user-of-agent-1"}, state.AssignedUsers)
	require.Equal(t, "agent-1", state.AgentID)
}

func TestAnsweredCallWithoutABridgeIsTagged(t *testing.T) {
	c := newCall(t)
	c.starts(inbound)
	c.receives(60*time.Second, finished) // the other side hung up: an agent was on the line
	state := c.plays()
	require.Equal(t, call.Answered, state.Outcome)
	require.Equal(t, []string{"create", "answered+finished"}, c.steps)
	require.Equal(t, []call.Cause{call.PickedUp, call.Ended}, c.causes(0))
	require.True(t, c.pickUp(0).Inferred)
	require.Equal(t, call.Answered, c.closing(0).Outcome)
	require.Nil(t, c.pickUp(0).Facts.Leg.Seconds, "how long the caller waited was never reported")
	require.Empty(t, state.AssignedUsers)
}

func TestConversationWaitsForTheCaller(t *testing.T) {
	anonymous := bridged
	anonymous.Leg = lasting(call.Leg{ID: "p"}, 10, "")
	c := newCall(t)
	c.receives(0, anonymous)
	c.receives(time.Second, inbound)
	c.receives(60*time.Second, finished)
	c.plays()
	require.Equal(t, "+4930231250", c.created.Is.Opening.Leg.From)
	require.Equal(t, []string{"create", "bridged", "finished"}, c.steps)
}

func TestReportsOfOneBridgeAreOneInAnyOrder(t *testing.T) {
	again := transferred
	again.Leg = call.Leg{ID: "c", ParentID: "p", CreatedAt: began, Seconds: new(41)}
	c := newCall(t)
	c.starts(inbound)
	c.receives(40*time.Second, transferred)
	c.receives(41*time.Second, bridged)
	c.receives(42*time.Second, again)
	c.receives(60*time.Second, finished)
	c.plays()
	require.Equal(t, []string{"create", "bridged", "bridged-2", "finished"}, c.steps)
}

func TestTransferBackIsAHandOver(t *testing.T) {
	back := bridged
	back.Leg = lasting(caller, 50, "")
	c := newCall(t)
	c.starts(inbound)
	c.receives(10*time.Second, bridged)
	c.receives(40*time.Second, transferred)
	c.receives(50*time.Second, back)
	c.receives(60*time.Second, finished)
	state := c.plays()
	require.Equal(t, "agent-1", state.AgentID)
	require.Equal(t, []string{"create", "bridged", "bridged-2", "bridged-3", "finished"}, c.steps)
}

func TestAnnouncementThatFirstTellsWhoTheAgentIsToKustomerAssigns(t *testing.T) {
	nameless := bridged
	nameless.Agent = call.Agent{ID: "agent-1", Name: "Amira"}
	c := newCall(t)
	c.starts(inbound)
	c.receives(10*time.Second, nameless)
	c.receives(11*time.Second, bridged)
	c.receives(60*time.Second, finished)
	state := c.plays()
	require.Equal(t, []string{"user-of-agent-1"}, state.AssignedUsers)
	require.Equal(t, []string{"create", "bridged", "identify", "finished"}, c.steps)
	require.Equal(t, "Amira", c.latest(1).Facts.Agent.Name, "what the second left out is kept")
	require.Equal(t, "Amira", c.closing(2).Agent.Name)
}

// The event that identifies the caller is delayed by an outage, for longer than an agent
// can wait.
func TestCallerWhoBecomesKnownLateGetsTheConversation(t *testing.T) {
	for name, tc := range map[string]struct {
		plays func(*callUnderTest)
		want  []string // the steps
	}{
		"while it rings": {
			func(c *callUnderTest) {
				c.receives(time.Minute, inbound)
				c.receives(2*time.Minute, nameless(finished))
			},
			[]string{"create", "move", "answered+finished"},
		},
		"after the end": {
			func(c *callUnderTest) {
				c.receives(time.Minute, nameless(finished))
				c.receives(61*time.Second, inbound)
			},
			[]string{"create", "move", "answered+finished"},
		},
		"when an agent picks up": {
			func(c *callUnderTest) {
				c.receives(time.Minute, bridged)
				c.receives(2*time.Minute, nameless(finished))
			},
			[]string{"create", "bridged+move", "finished"},
		},
		"while it is being closed": {
			func(c *callUnderTest) {
				c.receives(time.Minute, nameless(finished))
				c.duringStep["answered+finished"] = func() { c.env.SignalWorkflow("inbound", inbound) }
			},
			[]string{"create", "answered+finished", "move"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCall(t)
			c.starts(unansweredAttempt)
			tc.plays(c)
			state := c.plays()
			require.Equal(t, tc.want, c.steps)
			require.Len(t, c.moved(), 1)
			require.Equal(t, "+4930231250", c.moved()[0].Is.Opening.Leg.From)
			require.Equal(t, "customer-1", c.moved()[0].Conversation.CustomerID)
			require.Equal(t, "customer-2", state.CustomerID)
			require.Equal(t, "https://crm/moved", state.ConversationURL)
		})
	}
}

func TestWithheldNumberMovesNothing(t *testing.T) {
	withheld := inbound
	withheld.Leg.From, withheld.Leg.Anonymous = "", true
	c := newCall(t)
	c.starts(unansweredAttempt)
	c.receives(time.Minute, withheld)
	c.receives(2*time.Minute, nameless(hungUp))
	c.plays()
	require.Equal(t, []string{"create", "finished"}, c.steps)
}

// nameless removes the caller from an event.
func nameless(e call.Event) call.Event {
	e.Leg.From = ""
	return e
}

// The caller's leg ends with the transfer. The next agent's conversation is part of the
// same call.
func TestTransferredCallEndsWithTheNextLeg(t *testing.T) {
	c := newCall(t)
	c.starts(inbound)
	c.receives(10*time.Second, bridged)
	c.receives(60*time.Second, event(call.Finished, leg("c-1", 2, 10, 60), agent1))
	c.receives(60*time.Second, event(call.Finished, lasting(caller, 60, "transferred"), call.Agent{}))
	c.receives(90*time.Second, event(call.Bridged, lasting(caller, 90, ""), agent2))
	c.at(time.Minute*30, func() { require.Equal(t, call.WaitsForTransfer, c.asks().WaitsFor) })
	c.receives(45*time.Minute, event(call.Finished, leg("c-2", 70, 90, 2700), agent2))
	state := c.plays()
	require.Equal(t, []string{"create", "bridged", "bridged-2", "finished"}, c.steps)
	require.Equal(t, []string{"agent-1", "agent-2"}, state.Summary.Agents)
	require.Equal(t, 45*time.Minute+15*time.Second, c.took())
}

// Agents' legs may end without a duration, or name no agent.
func TestTransferredCallIgnoresEndedLegs(t *testing.T) {
	bare := func(l call.Leg) call.Leg { l.Seconds = nil; return l }
	for name, legs := range map[string][]call.Event{
		"without durations": {
			event(call.Finished, bare(leg("c-1", 2, 10, 60)), agent1), event(call.Finished, bare(leg("c-2", 70, 90, 120)), agent2),
		},
		"without agents": {
			event(call.Finished, leg("c-1", 2, 10, 60), call.Agent{}), event(call.Finished, leg("c-2", 70, 90, 120), call.Agent{}),
		},
		"the first without a report": {event(call.Finished, leg("c-2", 70, 90, 120), agent2)},
	} {
		c := newCall(t)
		c.starts(inbound)
		c.receives(10*time.Second, bridged)
		c.receives(60*time.Second, event(call.Finished, lasting(caller, 60, "transferred"), call.Agent{}))
		c.receives(90*time.Second, event(call.Bridged, lasting(caller, 90, ""), agent2))
		for _, leg := range legs {
			c.receives(2*time.Minute, leg)
		}
		c.plays()
		require.LessOrEqual(t, c.took(), 60*time.Second+5*time.Minute, name)
	}
}

func TestTransferredCallHasATimeLimit(t *testing.T) {
	c := newCall(t)
	c.starts(inbound)
	c.receives(10*time.Second, bridged)
	c.receives(60*time.Second, event(call.Finished, leg("c-1", 2, 10, 60), agent1))
	c.receives(60*time.Second, event(call.Finished, lasting(caller, 60, "transferred"), call.Agent{}))
	c.receives(90*time.Second, event(call.Bridged, lasting(caller, 90, ""), agent2))
	state := c.plays()
	require.Equal(t, call.Answered, state.Outcome)
	require.Equal(t, 90*time.Second+time.Hour, c.took())
}

// The caller's leg may announce a bridge without the agent.
func TestBridgeWithoutAgentIsTheSameBridge(t *testing.T) {
	nameless := event(call.Bridged, lasting(caller, 11, ""), call.Agent{})
	c := newCall(t)
	c.starts(inbound)
	c.receives(10*time.Second, bridged)
	c.receives(11*time.Second, nameless)
	c.receives(40*time.Second, transferred)
	c.receives(60*time.Second, finished)
	state := c.plays()
	require.Equal(t, []string{"create", "bridged", "bridged-2", "finished"}, c.steps)
	require.Equal(t, "agent-2", state.AgentID)
	require.Equal(t, []string{"agent-1", "agent-2"}, state.Summary.Agents)
}

func TestLaterBridgeWithoutAgentIsATransfer(t *testing.T) {
	c := newCall(t)
	c.starts(inbound)
	c.receives(10*time.Second, bridged)
	c.receives(40*time.Second, event(call.Bridged, lasting(caller, 40, ""), call.Agent{}))
	c.receives(60*time.Second, finished)
	c.plays()
	require.Equal(t, []string{"create", "bridged", "bridged-2", "finished"}, c.steps)
	require.Equal(t, call.Agent{}, c.pickUp(1).Facts.Agent)
}

// The two legs of one pick-up are announced by two clocks, and the caller's leg may contain
// less.
func TestReportThatNamesTheAgentAssigns(t *testing.T) {
	bare := event(call.Bridged, call.Leg{ID: "p"}, call.Agent{})
	bare.ReceivedAt = began.Add(10*time.Second + 500*time.Millisecond)
	known := event(call.Bridged, leg("c-1", 2, 10, 10), agent1)
	known.Leg.Seconds = nil
	for _, first := range []call.Event{bare, {Kind: call.Bridged, ReceivedAt: bare.ReceivedAt, Leg: bare.Leg, Agent: call.Agent{ID: agent1.ID}}} {
		c := newCall(t)
		c.starts(inbound)
		c.receives(11*time.Second, first)
		c.receives(12*time.Second, known)
		c.receives(60*time.Second, finished)
		state := c.plays()
		require.Equal(t, "agent-1", state.AgentID)
		require.Equal(t, []string{"user-of-agent-1"}, state.AssignedUsers)
		require.Equal(t, "bridged", c.latest(1).Note)
		require.Equal(t, []string{"create", "bridged", "identify", "finished"}, c.steps, "it is one pick-up, with one note")
		require.Equal(t, []call.Cause{call.AgentIdentified}, c.causes(1))
		require.Len(t, c.updates[1].Is.PickUps, 1)
	}
}

func TestNextAgentOfATransferDoesNotWait(t *testing.T) {
	c := newCall(t)
	c.env.SetCurrentHistoryLength(signalled)
	c.starts(inbound)
	c.receives(10*time.Second, bridged)
	c.receives(35*time.Second, event(call.Finished, leg("c-1", 2, 10, 35), agent1))
	c.receives(35*time.Second, event(call.Finished, lasting(caller, 35, "transferred"), call.Agent{}))
	// Reported on the caller's leg, whose duration does not grow.
	c.receives(60*time.Second, event(call.Bridged, lasting(caller, 35, ""), agent2))
	c.receives(20*time.Minute, event(call.Finished, leg("c-2", 40, 60, 1200), agent2))
	c.plays()
	require.Equal(t, []string{"create", "bridged", "bridged-2", "finished"}, c.steps)
	require.Equal(t, []int{activities.PriorityRing, activities.PriorityHandOver, activities.PriorityHandOver, activities.PriorityOutcome}, c.priorities)
	require.Equal(t, 20*time.Minute+15*time.Second, c.took())
}

func TestOutcomeKnowsTheAgentOfALongLeg(t *testing.T) {
	talked := event(call.Finished, leg("c-1", 3, 10, 60), agent1)
	talked.Queue = call.Queue{Name: "Support"}
	c := newCall(t)
	c.starts(inbound)
	c.receives(60*time.Second, talked)
	c.receives(60*time.Second, finished)
	state := c.plays()
	require.Equal(t, []string{"create", "answered+finished"}, c.steps)
	for _, facts := range []call.Facts{c.pickUp(0).Facts, c.closing(0)} {
		require.Equal(t, agent1, facts.Agent)
		require.Equal(t, "Support", facts.Queue.Name)
	}
	require.Equal(t, "agent-1", state.AgentID)
}
