package workflows_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	sdkpb "go.temporal.io/api/sdk/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/callthread/callthread/activities"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/workflows"
)

// newShadow is a call in shadow, whose comparison compare answers.
func newShadow(t *testing.T, compare func(activities.VendorInput) (activities.VendorComparison, error)) *callUnderTest {
	t.Helper()
	c := newCall(t)
	c.input.Shadow = true
	c.opened.Withheld = []activities.Withheld{{Method: "POST", Route: "/v1/conversations", Fields: []string{"customer"}}}
	c.opened.Conversation.URL = "https://crm/shadow"
	var steps *activities.Activities
	c.env.OnActivity(steps.CompareWithVendor, mock.Anything, mock.Anything).Return(func(_ context.Context, in activities.VendorInput) (activities.VendorComparison, error) {
		return compare(in)
	})
	return c
}

func TestShadowShowsItsRequests(t *testing.T) {
	asked := 0
	c := newShadow(t, func(in activities.VendorInput) (activities.VendorComparison, error) {
		asked++
		require.Equal(t, "conversation-1", in.Conversation.ID)
		require.Len(t, in.Story.PickUps, 1)
		require.NotNil(t, in.Story.Closing, "once all is over")
		return activities.VendorComparison{Verdict: activities.VerdictSeveral}, nil
	})
	c.starts(inbound)
	c.receives(10*time.Second, bridged)
	c.receives(60*time.Second, finished)
	state := c.plays()
	require.Equal(t, 1, asked)
	require.Equal(t, activities.VerdictSeveral, state.Shadow.Vendor.Verdict)
	require.Len(t, state.Shadow.Steps, 3)
	require.Equal(t, c.opened.Withheld, state.Shadow.Steps[0].Requests)
	require.Equal(t, []call.Cause{call.Rang}, state.Shadow.Steps[0].Causes)
	require.Empty(t, state.ConversationURL, "it would lead nowhere")
	require.True(t, c.created.Shadow)
	require.True(t, c.updates[0].Shadow)
	require.Contains(t, c.log, "shadow: nothing is written to Kustomer")
	require.Contains(t, c.log, "shadow: conversation opened")
	require.Contains(t, c.log, "shadow: compared with what others created")
}

func TestReportDuringTheComparisonRepeatsIt(t *testing.T) {
	var c *callUnderTest
	outcomes := []call.Outcome{}
	c = newShadow(t, func(in activities.VendorInput) (activities.VendorComparison, error) {
		outcomes = append(outcomes, in.Story.Closing.Facts.Outcome)
		if len(outcomes) == 1 {
			c.env.SignalWorkflow(string(call.Bridged), bridged)
		}
		return activities.VendorComparison{Verdict: activities.VerdictNone}, nil
	})
	c.starts(inbound)
	c.receives(30*time.Second, hungUp)
	state := c.plays()
	require.Len(t, outcomes, 2)
	require.Equal(t, call.Answered, outcomes[1])
	require.Equal(t, call.Answered, state.Outcome)
}

func TestUncomparedShadowCompletes(t *testing.T) {
	c := newShadow(t, func(activities.VendorInput) (activities.VendorComparison, error) {
		return activities.VendorComparison{}, temporal.NewNonRetryableApplicationError("no", activities.Refused, nil)
	})
	c.starts(inbound)
	c.receives(30*time.Second, hungUp)
	require.Equal(t, &activities.VendorComparison{Verdict: activities.VerdictNotCompared, Reason: activities.ReasonNoAnswer, Rang: began}, c.plays().Shadow.Vendor)
}

func TestLiveCallIsNotCompared(t *testing.T) {
	c := newCall(t)
	c.starts(inbound)
	c.receives(30*time.Second, hungUp)
	require.Nil(t, c.plays().Shadow)
	require.False(t, c.created.Shadow)
	require.NotContains(t, c.log, "shadow")
}

// The worker of the test environment serves live calls.
func TestWorkerOfTheOtherModeLeavesTheRunToAnother(t *testing.T) {
	c := newShadow(t, func(activities.VendorInput) (activities.VendorComparison, error) {
		return activities.VendorComparison{}, nil
	})
	c.starts(inbound)
	c.env.SetStartWorkflowOptions(client.StartWorkflowOptions{ID: workflows.ShadowID("p")})
	c.env.ExecuteWorkflow("CallWorkflow", c.input)
	var panicked *temporal.PanicError // fails the task and not the run
	require.ErrorAs(t, c.env.GetWorkflowError(), &panicked)
	require.Contains(t, panicked.Error(), "worker of the other mode")
	require.Empty(t, c.steps)
}

func TestLiveRunIsNoShadow(t *testing.T) {
	c := newCall(t)
	c.starts(inbound)
	c.env.SetStartWorkflowOptions(client.StartWorkflowOptions{ID: workflows.ShadowID("p")})
	c.env.ExecuteWorkflow("CallWorkflow", c.input)
	var refused *temporal.ApplicationError
	require.ErrorAs(t, c.env.GetWorkflowError(), &refused)
	require.Equal(t, "NotOwnCall", refused.Type())
}

func TestParkedShadowNamesItselfInCommands(t *testing.T) {
	c := newShadow(t, func(activities.VendorInput) (activities.VendorComparison, error) {
		return activities.VendorComparison{}, nil
	})
	c.fails["create"] = []error{temporal.NewNonRetryableApplicationError("no", activities.CallerUnknown, nil)}
	c.starts(inbound)
	c.at(time.Minute, func() {
		value, err := c.env.QueryWorkflow("__temporal_workflow_metadata")
		require.NoError(t, err)
		var metadata sdkpb.WorkflowMetadata
		require.NoError(t, value.Get(&metadata))
		require.Contains(t, metadata.GetCurrentDetails(), "`starter retry shadow/p`")
		c.decides(workflows.UpdateRetry)
	})
	c.receives(2*time.Minute, hungUp)
	c.plays()
}
