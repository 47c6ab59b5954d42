package workflows_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/callthread/callthread/activities"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/workflows"
)

// Each upsert of search attributes and each timer is a write for Temporal.

// The article's two automations act on the ring and on the pick-up.
func TestCallWithoutAnEndIsUpsertedTwice(t *testing.T) {
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

func TestAnsweredCallIsUpsertedThreeTimes(t *testing.T) {
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

// Each wait has a time limit. A timer that fires earlier serves for a later limit too.
func TestOneTimeLimitIsOpenAtATime(t *testing.T) {
	handedOn := event(call.Finished, lasting(caller, 60, "transferred"), call.Agent{})
	for name, plays := range map[string]func(*callUnderTest){
		"answered": func(c *callUnderTest) {
			c.starts(inbound)
			c.receives(10*time.Second, bridged)
			c.receives(time.Minute, finished)
		},
		"missed":                  func(c *callUnderTest) { c.starts(inbound); c.receives(time.Minute, hungUp) },
		"without further reports": func(c *callUnderTest) { c.starts(inbound) },
		"whose end is lost":       func(c *callUnderTest) { c.starts(inbound); c.receives(time.Minute, bridged) },
		"whose customer is unknown": func(c *callUnderTest) {
			c.starts(unansweredAttempt)
			c.receives(time.Minute, inbound)
			c.receives(2*time.Minute, hungUp)
		},
		"placed": func(c *callUnderTest) {
			c.starts(event(call.Outbound, agentsLeg, agent1))
			c.receives(40*time.Second, event(call.Outbound, customersLeg, call.Agent{}))
			c.receives(90*time.Second, event(call.Finished, lasting(agentsLeg, 60, "passive-hangup"), call.Agent{}))
		},
		"transferred": func(c *callUnderTest) {
			c.starts(inbound)
			c.receives(10*time.Second, bridged)
			c.receives(60*time.Second, event(call.Finished, leg("c-1", 2, 10, 60), agent1))
			c.receives(60*time.Second, handedOn)
			c.receives(90*time.Second, event(call.Bridged, lasting(caller, 90, ""), agent2))
			c.receives(45*time.Minute, event(call.Finished, leg("c-2", 70, 90, 2700), agent2))
		},
		"transferred to no agent": func(c *callUnderTest) {
			c.starts(inbound)
			c.receives(10*time.Second, bridged)
			c.receives(time.Minute, handedOn)
		},
		"with what comes afterwards": func(c *callUnderTest) {
			c.opened.Expects.Recording, c.opened.Expects.WrapUpTime = true, 2*time.Minute
			c.starts(inbound)
			c.receives(10*time.Second, bridged)
			c.receives(time.Minute, finished)
			c.receives(90*time.Second, recorded)
			c.receives(4*time.Minute, transferred)
		},
		"during an outage": func(c *callUnderTest) {
			c.away = 2 * time.Hour // longer than the call waits for an agent
			c.starts(inbound)
			c.receives(10*time.Second, bridged)
			c.receives(3*time.Hour, finished)
		},
		"parked": func(c *callUnderTest) {
			c.fails["bridged"] = []error{temporal.NewNonRetryableApplicationError("kustomer: no", activities.Refused, nil)}
			c.starts(inbound)
			c.receives(10*time.Second, bridged)
			c.receives(time.Minute, finished)
			c.at(2*time.Hour, func() { c.decides(workflows.UpdateRetry) })
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCall(t)
			plays(c)
			c.plays()
			require.Contains(t, slices.Collect(maps.Values(c.timers.atOnce)), 1)
			for at, open := range c.timers.atOnce {
				require.LessOrEqual(t, open, 1, at)
			}
		})
	}
}

// Agents' legs end independently, mostly with the call or just after it.
func TestLateEndOfALegStartsNoTimer(t *testing.T) {
	for name, after := range map[string]time.Duration{
		"while late reports are waited for": 65 * time.Second,
		"while recordings are waited for":   2 * time.Minute,
	} {
		var set [][]string
		for _, ends := range []bool{false, true} {
			c := answeredCall(t)
			c.opened.Expects.Recording = true
			if ends {
				c.receives(after, attemptEnded)
			}
			c.plays()
			require.Equal(t, ends, len(c.asks().Legs) == 1, name)
			require.Equal(t, time.Minute+call.DefaultLimits.Recording, c.took(), name)
			set = append(set, c.timers.set)
		}
		require.Equal(t, set[0], set[1], name)
	}
}
