package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/activities"
	"github.com/callthread/callthread/call"
)

// Others change the same conversation and use the same budget.

func TestStepsContainTheLastConversation(t *testing.T) {
	opened := activities.Conversation{ID: "conversation-1", CustomerID: "customer-1", OpenedAt: began, Rev: 1, Name: "Call"}
	handedOver := opened
	handedOver.Rev, handedOver.AssignedUsers, handedOver.Status = 0, []string{"user-of-agent-1"}, "open"
	c := newCall(t)
	c.opened.Conversation = opened
	c.answers["bridged"] = func(r *activities.StepResult) { r.Conversation = handedOver }
	late := transferred
	late.ReceivedAt = began.Add(40 * time.Second)
	c.starts(inbound)
	c.receives(10*time.Second, bridged)
	c.receives(40*time.Second, late)
	c.receives(60*time.Second, finished)
	c.plays()
	require.Equal(t, opened, c.updates[0].Conversation)
	require.Equal(t, handedOver, c.updates[1].Conversation)
	require.Equal(t, []string{"user-of-agent-1", "user-of-agent-2"}, []string{c.pickUp(0).Facts.Agent.SourceID, c.pickUp(1).Facts.Agent.SourceID})
	require.Equal(t, []string{""}, usersIn(c.updates[0].Is), "the step finds out who the agent is")
	require.Equal(t, []string{"user-of-agent-1", ""}, usersIn(c.updates[1].Is))
	require.Equal(t, []string{"user-of-agent-1", "user-of-agent-2"}, usersIn(c.updates[2].Is))
	require.Equal(t, []time.Time{bridged.ReceivedAt, late.ReceivedAt, late.ReceivedAt},
		[]time.Time{c.updates[0].Since(), c.updates[1].Since(), c.updates[2].Since()})
}

func TestCallFollowsAMerge(t *testing.T) {
	c := newCall(t)
	c.answers["bridged"] = func(r *activities.StepResult) {
		r.Conversation.ID, r.Conversation.URL, r.Warnings = "conversation-2", "https://crm/conversation-2", []string{"merged"}
	}
	c.starts(inbound)
	c.receives(10*time.Second, bridged)
	c.receives(60*time.Second, finished)
	state := c.plays()
	require.Equal(t, "conversation-2", c.updates[1].Conversation.ID)
	require.Equal(t, "https://crm/conversation-2", c.updates[1].Conversation.URL)
	require.Equal(t, "conversation-2", state.ConversationID)
	require.Equal(t, "https://crm/conversation-2", state.ConversationURL)
	require.Equal(t, []string{"merged"}, state.Warnings)
}

func TestDeletedConversationIsReportedOnce(t *testing.T) {
	c := newCall(t)
	c.answers["bridged"] = func(r *activities.StepResult) {
		is := r.Conversation
		*r = activities.StepResult{At: began, Conversation: activities.Conversation{ID: is.ID, CustomerID: is.CustomerID, OpenedAt: is.OpenedAt, Deleted: true}}
	}
	c.answers["finished"] = c.answers["bridged"]
	c.starts(inbound)
	c.receives(10*time.Second, bridged)
	c.receives(60*time.Second, finished)
	state := c.plays()
	require.True(t, c.updates[1].MayBeDone, "it is looked for once more")
	require.Equal(t, call.Answered, state.Outcome)
	require.Empty(t, state.AssignedUsers)
	require.Len(t, state.Warnings, 1)
	require.Contains(t, state.Warnings[0], "deleted")
}

func TestTransferToAKnownAgentIsAssigned(t *testing.T) {
	c := newCall(t)
	c.answers["bridged"] = isNotKnown("bridged")
	c.starts(inbound)
	c.receives(10*time.Second, bridged)
	c.receives(40*time.Second, transferred)
	c.receives(50*time.Second, event(call.Bridged, lasting(caller, 50, ""), call.Agent{ID: "agent-3", SourceID: "user-3"}))
	c.receives(60*time.Second, finished)
	c.plays()
	require.Equal(t, []bool{false, true, false}, wasUnassigned(c.updates[:3]))
}

