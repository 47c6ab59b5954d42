package testsuite

import (
	"context"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/kustomer/sandbox"
	"github.com/callthread/callthread/testsuite/stage"
	"github.com/callthread/callthread/workflows"
)

// The tests in this file do what operators do to a workflow in Temporal itself, and check what the
// commands then report.

func TestCallThatIsCancelledSaysWhatItLeavesUndone(t *testing.T) {
	t.Parallel()
	s := stage.Set(t)
	key := t.Name()
	s.Accepts(t, "call-inbound", stage.Inbound(key))
	s.AwaitTaken(t, key)
	require.NoError(t, s.Temporal.CancelWorkflow(t.Context(), workflows.WorkflowID(key), ""))
	require.True(t, temporal.IsCanceledError(ended(t, s, key)))

	shown := s.Operate(t, "show", key)
	require.Regexp(t, `Phase +ringing \(canceled\)\nRun +cancelled by an operator\nLeft undone +write the outcome\n +the conversation is still open\n`, shown)
	require.Regexp(t, `\d cancelled by an operator: nothing more is written\n`, shown)
	require.NotContains(t, shown, "aits for")
	require.NotContains(t, shown, "starter retry")
	require.Empty(t, attributes(t, s, key)["WaitsFor"])
}

func TestCallThatIsTerminatedSaysWhatItLeavesUndone(t *testing.T) {
	t.Parallel()
	s := stage.Set(t)
	key := t.Name()
	s.Accepts(t, "call-inbound", stage.Inbound(key))
	s.AwaitTaken(t, key)
	require.NoError(t, s.Temporal.TerminateWorkflow(t.Context(), workflows.WorkflowID(key), "", "by mistake"))

	shown := s.Operate(t, "show", key)
	require.Regexp(t, `Phase +ringing \(terminated\)\nRun +terminated by an operator \(.+@.+\): by mistake\nLeft undone +write the outcome\n +the conversation is still open\n`, shown)
	require.Regexp(t, `now: terminated by an operator \(.+@.+\): by mistake\n`, shown)
	require.NotContains(t, shown, "aits for")
	require.NotContains(t, shown, "starter retry")
}

func TestCallThatWasEndedByHandGoesOnAfterAReset(t *testing.T) {
	t.Parallel()
	s := stage.Set(t)
	for key, end := range map[string]func(run string) error{
		"cancelled-by-mistake":  func(run string) error { return s.Temporal.CancelWorkflow(t.Context(), run, "") },
		"terminated-by-mistake": func(run string) error { return s.Temporal.TerminateWorkflow(t.Context(), run, "", "by mistake") },
	} {
		s.Accepts(t, "call-inbound", stage.Inbound(key))
		s.Accepts(t, "call-bridged", stage.Bridged(key))
		awaitNote(t, s, key, "bridged")
		s.AwaitTaken(t, key)
		require.NoError(t, end(workflows.WorkflowID(key)))
		require.Error(t, ended(t, s, key))
		require.Contains(t, s.Operate(t, "show", key), "temporal workflow reset --workflow-id 'call/"+key+"' --type FirstWorkflowTask ")
		s.Reset(t, key, slices.Min[[]int64])
		s.Accepts(t, "call-finished", stage.Finished(key))
		require.Equal(t, call.Answered, s.Result(t, key).Outcome)
		require.Len(t, stage.Notes(t, s.OnlyConversation(t, key)), 2)
	}
}

func TestCallWhoseStepIsPausedSaysSo(t *testing.T) {
	t.Parallel()
	s := stage.Set(t)
	key := t.Name()
	s.Sandbox.Inject(sandbox.Fault{Kind: sandbox.FaultStatus, Status: http.StatusServiceUnavailable, Times: 1_000_000})
	s.Accepts(t, "call-inbound", stage.Inbound(key))
	run := &commonpb.WorkflowExecution{WorkflowId: workflows.WorkflowID(key)}
	var id string
	require.Eventually(t, func() bool {
		described, err := s.Temporal.DescribeWorkflowExecution(t.Context(), run.GetWorkflowId(), "")
		if err != nil || len(described.GetPendingActivities()) == 0 {
			return false
		}
		id = described.GetPendingActivities()[0].GetActivityId()
		return true
	}, stage.WaitLimit, 20*time.Millisecond)
	_, err := s.Temporal.WorkflowService().PauseActivity(t.Context(), &workflowservice.PauseActivityRequest{
		Namespace: client.DefaultNamespace, Execution: run, Identity: "nadia@desk", Reason: "a look first", Activity: &workflowservice.PauseActivityRequest_Id{Id: id},
	})
	require.NoError(t, err)

	shown := s.Operate(t, "show", key)
	require.Regexp(t, `Waits for +paused by an operator\nPaused +CreateConversation since .+, nadia@desk, a look first\n`, shown)
	require.Contains(t, shown, "now: paused by an operator\n")
	require.Contains(t, shown, "temporal activity unpause --workflow-id 'call/"+key+"' --activity-id "+id)
	require.NotContains(t, shown, "aits for Kustomer")
	listed := func() bool { return lineOf(s.Operate(t, "calls", "--running"), key, "paused by an operator") }
	require.Eventually(t, listed, stage.WaitLimit, 100*time.Millisecond, "the list lags behind")

	s.Sandbox.ClearFaults()
	_, err = s.Temporal.WorkflowService().UnpauseActivity(t.Context(), &workflowservice.UnpauseActivityRequest{
		Namespace: client.DefaultNamespace, Execution: run, Activity: &workflowservice.UnpauseActivityRequest_Id{Id: id},
	})
	require.NoError(t, err)
	s.AwaitConversation(t, key)
	s.AwaitTaken(t, key)
	require.Regexp(t, `Waits for +an agent to pick up\n`, s.Operate(t, "show", key))
}

// ended waits until a workflow has ended, and returns its error.
func ended(t *testing.T, s *stage.Stage, key string) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), stage.WaitLimit)
	defer cancel()
	return s.Temporal.GetWorkflow(ctx, workflows.WorkflowID(key), "").Get(ctx, nil)
}
