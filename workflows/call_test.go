package workflows_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/callthread/callthread/activities"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/workflows"
)

func TestAnsweredCallIsOpenedHandedOverAndClosed(t *testing.T) {
	c := newCall(t)
	c.starts(inbound)
	c.hears(10*time.Second, bridged)
	c.hears(60*time.Second, attemptEnded)
	c.hears(61*time.Second, finished)

	state := c.plays()
	require.Equal(t, workflows.Finished, state.Phase)
	require.Equal(t, call.Answered, state.Outcome)
	require.Equal(t, "agent-1", state.AgentID)
	require.Equal(t, []string{"user-of-agent-1"}, state.AssignedUsers)
	require.Equal(t, "Support", state.QueueName)
	require.Equal(t, "conversation-1", state.ConversationID)
	require.Empty(t, state.WaitsFor)
	require.Len(t, state.Events, 4)
	require.Equal(t, []string{"create", "bridged", "finished"}, c.steps)
}

func TestStepsKnowWhatTheEventsTold(t *testing.T) {
	c := newCall(t)
	c.starts(inbound)
	c.hears(10*time.Second, bridged)
	c.hears(60*time.Second, finished)
	c.plays()

	require.Equal(t, "+4930231250", c.created.Facts.Leg.From)
	require.Equal(t, "p", c.created.Facts.Key)
	handOver, outcome := c.updates[0], c.updates[1]
	require.Equal(t, 10, *handOver.Facts.Leg.Seconds, "how long the caller waited")
	require.Equal(t, "agent-1", handOver.Facts.Agent.ID)
	require.Equal(t, "conversation-1", handOver.ConversationID)
	require.False(t, handOver.LookFirst)
	require.Equal(t, 60, *outcome.Facts.Leg.Seconds, "how long the call was")
	require.Equal(t, call.Answered, outcome.Facts.Outcome)
	require.Equal(t, "agent-1", outcome.Facts.Agent.ID)
}

func TestNobodyPicksUp(t *testing.T) {
	for name, tc := range map[string]struct {
		ends call.Event
		want call.Outcome
	}{
		"the caller hangs up":    {hungUp, call.AbandonedInQueue},
		"the flow ends the call": {endedByFlow, call.NoAgent},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCall(t)
			c.starts(inbound)
			c.hears(20*time.Second, unansweredAttempt)
			c.hears(30*time.Second, tc.ends)
			state := c.plays()
			require.Equal(t, workflows.Missed, state.Phase)
			require.Equal(t, tc.want, state.Outcome)
			require.Empty(t, state.AgentID, "an agent who let it ring has not answered")
			require.Equal(t, []string{"create", "finished"}, c.steps)
		})
	}
}

func TestCallThatIsNeverHeardOfAgainIsMissed(t *testing.T) {
	c := newCall(t)
	c.starts(inbound)
	state := c.plays()
	require.Equal(t, call.Missed, state.Outcome)
	require.Equal(t, []string{"create", "finished"}, c.steps)
	require.Equal(t, workflows.DefaultPatience.Bridge, c.took())
}

func TestAnsweredCallWhoseEndIsLostIsClosedInTheEnd(t *testing.T) {
	c := newCall(t)
	c.starts(inbound)
	c.hears(time.Minute, bridged)
	state := c.plays()
	require.Equal(t, call.Answered, state.Outcome)
	require.Equal(t, workflows.Finished, state.Phase)
	require.Equal(t, workflows.DefaultPatience.Bridge+workflows.DefaultPatience.End, c.took())
	require.Nil(t, c.updates[1].Facts.Leg.Seconds, "how long the call was is not known")
}

func TestWithoutAnAutomationForTheEndTheCallIsOverOnceHandedOver(t *testing.T) {
	c := newCall(t)
	c.opened.ExpectsFinish = false
	c.starts(inbound)
	c.hears(10*time.Second, bridged)
	state := c.plays()
	require.Equal(t, call.Answered, state.Outcome)
	require.Equal(t, []string{"create", "bridged"}, c.steps)
	require.Less(t, c.took(), time.Minute)
}

func TestAdoptedConversationIsLookedAtBeforeNotesAreWritten(t *testing.T) {
	c := newCall(t)
	c.opened.Adopted = true
	c.starts(inbound)
	c.hears(10*time.Second, bridged)
	c.hears(60*time.Second, finished)
	c.plays()
	require.True(t, c.updates[0].LookFirst)
	require.True(t, c.updates[1].LookFirst)
}

func TestCallThatNoAutomationOpensAConversationForIsFollowedToItsEnd(t *testing.T) {
	c := newCall(t)
	c.opened = activities.CreateConversationResult{ExpectsFinish: true, Automations: "v7"}
	c.starts(inbound)
	c.hears(10*time.Second, bridged)
	c.hears(60*time.Second, finished)
	state := c.plays()
	require.Equal(t, call.Answered, state.Outcome)
	require.Equal(t, "v7", state.Automations)
	require.Empty(t, state.ConversationID)
	require.Equal(t, []string{"create"}, c.steps)
}

