package testsuite

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	grpcstatus "google.golang.org/grpc/status"

	"github.com/callthread/callthread/activities"
	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/internal/config"
	"github.com/callthread/callthread/workflows"
)

// A worker that dies within a workflow task has told Temporal nothing of the
// step that it has carried out there. Here what a task has come to is lost on
// its way, and Temporal hands the task out again as if nothing was done.
func TestStepOfAWorkflowTaskThatIsLostIsNotDoneTwice(t *testing.T) {
	for key, lost := range map[string]int32{"lost-opening": 1, "lost-hand-over": 2, "lost-hand-over-of-a-call-that-ends": 2} {
		t.Run(key, func(t *testing.T) {
			t.Parallel()
			served := config.NewWorker(losing(t, lost), key, activities.New(stage.Kustomer, automation.Default, ""), 10, nil)
			require.NoError(t, served.Start())
			t.Cleanup(served.Stop)
			playByTask(t, key, strings.HasSuffix(key, "ends"))

			timedOut := func(e *historypb.HistoryEvent) bool { return e.EventType == enums.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT }
			events := historyOf(t, key).Events
			require.True(t, slices.ContainsFunc(events, timedOut), "or nothing was lost")
			looksFirst := func(e *historypb.HistoryEvent) bool {
				asked := e.GetActivityTaskScheduledEventAttributes()
				return asked.GetActivityType().GetName() == "CreateConversation" && strings.Contains(asked.GetInput().String(), `lookFirst\":true`)
			}
			require.Equal(t, lost == 1, slices.ContainsFunc(events, looksFirst), "the sandbox refuses a second conversation: that it is not asked for one")
			require.Len(t, notesOf(key), 2, "of hand-over and outcome")
			require.Equal(t, []string{amira}, onlyConversation(t, key).AssignedUsers)
		})
	}
}

// playByTask plays an answered call, each of whose events has a workflow task
// of its own, unless it ends before it is known to have been handed over.
func playByTask(t *testing.T, key string, ends bool) {
	t.Helper()
	inbound := call.Event{Kind: call.Inbound, ID: "1", ReceivedAt: time.Now(), Leg: call.Leg{ID: key, From: "+493023125042"}}
	start := client.StartWorkflowOptions{ID: workflows.WorkflowID(key), TaskQueue: key, WorkflowTaskTimeout: 7 * time.Second} // longer than an event is prompt, as the default of 10
	run, err := stage.Temporal.ExecuteWorkflow(t.Context(), start, workflows.CallWorkflow,
		workflows.CallInput{Key: key, First: &inbound, Patience: workflows.Patience{Settle: time.Millisecond}})
	require.NoError(t, err)
	awaitTaken(t, key)
	bridged := call.Event{Kind: call.Bridged, ID: "2", ReceivedAt: time.Now(), Leg: call.Leg{ID: key, Seconds: new(7)},
		Agent: call.Agent{ID: "4711", Name: "Amira Haddad", SourceID: amira}}
	require.NoError(t, stage.Temporal.SignalWorkflow(t.Context(), run.GetID(), "", string(call.Bridged), bridged))
	awaitNote(t, key, "bridged")
	if !ends {
		awaitTaken(t, key)
	}
	over := call.Event{Kind: call.Finished, ID: "3", ReceivedAt: time.Now(), Leg: call.Leg{ID: key, FinishReason: "hangup", Seconds: new(20)}}
	require.NoError(t, stage.Temporal.SignalWorkflow(t.Context(), run.GetID(), "", string(call.Finished), over))
	require.Equal(t, call.Answered, result(t, key).Outcome)
}

// losing is a client that loses what the nth workflow task has come to.
func losing(t *testing.T, nth int32) client.Client {
	t.Helper()
	var tasks atomic.Int32
	loses := func(ctx context.Context, method string, request, answer any, connection *grpc.ClientConn, invoke grpc.UnaryInvoker, options ...grpc.CallOption) error {
		if strings.HasSuffix(method, "/RespondWorkflowTaskCompleted") && tasks.Add(1) == nth {
			return grpcstatus.Error(codes.NotFound, "lost")
		}
		return invoke(ctx, method, request, answer, connection, options...)
	}
	c, err := client.DialContext(t.Context(), client.Options{
		HostPort: stage.TemporalAddress, Logger: sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)),
		ConnectionOptions: client.ConnectionOptions{DialOptions: []grpc.DialOption{grpc.WithChainUnaryInterceptor(loses)}},
	})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

// awaitTaken waits until the call's conversation is there and Temporal knows of it.
func awaitTaken(t *testing.T, key string) {
	t.Helper()
	awaitConversation(t, key)
	require.Eventually(t, func() bool {
		described, err := stage.Temporal.DescribeWorkflowExecution(t.Context(), workflows.WorkflowID(key), "")
		return err == nil && described.GetPendingWorkflowTask() == nil && len(described.GetPendingActivities()) == 0
	}, 20*time.Second, 5*time.Millisecond)
}
