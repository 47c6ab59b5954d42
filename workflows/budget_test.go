package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/callthread/callthread/activities"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/workflows"
)

// Temporal pays for each write to the workflow list and for each timer.

// The article's two automations act on the ringing and on the pick-up.
func TestACallThatIsOverWithTheHandOverIsListedTwice(t *testing.T) {
	c := promptly(t)
	c.opened.Expects = call.Expects{}
	c.plays()
	require.Equal(t, []listing{
		{0, attributes{workflows.KustomerConversationID: "conversation-1"}},
		{time.Second, attributes{
			workflows.CallPhase: "finished", workflows.CallOutcome: "answered", workflows.AgentID: "agent-1",
			workflows.QueueName: "Support", workflows.WaitsFor: "",
		}},
	}, c.listings)
}

func TestAnAnsweredCallWhoseOutcomeIsWrittenIsListedThreeTimes(t *testing.T) {
	c := promptly(t)
	c.plays()
	require.Equal(t, []listing{
		{0, attributes{workflows.KustomerConversationID: "conversation-1"}},
		{time.Second, attributes{
			workflows.CallPhase: "bridged", workflows.AgentID: "agent-1", workflows.QueueName: "Support", workflows.WaitsFor: "end",
		}},
		{time.Minute, attributes{workflows.CallPhase: "finished", workflows.CallOutcome: "answered", workflows.WaitsFor: ""}},
	}, c.listings)
}

// Each wait ends with a time limit, and a timer that fires earlier serves for it too.
func TestAtMostOneTimeLimitIsOpenAtATime(t *testing.T) {
	handedOn := event(call.Finished, lasting(caller, 60, "transferred"), call.Agent{})
	for name, plays := range map[string]func(*callUnderTest){
		"answered": func(c *callUnderTest) {
			c.starts(inbound)
			c.hears(10*time.Second, bridged)
			c.hears(time.Minute, finished)
		},
		"missed":               func(c *callUnderTest) { c.starts(inbound); c.hears(time.Minute, hungUp) },
		"never heard of again": func(c *callUnderTest) { c.starts(inbound) },
		"whose end is lost":    func(c *callUnderTest) { c.starts(inbound); c.hears(time.Minute, bridged) },
		"whose customer is unknown": func(c *callUnderTest) {
			c.starts(unansweredAttempt)
			c.hears(time.Minute, inbound)
			c.hears(2*time.Minute, hungUp)
		},
		"placed": func(c *callUnderTest) {
			c.starts(event(call.Outbound, agentsLeg, agent1))
			c.hears(40*time.Second, event(call.Outbound, customersLeg, call.Agent{}))
			c.hears(90*time.Second, event(call.Finished, lasting(agentsLeg, 60, "passive-hangup"), call.Agent{}))
		},
		"transferred": func(c *callUnderTest) {
			c.starts(inbound)
			c.hears(10*time.Second, bridged)
			c.hears(60*time.Second, event(call.Finished, leg("c-1", 2, 10, 60), agent1))
			c.hears(60*time.Second, handedOn)
			c.hears(90*time.Second, event(call.Bridged, lasting(caller, 90, ""), agent2))
			c.hears(45*time.Minute, event(call.Finished, leg("c-2", 70, 90, 2700), agent2))
		},
		"transferred to nobody": func(c *callUnderTest) {
			c.starts(inbound)
			c.hears(10*time.Second, bridged)
			c.hears(time.Minute, handedOn)
		},
		"with what comes afterwards": func(c *callUnderTest) {
			c.opened.Expects.Recording, c.opened.Expects.WrapUpTime = true, 2*time.Minute
			c.starts(inbound)
			c.hears(10*time.Second, bridged)
			c.hears(time.Minute, finished)
			c.hears(90*time.Second, recorded)
			c.hears(4*time.Minute, transferred)
		},
		"during an outage": func(c *callUnderTest) {
			c.away = 2 * time.Hour // longer than an agent is waited for
			c.starts(inbound)
			c.hears(10*time.Second, bridged)
			c.hears(3*time.Hour, finished)
		},
		"parked": func(c *callUnderTest) {
			c.fails["bridged"] = []error{temporal.NewNonRetryableApplicationError("kustomer: no", activities.Refused, nil)}
			c.starts(inbound)
			c.hears(10*time.Second, bridged)
			c.hears(time.Minute, finished)
			c.at(2*time.Hour, func() { c.decides(workflows.UpdateRetry) })
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCall(t)
			plays(c)
			c.plays()
			require.NotEmpty(t, c.timers.atOnce)
			for at, open := range c.timers.atOnce {
				require.LessOrEqual(t, open, 1, at)
			}
		})
	}
}

// Agents' legs end in their own time, mostly with the call or a moment after it.
func TestALegThatEndsAfterTheCallOpensNoTimer(t *testing.T) {
	for name, after := range map[string]time.Duration{
		"while late reports are waited for": 65 * time.Second,
		"while recordings are waited for":   2 * time.Minute,
	} {
		var set [][]string
		for _, ends := range []bool{false, true} {
			c := answeredCall(t)
			c.opened.Expects.Recording = true
			if ends {
				c.hears(after, attemptEnded)
			}
			c.plays()
			require.Equal(t, ends, len(c.asks().Legs) == 1, name)
			require.Equal(t, time.Minute+call.DefaultLimits.Recording, c.took(), name)
			set = append(set, c.timers.set)
		}
		require.Equal(t, set[0], set[1], name)
	}
}
