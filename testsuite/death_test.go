package testsuite

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"github.com/callthread/callthread/activities"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/workflows"
)

// A step that says nothing is one whose worker has died. The agent whose phone
// rings should not wait for it as long as a step may take.
func TestAStepWhoseWorkerDiesIsTakenUpWithinSeconds(t *testing.T) {
	key, queue := t.Name(), "a worker that dies"
	dying := worker.New(stage.Temporal, queue, worker.Options{})
	dying.RegisterWorkflow(workflows.CallWorkflow)
	opens := func(ctx context.Context, _ activities.CreateConversationInput) (activities.CreateConversationResult, error) {
		if activity.GetInfo(ctx).Attempt == 1 {
			<-ctx.Done() // without a sign of life
		}
		return activities.CreateConversationResult{}, nil
	}
	dying.RegisterActivityWithOptions(opens, activity.RegisterOptions{Name: "CreateConversation"})
	require.NoError(t, dying.Start())
	t.Cleanup(dying.Stop)

	first := call.Event{Kind: call.Finished, ID: "end", ReceivedAt: time.Now(), Leg: call.Leg{ID: key, From: "+493023125042", FinishReason: "hangup"}}
	run, err := stage.Temporal.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: workflows.WorkflowID(key), TaskQueue: queue},
		workflows.CallWorkflow, workflows.CallInput{Key: key, First: &first, Patience: workflows.Patience{Settle: time.Millisecond}})
	require.NoError(t, err)
	require.NoError(t, run.Get(t.Context(), nil))
	for _, event := range historyOf(t, key).Events {
		if started := event.GetActivityTaskStartedEventAttributes(); started != nil {
			require.Equal(t, enums.TIMEOUT_TYPE_HEARTBEAT, started.GetLastFailure().GetTimeoutFailureInfo().GetTimeoutType(),
				"and not because all the time of the step had passed")
		}
	}
}
