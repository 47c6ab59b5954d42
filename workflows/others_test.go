package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/workflow"

	"github.com/callthread/callthread/activities"
	"github.com/callthread/callthread/call"
)

// Others work on the same conversation, and on the same budget.

func TestStepsAreToldHowTheConversationWasLeft(t *testing.T) {
	opened := activities.Conversation{Rev: 1, Name: "Call"}
	handedOver := activities.Conversation{Name: "Call", AssignedUsers: []string{"user-of-agent-1"}}
	c := newCall(t)
	c.opened.Left = opened
	c.answers["bridged"] = func(r *activities.UpdateConversationResult) { r.Left = handedOver }
	late := transferred
	late.ReceivedAt = began.Add(40 * time.Second)
	c.starts(inbound)
	c.hears(10*time.Second, bridged)
	c.hears(40*time.Second, late)
	c.hears(60*time.Second, finished)
	c.plays()
	require.Equal(t, opened, c.updates[0].Left)
	require.Equal(t, handedOver, c.updates[1].Left)
	require.Equal(t, []string{"user-of-agent-1"}, c.updates[0].Agents)
	require.Equal(t, []string{"user-of-agent-1", "user-of-agent-2"}, c.updates[1].Agents)
	require.Equal(t, []time.Time{bridged.ReceivedAt, late.ReceivedAt, late.ReceivedAt},
		[]time.Time{c.updates[0].Since, c.updates[1].Since, c.updates[2].Since})
}

func TestCallGoesOnInTheConversationIntoWhichItsOwnWasMerged(t *testing.T) {
	c := newCall(t)
	c.answers["bridged"] = func(r *activities.UpdateConversationResult) {
		r.MovedTo, r.MovedToURL, r.Warnings = "conversation-2", "https://crm/conversation-2", []string{"merged"}
	}
	c.starts(inbound)
	c.hears(10*time.Second, bridged)
	c.hears(60*time.Second, finished)
	state := c.plays()
	require.Equal(t, "conversation-2", c.updates[1].ConversationID)
	require.Equal(t, "https://crm/conversation-2", c.updates[1].Facts.Kustomer.ConversationURL)
	require.Equal(t, "conversation-2", state.ConversationID)
	require.Equal(t, "https://crm/conversation-2", state.ConversationURL)
	require.Equal(t, []string{"merged"}, state.Warnings)
}

func TestConversationThatPeopleHaveDeletedIsReportedOnce(t *testing.T) {
	c := newCall(t)
	c.answers["bridged"] = func(r *activities.UpdateConversationResult) {
		*r = activities.UpdateConversationResult{UpdatedAt: began, Gone: true}
	}
	c.answers["finished"] = c.answers["bridged"]
	c.starts(inbound)
	c.hears(10*time.Second, bridged)
	c.hears(60*time.Second, finished)
	state := c.plays()
	require.True(t, c.updates[1].LookFirst, "it is looked for once more")
	require.Equal(t, call.Answered, state.Outcome)
	require.Empty(t, state.AssignedUsers)
	require.Len(t, state.Warnings, 1)
	require.Contains(t, state.Warnings[0], "deleted")
}

func TestTransferToAnAgentWhomKustomerKnowsIsNoLongerUnassigned(t *testing.T) {
	c := newCall(t)
	c.answers["bridged"] = func(r *activities.UpdateConversationResult) { r.Unassigned = true }
	c.starts(inbound)
	c.hears(10*time.Second, bridged)
	c.hears(40*time.Second, transferred)
	c.hears(50*time.Second, event(call.Bridged, "again", lasting(caller, 50, ""), call.Agent{ID: "agent-3", SourceID: "user-3"}))
	c.hears(60*time.Second, finished)
	c.plays()
	require.Equal(t, [][]string{nil, {activities.UnassignedTag}, nil}, [][]string{c.updates[0].Undo, c.updates[1].Undo, c.updates[2].Undo})
}

// The agent who has the call is unknown, whoever had it before.
func TestOvertakenBridgeLeavesItToTheLaterWhetherTheCallIsUnassigned(t *testing.T) {
	c := newCall(t)
	c.answers["bridged"] = func(r *activities.UpdateConversationResult) { r.Unassigned = true }
	c.starts(inbound)
	c.hears(40*time.Second, transferred)
	c.hears(41*time.Second, bridged) // the earlier one
	c.hears(50*time.Second, event(call.Bridged, "again", lasting(caller, 50, ""), call.Agent{ID: "agent-3", SourceID: "user-3"}))
	c.hears(60*time.Second, finished)
	c.plays()
	require.True(t, c.updates[1].KeepAssignee)
	require.Equal(t, [][]string{nil, nil, {activities.UnassignedTag}}, [][]string{c.updates[0].Undo, c.updates[1].Undo, c.updates[2].Undo})
}

func TestRingGoesBeforeHandOverAndThatBeforeOutcome(t *testing.T) {
	c := newCall(t)
	c.env.SetCurrentHistoryLength(signalled)
	c.starts(inbound)
	c.hears(10*time.Second, bridged)
	c.hears(60*time.Second, finished)
	c.plays()
	require.Equal(t, []int{activities.PriorityRing, activities.PriorityHandOver, activities.PriorityOutcome}, c.priorities)
	require.IsIncreasing(t, append(c.priorities, activities.PriorityCatchUp))
}

func TestCallThatIsOverMakesRoomForThoseThatRing(t *testing.T) {
	c := newCall(t)
	c.signalWithStart = true
	c.hears(0, inbound)
	c.hears(0, bridged)
	c.hears(0, finished)
	c.plays()
	require.Equal(t, []int{activities.PriorityCatchUp, activities.PriorityCatchUp, activities.PriorityOutcome}, c.priorities)
}

// Temporal may have forgotten the run that opened the conversation.
func TestCallOfYesterdayLooksForWhatIsThere(t *testing.T) {
	c := newCall(t)
	old := inbound
	old.Leg.CreatedAt = began.Add(-24 * time.Hour)
	c.starts(old)
	c.hears(time.Second, hungUp)
	c.plays()
	require.True(t, c.created.LookFirst)
	require.True(t, c.updates[0].LookFirst)
}

func TestUsualCallLooksForNothing(t *testing.T) {
	c := newCall(t)
	c.starts(inbound)
	c.hears(time.Second, hungUp)
	c.plays()
	require.False(t, c.created.LookFirst)
	require.False(t, c.updates[0].LookFirst)
}

// overhearing hears with which priorities steps are asked for: the test environment does not tell them.
type overhearing struct {
	interceptor.WorkerInterceptorBase
	priorities *[]int
}

func (o *overhearing) InterceptWorkflow(_ workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	return &overhearingInbound{interceptor.WorkflowInboundInterceptorBase{Next: next}, o.priorities}
}

type overhearingInbound struct {
	interceptor.WorkflowInboundInterceptorBase
	priorities *[]int
}

func (i *overhearingInbound) Init(outbound interceptor.WorkflowOutboundInterceptor) error {
	return i.Next.Init(&overhearingOutbound{interceptor.WorkflowOutboundInterceptorBase{Next: outbound}, i.priorities})
}

type overhearingOutbound struct {
	interceptor.WorkflowOutboundInterceptorBase
	priorities *[]int
}

func (o *overhearingOutbound) ExecuteActivity(ctx workflow.Context, activity string, args ...any) workflow.Future {
	*o.priorities = append(*o.priorities, workflow.GetActivityOptions(ctx).Priority.PriorityKey)
	return o.Next.ExecuteActivity(ctx, activity, args...)
}
