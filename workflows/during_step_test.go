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

// Reports that arrive during a long step are received.

// During an outage of Kustomer, operators must see who is on the phone.
func TestReportsAreReceivedWhileAStepIsRetried(t *testing.T) {
	for name, tc := range map[string]struct {
		historyLength int
		isSlow        time.Duration // the time after which the search attribute says so
	}{
		"that was tried within the task": {firstTask, 0},
		"that is an activity of its own": {signalled, 10 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCall(t)
			c.env.SetCurrentHistoryLength(tc.historyLength)
			c.away = 2 * time.Minute
			c.starts(inbound)
			retried := func(phase workflows.Phase, agent string, outcome call.Outcome) func() {
				return func() {
					state := c.asks()
					require.Equal(t, phase, state.Phase)
					require.Equal(t, agent, state.AgentID)
					require.Equal(t, outcome, state.Outcome)
					require.Equal(t, call.WaitsForKustomer, state.WaitsFor)
					require.Equal(t, &workflows.StepState{Causes: []call.Cause{call.Rang}, Since: began}, state.Step)
					require.Equal(t, "Kustomer to open the conversation", state.WaitsInWords())
				}
			}
			c.at(time.Second, retried(workflows.Ringing, "", ""))
			c.receives(12*time.Second, bridged) // in the pause before the next attempt
			c.at(12*time.Second+time.Millisecond, retried(workflows.Bridged, "agent-1", ""))
			c.receives(time.Minute, finished)
			c.at(time.Minute+time.Millisecond, retried(workflows.Finished, "agent-1", call.Answered))
			state := c.plays()

			require.GreaterOrEqual(t, c.took(), c.away)
			require.Equal(t, []string{"create", "bridged+finished"}, c.steps[len(c.steps)-2:], "the reports are written once that is possible")
			require.Nil(t, state.Step)
			require.Equal(t, []listing{
				{tc.isSlow, attributes{workflows.WaitsFor: "kustomer"}},
				{12 * time.Second, attributes{workflows.CallPhase: "bridged", workflows.AgentID: "agent-1", workflows.QueueName: "Support"}},
				{time.Minute, attributes{workflows.CallPhase: "finished", workflows.CallOutcome: "answered"}},
			}, c.listings[:3])
			require.Equal(t, []string{"kustomer", ""}, c.listed(workflows.WaitsFor))
		})
	}
}

// The call continues while operators take days to decide.
func TestReportsAreReceivedWhileACallIsParked(t *testing.T) {
	c := newCall(t)
	c.starts(inbound)
	c.fails["create"] = []error{temporal.NewNonRetryableApplicationError("kustomer: no", activities.Refused, nil)}
	parked := func(agent string, outcome call.Outcome) func() {
		return func() {
			state := c.asks()
			require.Equal(t, workflows.Parked, state.Phase)
			require.Equal(t, call.WaitsForOperator, state.WaitsFor)
			require.Equal(t, &workflows.StepState{Causes: []call.Cause{call.Rang}, Since: began}, state.Step)
			require.Equal(t, agent, state.AgentID)
			require.Equal(t, outcome, state.Outcome)
		}
	}
	c.at(time.Second, parked("", ""))
	c.receives(20*time.Second, bridged)
	c.at(20*time.Second+time.Millisecond, parked("agent-1", ""))
	c.receives(time.Minute, finished)
	c.at(time.Minute+time.Millisecond, parked("agent-1", call.Answered))
	c.at(24*time.Hour, func() { c.decides(workflows.UpdateRetry) })
	state := c.plays()

	require.Equal(t, []string{"create", "create", "bridged+finished"}, c.steps)
	require.Equal(t, workflows.Finished, c.answered.Phase, "the answer contains the reports")
	require.Equal(t, workflows.Finished, state.Phase)
	require.Equal(t, []listing{
		{0, attributes{
			workflows.CallPhase: "parked", workflows.WaitsFor: "operator",
			workflows.ParkedBecause: "could not open the conversation: KustomerRefused",
		}},
		{20 * time.Second, attributes{workflows.AgentID: "agent-1", workflows.QueueName: "Support"}},
		{time.Minute, attributes{workflows.CallOutcome: "answered"}},
	}, c.listings[:3])
}

func TestAReportThatArrivesDuringTheLastStepIsNotLost(t *testing.T) {
	for name, tc := range map[string]struct {
		last    string // the last step
		expects call.Expects
		report  call.Event
		want    []string
	}{
		"the hand-over": {
			"bridged", call.Expects{}, transferred,
			[]string{"create", "bridged", "bridged-2"},
		},
		"the outcome": {
			"finished", call.Expects{Finish: true}, transferred,
			[]string{"create", "bridged", "finished", "bridged-2"},
		},
		"the wrap-up": {
			"wrappedUp", call.Expects{Finish: true, WrapUpTime: time.Minute}, transferred,
			[]string{"create", "bridged", "finished", "wrappedUp", "bridged-2"},
		},
		"a recording": {
			"recorded", call.Expects{Finish: true, Recording: true}, recording("another", "https://recordings.example.com/2"),
			[]string{"create", "bridged", "finished", "recorded", "recorded-2"},
		},
	} {
		for within, rev := range map[string]int{"the workflow task": 1, "an activity": 0} {
			t.Run(name+" within "+within, func(t *testing.T) {
				c := promptly(t)
				c.opened.Conversation.Rev = rev
				c.opened.Expects = tc.expects
				c.receives(2*time.Minute, recorded)
				c.duringStep[tc.last] = func() { c.env.SignalWorkflow(string(tc.report.Kind), tc.report) }
				state := c.plays()
				require.Equal(t, tc.want, c.steps)
				require.Empty(t, state.WaitsFor)
			})
		}
	}
}

// The run only has to answer an update, and Temporal has not completed it yet.
func TestAReportThatArrivesWhileTheRunFinishesIsNotLost(t *testing.T) {
	c := newCall(t)
	c.starts(inbound)
	c.answersLate = 2 * time.Minute
	c.at(29*time.Second, func() { c.env.UpdateWorkflow(workflows.UpdateAwaitConversation, "u", completedUpdate{t, &c.answered}) })
	c.receives(30*time.Second, hungUp) // its outcome is written at 45 s
	c.at(time.Minute, func() {
		require.Equal(t, []string{"create", "finished"}, c.steps)
		require.Empty(t, c.asks().WaitsFor, "nothing but to answer")
	})
	c.receives(time.Minute, bridged)
	state := c.plays()
	require.Equal(t, []string{"create", "finished", "bridged+finished-2"}, c.steps)
	require.Equal(t, call.Answered, state.Outcome)
	require.Equal(t, []string{"abandoned_in_flow", "answered"}, c.listed(workflows.CallOutcome))
	require.Equal(t, "conversation-1", c.answered.ConversationID)
}
