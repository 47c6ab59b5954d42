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

// isCancelled runs the call, cancels it, and returns its final state.
func (c *callUnderTest) isCancelled(after time.Duration) (state workflows.State) {
	c.at(after, c.env.CancelWorkflow)
	c.env.ExecuteWorkflow(workflows.CallWorkflow, c.input)
	require.True(c.t, c.env.IsWorkflowCompleted())
	var cancelled *temporal.CanceledError
	require.ErrorAs(c.t, c.env.GetWorkflowError(), &cancelled)
	require.NoError(c.t, cancelled.Details(&state), "Temporal keeps the state, although a cancelled run has no result")
	require.Equal(c.t, after, c.took(), "it ends at once")
	require.Empty(c.t, state.WaitsFor)
	require.Empty(c.t, state.WaitsInWords())
	require.NotContains(c.t, c.log, "now: waits")
	return state
}

func TestCancelledCallEndsAtOnceAndSaysWhatItLeavesUndone(t *testing.T) {
	c := newCall(t)
	c.starts(inbound)
	c.receives(10*time.Second, bridged)
	state := c.isCancelled(40 * time.Second)
	require.Equal(t, workflows.Bridged, state.Phase)
	require.Equal(t, "conversation-1", state.ConversationID)
	require.Equal(t, []call.Cause{call.Ended}, state.Unwritten)
	require.Equal(t, []string{"write the outcome", "the conversation is still open"}, state.LeftUndone())
	require.Contains(t, c.log, "- 12:00:40 cancelled by an operator: nothing more is written\n- 12:00:40 left undone: write the outcome\n- 12:00:40 left undone: the conversation is still open\n")
	require.Equal(t, []string{"create", "bridged"}, c.steps)
	require.Equal(t, "", last(c.listed(workflows.WaitsFor)), "the workflow list says that it waits for nothing")
}

func TestCallCancelledEarlyOpensNothing(t *testing.T) {
	c := newCall(t)
	c.away = time.Hour
	c.starts(inbound)
	c.receives(10*time.Second, bridged)
	state := c.isCancelled(time.Minute)
	require.Equal(t, []string{"open the conversation, which was under way and may be done"}, state.LeftUndone())
	require.Equal(t, []string{"kustomer", ""}, c.listed(workflows.WaitsFor))
}

func TestCancelledCallIsNoLongerParked(t *testing.T) {
	c := newCall(t)
	c.starts(inbound)
	c.fails["create"] = []error{temporal.NewNonRetryableApplicationError("kustomer: no such team", activities.Refused, nil)}
	state := c.isCancelled(10 * time.Minute)
	require.Equal(t, workflows.Ringing, state.Phase)
	require.Empty(t, state.ParkedBecause)
	require.Equal(t, []string{"open the conversation"}, state.LeftUndone())
	require.Equal(t, []string{"parked", "ringing"}, c.listed(workflows.CallPhase))
	require.Equal(t, "", last(c.listed(workflows.ParkedBecause)))
	require.Contains(t, c.log, "parked: could not open the conversation: kustomer: no such team", "the log keeps why it was")
}

func TestUpdateOfACancelledCallIsAnswered(t *testing.T) {
	c := newCall(t)
	c.away = time.Hour
	c.starts(inbound)
	var answer error
	c.at(time.Second, func() { c.env.UpdateWorkflow(workflows.UpdateAwaitConversation, "u", failedUpdate{t, &answer}) })
	c.isCancelled(time.Minute)
	require.True(t, temporal.IsCanceledError(answer))
}

// failedUpdate requires an update to be accepted, and keeps its error.
type failedUpdate struct {
	t   *testing.T
	err *error
}

func (u failedUpdate) Accept()                   {}
func (u failedUpdate) Reject(err error)          { require.NoError(u.t, err) }
func (u failedUpdate) Complete(_ any, err error) { *u.err = err }
