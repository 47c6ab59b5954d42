package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/activities"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/workflows"
)

// The content of babelforce's call log for the same call, with the leg on which agent-1
// picked up.
var (
	answeredLeg = call.Leg{
		ID: "c", ParentID: "p", Type: "outbound", Source: "queue", Domain: "internal",
		CreatedAt: began.Add(3 * time.Second), EstablishedAt: began.Add(10 * time.Second), FinishedAt: began.Add(60 * time.Second),
	}
	inLog = call.FromLog{Reports: []call.Event{
		inbound, {Kind: call.Bridged, ReceivedAt: began, Leg: answeredLeg, Agent: agent1, Queue: call.Queue{Name: "Support"}},
		event(call.Finished, answeredLeg, agent1), finished,
	}}
)

func (c *callUnderTest) readsLog(after time.Duration, log call.FromLog) {
	c.at(after, func() { c.env.SignalWorkflow(workflows.SignalLog, log) })
}

// carried returns the state from which a later run continues.
func (c *callUnderTest) carried() workflows.Carried {
	var ended workflows.Ended
	require.NoError(c.t, c.env.GetWorkflowResult(&ended))
	return ended.Carried
}

func TestCallFromTheLogIsWrittenAtOnce(t *testing.T) {
	c := newCall(t)
	c.env.SetCurrentHistoryLength(signalled)
	c.env.SetStartTime(began.Add(20 * time.Minute))
	c.readsLog(0, inLog)
	state := c.plays()
	require.Equal(t, []string{"create", "bridged+finished"}, c.steps)
	require.Empty(t, c.locally)
	require.Equal(t, []int{activities.PriorityCatchUp, activities.PriorityCatchUp}, c.priorities, "calls that ring now go first")
	require.True(t, c.created.Is.Added.Whole)
	require.Equal(t, []workflows.Mark{workflows.MarkFromLog}, c.marks)
	require.Equal(t, call.Answered, state.Outcome)
	require.Equal(t, "agent-1", state.AgentID)
	require.False(t, state.AddedFromLog.IsZero())
	require.Zero(t, state.RingToConversationMS, "no agent waited for it")
	require.Contains(t, c.log, "It does not contain variables of the call flow")
	require.Contains(t, c.log, "ringing (from babelforce's call log)")
}

// Late webhooks and the log, in any order: everything is written once.
func TestLogAndLateWebhooksDuplicateNothing(t *testing.T) {
	webhooks := []call.Event{inbound, bridged, attemptEnded, finished}
	for which := range 1 << len(webhooks) {
		for _, when := range []time.Duration{0, time.Second, 20 * time.Second} {
			c := newCall(t)
			c.env.SetCurrentHistoryLength(signalled)
			c.input.Limits.Settle = 30 * time.Second
			c.readsLog(10*time.Second, inLog)
			for i, webhook := range webhooks {
				if which&(1<<i) != 0 {
					c.receives(when+time.Duration(i)*time.Millisecond, webhook)
				}
			}
			c.plays()
			pickUps, ends := 0, 0
			for _, in := range c.updates {
				pickUps += len(in.NewPickUps())
				if in.Has(call.Ended) {
					ends++
				}
			}
			require.Equal(t, 1, pickUps, "webhooks %b after %s", which, when)
			require.Equal(t, 1, ends, "webhooks %b after %s", which, when)
			require.Equal(t, "create", c.steps[0])
		}
	}
}

func TestLogAddsAMissingEnd(t *testing.T) {
	c := newCall(t)
	c.starts(inbound)
	c.receives(10*time.Second, bridged)
	c.readsLog(20*time.Minute, inLog)
	state := c.plays()
	require.Equal(t, []string{"create", "bridged", "finished"}, c.steps)
	require.Less(t, c.took(), 21*time.Minute)
	require.Nil(t, c.updates[1].Is.Added, "webhooks have reported the call")
	require.Equal(t, call.Answered, state.Outcome)
}

// A run continues one that ended without a pick-up, and writes only what was missing.
func TestCompletedRunIsCorrectedOnce(t *testing.T) {
	closed := newCall(t)
	closed.starts(inbound)
	closed.receives(30*time.Second, hungUp)
	require.Equal(t, call.AbandonedInFlow, closed.plays().Outcome)
	earlier := closed.carried()

	again := newCall(t)
	again.env.SetCurrentHistoryLength(signalled)
	again.input.Earlier = &earlier
	again.readsLog(0, inLog)
	state := again.plays()
	require.Equal(t, []string{"bridged+finished-2"}, again.steps, "it was opened, and its outcome written, before")
	require.Equal(t, "conversation-1", again.updates[0].Conversation.ID)
	require.Equal(t, call.Answered, state.Outcome)
	require.Equal(t, "agent-1", state.AgentID)

	// The log is read again, as after a comparison whose answer was lost.
	corrected, third := again.carried(), newCall(t)
	third.input.Earlier = &corrected
	third.readsLog(0, inLog)
	require.Equal(t, call.Answered, third.plays().Outcome)
	require.Empty(t, third.steps)
}

func TestRunRejectsTheStateOfAnotherCall(t *testing.T) {
	c := newCall(t)
	c.input.Earlier = &workflows.Carried{Record: call.Record{Key: "another"}}
	c.env.ExecuteWorkflow("CallWorkflow", c.input)
	require.ErrorContains(t, c.env.GetWorkflowError(), "does not belong to call")
}