// The agent who has the call is unknown. The earlier agent does not matter.
func TestLaterBridgeDecidesTheAssignment(t *testing.T) {
	c := newCall(t)
	c.answers["bridged"] = isNotKnown("bridged")
	c.starts(inbound)
	c.receives(40*time.Second, transferred)
	c.receives(41*time.Second, bridged) // the earlier one
	c.receives(50*time.Second, event(call.Bridged, lasting(caller, 50, ""), call.Agent{ID: "agent-3", SourceID: "user-3"}))
	c.receives(60*time.Second, finished)
	c.plays()
	require.Equal(t, "bridged", c.latest(1).Note, "the earlier one leaves the tag alone")
	require.Equal(t, []bool{false, true, true}, wasUnassigned(c.updates[:3]))
}

func TestRingGoesBeforeHandOverAndThatBeforeOutcome(t *testing.T) {
	c := newCall(t)
	c.env.SetCurrentHistoryLength(signalled)
	c.starts(inbound)
	c.receives(10*time.Second, bridged)
	c.receives(60*time.Second, finished)
	c.plays()
	require.Equal(t, []int{activities.PriorityRing, activities.PriorityHandOver, activities.PriorityOutcome}, c.priorities)
	require.IsIncreasing(t, append(c.priorities, activities.PriorityCatchUp))
}

func TestFinishedCallYieldsToRingingCalls(t *testing.T) {
	c := newCall(t)
	c.receives(0, inbound)
	c.receives(0, bridged)
	c.receives(0, finished)
	c.plays()
	require.Equal(t, []int{activities.PriorityCatchUp, activities.PriorityCatchUp, activities.PriorityOutcome}, c.priorities)
}

// Temporal may have deleted the run that opened the conversation.
func TestCallOfYesterdayLooksForWhatIsThere(t *testing.T) {
	c := newCall(t)
	old := inbound
	old.Leg.CreatedAt = began.Add(-24 * time.Hour)
	c.starts(old)
	c.receives(time.Second, hungUp)
	c.plays()
	require.True(t, c.created.MayBeDone)
	require.True(t, c.updates[0].MayBeDone)
	require.True(t, c.created.EarlierRun)
	require.True(t, c.updates[0].EarlierRun)
}

func TestResetRunLooksUpEarlierWrites(t *testing.T) {
	c := promptly(t)
	c.wasReset = true
	c.plays()
	require.Equal(t, []string{"create", "bridged", "finished"}, c.steps)
	require.Equal(t, []string{"create", "bridged"}, c.locally, "where a step is tried follows from the history, which is the same")
	for _, in := range append(c.updates, c.created) {
		require.True(t, in.EarlierRun)
		require.True(t, in.MayBeDone)
	}
}

func TestUsualCallNeedsNoLookUp(t *testing.T) {
	c := newCall(t)
	c.starts(inbound)
	c.receives(time.Second, hungUp)
	c.plays()
	require.False(t, c.created.MayBeDone)
	require.False(t, c.updates[0].MayBeDone)
	require.False(t, c.created.EarlierRun)
	require.False(t, c.updates[0].EarlierRun)
}

// usersIn returns the Kustomer users of the agents who had the call.
func usersIn(story call.Story) (users []string) {
	for _, p := range story.PickUps {
		users = append(users, p.User)
	}
	return users
}

// isNotKnown makes Kustomer not know the agent of a pick-up.
func isNotKnown(note string) func(*activities.StepResult) {
	return func(r *activities.StepResult) { r.Agents[note] = call.Resolved{Unassigned: true} }
}

// wasUnassigned reports for each step whether Kustomer did not know the agent who had the
// call before.
func wasUnassigned(steps []activities.StepInput) (was []bool) {
	for _, in := range steps {
		was = append(was, in.Was.IsUnassigned())
	}
	return was
}
