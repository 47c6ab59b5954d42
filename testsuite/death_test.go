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
	"github.com/callthread/callthread/testsuite/stage"
	"github.com/callthread/callthread/workflows"
)

// A step without heartbeats has lost its worker. It must be retried long before the timeout of
// the step, because an agent's phone rings.
func TestAStepWhoseWorkerDiesIsTakenUpWithinSeconds(t *testing.T) {
	t.Parallel()
	s := stage.Set(t)
	key, queue := t.Name(), "a worker that dies"
	dying := worker.New(s.Temporal, queue, worker.Options{})
	dying.RegisterWorkflow(workflows.CallWorkflow)
	opens := func(ctx context.Context, _ activities.StepInput) (activities.StepResult, error) {
		if activity.GetInfo(ctx).Attempt == 1 {
			<-ctx.Done() // without a heartbeat
		}
		return activities.StepResult{}, nil
	}
	dying.RegisterActivityWithOptions(opens, activity.RegisterOptions{Name: "CreateConversation"})
	require.NoError(t, dying.Start())
	t.Cleanup(dying.Stop)

	first := call.Event{Kind: call.Finished, ReceivedAt: time.Now(), Leg: call.Leg{ID: key, From: "+493023125042", FinishReason: "hangup"}}
	run, err := s.Temporal.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: workflows.WorkflowID(key), TaskQueue: queue},
		workflows.CallWorkflow, workflows.CallInput{Key: key, First: &first, Limits: call.Limits{Settle: time.Millisecond}})
	require.NoError(t, err)
	require.NoError(t, run.Get(t.Context(), nil))
	for _, event := range s.History(t, key).Events {
		if started := event.GetActivityTaskStartedEventAttributes(); started != nil {
			require.Equal(t, enums.TIMEOUT_TYPE_HEARTBEAT, started.GetLastFailure().GetTimeoutFailureInfo().GetTimeoutType(),
				"and not because all the time of the step had passed")
		}
	}
}
