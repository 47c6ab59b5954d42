package workflows_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/callthread/callthread/activities"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/workflows"
)

func TestAnsweredCallHasThreeSteps(t *testing.T) {
	c := newCall(t)
	c.starts(inbound)
	c.receives(10*time.Second, bridged)
	c.receives(60*time.Second, attemptEnded)
	c.receives(61*time.Second, finished)

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

func TestStateHasNumbersAndUnwrittenCauses(t *testing.T) {
	c := newCall(t)
	c.starts(inbound)
	c.at(20*time.Second, func() {
		state := c.asks()
		require.Equal(t, workflows.Numbers{From: "+4930231250", To: "+4930231251"}, state.Numbers)
		require.Equal(t, []call.Cause{call.Ended}, state.Unwritten)
		require.Equal(t, "open", state.ConversationStatus)
	})
	c.receives(30*time.Second, hungUp)
	state := c.plays()
	require.Equal(t, "+4930231250", state.From)
	require.Empty(t, state.Unwritten)
}

func TestWithheldNumberIsNotShown(t *testing.T) {
	withheld := inbound
	withheld.Leg.Anonymous, withheld.Leg.From = true, "anonymous"
	c := newCall(t)
	c.starts(withheld)
	c.receives(30*time.Second, hungUp)
	require.Equal(t, workflows.Numbers{To: "+4930231251", Withheld: true}, c.plays().Numbers)
}

func TestStepsContainTheFactsOfEvents(t *testing.T) {
	c := newCall(t)
	c.starts(inbound)
	c.receives(10*time.Second, bridged)
	c.receives(60*time.Second, finished)
	c.plays()

	require.Equal(t, "+4930231250", c.created.Is.Opening.Leg.From)
	require.Equal(t, "p", c.created.Is.Opening.Key)
	handOver, outcome := c.pickUp(0).Facts, c.closing(1)
	require.Equal(t, 10, *handOver.Leg.Seconds, "how long the caller waited")
	require.Equal(t, "agent-1", handOver.Agent.ID)
	require.Equal(t, "conversation-1", c.updates[0].Conversation.ID)
	require.False(t, c.updates[0].MayBeDone)
	require.Equal(t, 60, *outcome.Leg.Seconds, "how long the call was")
	require.Equal(t, call.Answered, outcome.Outcome)
	require.Equal(t, "agent-1", outcome.Agent.ID)
}

func TestNoAgentPicksUp(t *testing.T) {
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
			c.receives(20*time.Second, unansweredAttempt)
			c.receives(30*time.Second, tc.ends)
			state := c.plays()
			require.Equal(t, workflows.Missed, state.Phase)
			require.Equal(t, tc.want, state.Outcome)
			require.Empty(t, state.AgentID, "an agent who let it ring has not answered")
			require.Equal(t, []string{"create", "finished"}, c.steps)
		})
	}
}

func TestCallWithoutFurtherReportsIsMissed(t *testing.T) {
	c := newCall(t)
	c.starts(inbound)
	state := c.plays()
	require.Equal(t, call.Missed, state.Outcome)
	require.Equal(t, []string{"create", "finished"}, c.steps)
	require.Equal(t, call.DefaultLimits.Bridge, c.took())
}

func TestAnsweredCallWithoutAnEndIsClosed(t *testing.T) {
	c := newCall(t)
	c.starts(inbound)
	c.receives(time.Minute, bridged)
	state := c.plays()
	require.Equal(t, call.Answered, state.Outcome)
	require.Equal(t, workflows.Finished, state.Phase)
	require.Equal(t, call.DefaultLimits.Bridge+call.DefaultLimits.End, c.took())
	require.Nil(t, c.closing(1).Leg.Seconds, "how long the call was is not known")
}

func TestCallWithoutEndAutomationIsOver(t *testing.T) {
	c := newCall(t)
	c.opened.Expects.Finish = false
	c.starts(inbound)
	c.receives(10*time.Second, bridged)
	state := c.plays()
	require.Equal(t, call.Answered, state.Outcome)
	require.Equal(t, []string{"create", "bridged"}, c.steps)
	require.Less(t, c.took(), time.Minute)
}

func TestUpdatesKnowAnAdoptedConversation(t *testing.T) {
	c := newCall(t)
	c.opened.Conversation.Adopted = true
	c.starts(inbound)
	c.receives(10*time.Second, bridged)
	c.receives(60*time.Second, finished)
	c.plays()
	require.Equal(t, []string{"create", "bridged", "finished"}, c.steps)
	require.True(t, c.updates[0].Conversation.Adopted)
	require.True(t, c.updates[1].Conversation.Adopted)
}