func TestUpdatesKnowTheConversation(t *testing.T) {
	c := newCall(t)
	c.opened.ConversationURL = "https://crm/conversation-1"
	c.starts(inbound)
	c.hears(10*time.Second, bridged)
	c.hears(60*time.Second, finished)
	c.plays()
	want := call.Kustomer{CustomerID: "customer-1", ConversationID: "conversation-1", ConversationURL: "https://crm/conversation-1"}
	require.Equal(t, want, c.updates[0].Facts.Kustomer)
	require.Equal(t, want, c.updates[1].Facts.Kustomer)
}

func TestLongQueueNameDoesNotStopTheCall(t *testing.T) {
	named := bridged
	named.Queue.Name = strings.Repeat("ö", 4096)
	c := newCall(t)
	c.starts(inbound)
	c.hears(10*time.Second, named)
	c.hears(60*time.Second, finished)
	c.env.OnUpsertTypedSearchAttributes(mock.Anything).Run(func(args mock.Arguments) {
		queue, _ := args.Get(0).(temporal.SearchAttributes).GetKeyword(workflows.QueueName)
		require.LessOrEqual(t, len(queue), 2048)
	}).Return(nil)
	c.plays()
}

func TestStateTellsWhatTheCallWaitsFor(t *testing.T) {
	c := newCall(t)
	c.starts(inbound)
	c.at(5*time.Second, func() { require.Equal(t, "an agent to pick up", c.asks().WaitsFor) })
	c.hears(10*time.Second, bridged)
	c.at(20*time.Second, func() { require.Equal(t, "the end of the call", c.asks().WaitsFor) })
	c.hears(60*time.Second, finished)
	c.at(62*time.Second, func() { require.Contains(t, c.asks().WaitsFor, "overtaken") })
	c.plays()
}

func TestRunSaysWhyTheConversationIsWhose(t *testing.T) {
	c := newCall(t)
	c.opened.Caller = "a new customer, because none had the caller's number"
	c.starts(inbound)
	c.hears(time.Minute, hungUp)
	c.plays()
	require.Equal(t, c.opened.Caller, c.asks().Caller)
}

func TestWhoeverWaitsForTheConversationIsAnswered(t *testing.T) {
	c := newCall(t)
	c.starts(inbound)
	var got workflows.State
	c.at(0, func() {
		c.env.UpdateWorkflow(workflows.UpdateConversation, "u", completedUpdate{t, &got})
	})
	c.hears(time.Minute, hungUp)
	c.plays()
	require.Equal(t, "conversation-1", got.ConversationID)
}

func TestLatenciesAreThoseOfTheWebhooks(t *testing.T) {
	c := newCall(t)
	c.opened.OpenedAt = began.Add(80 * time.Millisecond)
	c.starts(inbound)
	c.hears(10*time.Second, bridged)
	c.hears(60*time.Second, finished)
	state := c.plays()
	require.EqualValues(t, 80, state.RingToConversationMS)
	require.EqualValues(t, 30, state.BridgeToUpdateMS)
}

// The same with the context of a cancelled call: cancelling is an operator's way to give up on it.
func TestCancelledCallEndsAtOnce(t *testing.T) {
	c := newCall(t)
	c.starts(inbound)
	c.at(5*time.Second, c.env.CancelWorkflow)
	c.env.ExecuteWorkflow(workflows.CallWorkflow, c.input)
	require.True(t, c.env.IsWorkflowCompleted())
	var cancelled *temporal.CanceledError
	require.ErrorAs(t, c.env.GetWorkflowError(), &cancelled)
	require.Equal(t, []string{"create"}, c.steps)
}

func TestCallsAreListedUnderTheHashOfTheirCaller(t *testing.T) {
	c := newCall(t)
	c.opened.CallerHash = "hash"
	c.starts(inbound)
	c.hears(60*time.Second, hungUp)
	require.Equal(t, []string{"hash"}, c.callerHashes())
}

func TestCallerWhoIsLearntOfLaterHasTheHashThen(t *testing.T) {
	c := newCall(t)
	c.movedHash = "hash"
	nameless := attemptEnded
	c.starts(nameless)
	c.hears(30*time.Second, inbound)
	c.hears(60*time.Second, hungUp)
	require.Equal(t, []string{"hash"}, c.callerHashes())
}

// callerHashes plays the call, and returns those under which it was listed.
func (c *callUnderTest) callerHashes() (hashes []string) {
	c.env.OnUpsertTypedSearchAttributes(mock.Anything).Run(func(args mock.Arguments) {
		if hash, ok := args.Get(0).(temporal.SearchAttributes).GetKeyword(workflows.CallerHash); ok {
			hashes = append(hashes, hash)
		}
	}).Return(nil)
	c.plays()
	return hashes
}