func TestUnwantedCallRunsToItsEnd(t *testing.T) {
	c := newCall(t)
	c.opened = activities.StepResult{Expects: call.Expects{Finish: true}, Automations: "v7"}
	c.starts(inbound)
	c.receives(10*time.Second, bridged)
	c.receives(60*time.Second, finished)
	state := c.plays()
	require.Equal(t, call.Answered, state.Outcome)
	require.Equal(t, "v7", state.Automations)
	require.Empty(t, state.ConversationID)
	require.Equal(t, []string{"create"}, c.steps)
}

func TestUpdatesKnowTheConversation(t *testing.T) {
	c := newCall(t)
	c.opened.Conversation.URL = "https://crm/conversation-1"
	c.starts(inbound)
	c.receives(10*time.Second, bridged)
	c.receives(60*time.Second, finished)
	c.plays()
	for _, update := range c.updates {
		is := update.Conversation
		require.Equal(t, []string{"customer-1", "conversation-1", "https://crm/conversation-1"}, []string{is.CustomerID, is.ID, is.URL})
	}
	require.Len(t, c.updates, 2)
}

func TestLongQueueNameDoesNotStopTheCall(t *testing.T) {
	named := bridged
	named.Queue.Name = strings.Repeat("ö", 4096)
	c := newCall(t)
	c.starts(inbound)
	c.receives(10*time.Second, named)
	c.receives(60*time.Second, finished)
	c.plays()
	require.Len(t, c.listed(workflows.QueueName), 1)
	require.LessOrEqual(t, len(c.listed(workflows.QueueName)[0]), 2048)
}

func TestStateSaysWhatTheCallWaitsFor(t *testing.T) {
	c := newCall(t)
	c.starts(inbound)
	waitsFor := func(want call.WaitsFor, inWords string) func() {
		return func() {
			state := c.asks()
			require.Equal(t, want, state.WaitsFor)
			require.Equal(t, inWords, state.WaitsInWords())
			require.Nil(t, state.Step)
		}
	}
	c.at(5*time.Second, waitsFor(call.WaitsForAgent, "an agent to pick up"))
	c.receives(10*time.Second, bridged)
	c.at(20*time.Second, waitsFor(call.WaitsForEnd, "the end of the call"))
	c.receives(60*time.Second, finished)
	c.at(62*time.Second, waitsFor(call.WaitsForLateReports, "late reports"))
	c.plays()
}

func TestStateSaysWhyTheCustomerWasChosen(t *testing.T) {
	c := newCall(t)
	c.opened.Caller = "a new customer, because none had the caller's number"
	c.starts(inbound)
	c.receives(time.Minute, hungUp)
	c.plays()
	require.Equal(t, c.opened.Caller, c.asks().Caller)
}

func TestUpdateConversationIsAnswered(t *testing.T) {
	c := newCall(t)
	c.starts(inbound)
	var got workflows.State
	c.at(0, func() {
		c.env.UpdateWorkflow(workflows.UpdateAwaitConversation, "u", completedUpdate{t, &got})
	})
	c.receives(time.Minute, hungUp)
	c.plays()
	require.Equal(t, "conversation-1", got.ConversationID)
}

// babelforce's call flow waits for the answer.
func TestUpdateOfACallWithoutAConversationIsAnsweredAtOnce(t *testing.T) {
	c := newCall(t)
	c.opened.Conversation = activities.Conversation{}
	c.starts(inbound)
	var got workflows.State
	c.at(time.Second, func() {
		c.env.UpdateWorkflow(workflows.UpdateAwaitConversation, "u", completedUpdate{t, &got})
	})
	c.at(2*time.Second, func() { require.Equal(t, "p", got.CallID, "it is answered") })
	c.receives(time.Minute, hungUp)
	c.plays()
	require.Empty(t, got.ConversationID)
}

func TestLatenciesBeginWithTheWebhooks(t *testing.T) {
	c := newCall(t)
	c.opened.At = began.Add(80 * time.Millisecond)
	c.starts(inbound)
	c.receives(10*time.Second, bridged)
	c.receives(60*time.Second, finished)
	state := c.plays()
	require.EqualValues(t, 80, state.RingToConversationMS)
	require.EqualValues(t, 30, state.BridgeToUpdateMS)
}

// An operator may start a workflow by hand. It would run for hours without a call, or share
// a conversation with the call's own run.
func TestOnlyTheCallsOwnRunIsStarted(t *testing.T) {
	for name, change := range map[string]func(*callUnderTest){
		"as the receiver does":          func(*callUnderTest) {},
		"without a key":                 func(c *callUnderTest) { c.input.Key = "" },
		"with the key of another call":  func(c *callUnderTest) { c.input.Key = "another" },
		"with an event of another call": func(c *callUnderTest) { c.input.First.Leg.ID = "another" },
		"under another id":              func(c *callUnderTest) { c.env.SetStartWorkflowOptions(client.StartWorkflowOptions{ID: "by-hand"}) },
	} {
		t.Run(name, func(t *testing.T) {
			c := newCall(t)
			c.starts(inbound)
			c.env.SetStartWorkflowOptions(client.StartWorkflowOptions{ID: "call/p"})
			change(c)
			c.env.ExecuteWorkflow("CallWorkflow", c.input) // the registered name
			require.True(t, c.env.IsWorkflowCompleted())
			if name == "as the receiver does" {
				require.NoError(t, c.env.GetWorkflowError())
				return
			}
			var refused *temporal.ApplicationError
			require.ErrorAs(t, c.env.GetWorkflowError(), &refused)
			require.Equal(t, "NotOwnCall", refused.Type())
			require.True(t, refused.NonRetryable())
			require.Empty(t, c.steps)
		})
	}
}

// Someone may signal by hand, with what happened and no more.
func TestSignalByHandBelongsToTheCall(t *testing.T) {
	c := newCall(t)
	byHand := func(after time.Duration, signal call.Kind, e call.Event) {
		c.at(after, func() { c.env.SignalWorkflow(string(signal), e) })
	}
	c.starts(inbound)
	byHand(10*time.Second, call.Bridged, call.Event{Agent: agent1})
	byHand(20*time.Second, call.Finished, call.Event{Kind: call.Bridged, Leg: call.Leg{ID: "c"}})
	byHand(60*time.Second, call.Finished, call.Event{})
	state := c.plays()
	require.Equal(t, []string{"create", "bridged", "finished"}, c.steps)
	require.Equal(t, call.Answered, state.Outcome)
	require.Equal(t, []workflows.ReportedEvent{
		{Kind: call.Inbound, LegID: "p", At: began},
		{Kind: call.Bridged, LegID: "p", At: began.Add(10 * time.Second)},
		{Kind: call.Finished, LegID: "c", Child: true, At: began.Add(20 * time.Second)},
		{Kind: call.Finished, LegID: "p", At: began.Add(60 * time.Second)},
	}, state.Events)
}

// Another client starts the run with nothing but the key.
func TestRunStartedByHandIsListed(t *testing.T) {
	c := newCall(t)
	require.NoError(t, c.env.SetTypedSearchAttributesOnStart(temporal.NewSearchAttributes()))
	c.receives(time.Second, bridged)
	c.receives(60*time.Second, finished)
	c.plays()
	require.Equal(t, []string{"ringing", "bridged", "finished"}, c.listed(workflows.CallPhase))
	require.Equal(t, []string{"in"}, c.listed(workflows.CallDirection))
}

func TestStateNamesUnreadableFields(t *testing.T) {
	c := newCall(t)
	ring := inbound
	ring.Ignored = []string{"call.dateCreated"}
	c.starts(ring)
	state := c.plays()
	require.Equal(t, []string{"call.dateCreated"}, state.Events[0].Ignored)
	require.Contains(t, c.log, "ringing; could not read call.dateCreated")
}

// The context of the call is cancelled: an operator gives up on it.
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

func TestCallerHashIsASearchAttribute(t *testing.T) {
	c := newCall(t)
	c.opened.CallerHash = "hash"
	c.starts(inbound)
	c.receives(60*time.Second, hungUp)
	require.Equal(t, []string{"hash"}, c.callerHashes())
}

func TestLateCallerSetsTheHash(t *testing.T) {
	c := newCall(t)
	c.answers["move"] = func(r *activities.StepResult) { r.CallerHash = "hash" }
	nameless := attemptEnded
	c.starts(nameless)
	c.receives(30*time.Second, inbound)
	c.receives(60*time.Second, hungUp)
	require.Equal(t, []string{"hash"}, c.callerHashes())
}

// callerHashes runs the call, and returns the hashes in its search attributes.
func (c *callUnderTest) callerHashes() []string {
	c.plays()
	return c.listed(workflows.CallerHash)
}
