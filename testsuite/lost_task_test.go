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
	"github.com/callthread/callthread/automation/load"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/internal/app"
	"github.com/callthread/callthread/testsuite/stage"
	"github.com/callthread/callthread/workflows"
)

// A worker that dies within a workflow task has not reported the local activity that it ran in the
// task. The test drops the completion of a task, and Temporal schedules the task again.
func TestStepOfLostWorkflowTaskRunsOnce(t *testing.T) {
	t.Parallel()
	s := stage.Set(t)
	for key, lost := range map[string]int32{"lost-opening": 1, "lost-hand-over": 2, "lost-hand-over-of-a-call-that-ends": 2} {
		t.Run(key, func(t *testing.T) {
			t.Parallel()
			served := app.NewWorker(losing(t, s, lost), key, activities.New(s.Kustomer, load.Default, ""), 10, nil)
			require.NoError(t, served.Start())
			t.Cleanup(served.Stop)
			playByTask(t, s, key, strings.HasSuffix(key, "ends"))

			timedOut := func(e *historypb.HistoryEvent) bool { return e.EventType == enums.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT }
			events := s.History(t, key).Events
			require.True(t, slices.ContainsFunc(events, timedOut), "or nothing was lost")
			looksFirst := func(e *historypb.HistoryEvent) bool {
				asked := e.GetActivityTaskScheduledEventAttributes()
				return asked.GetActivityType().GetName() == "CreateConversation" && strings.Contains(asked.GetInput().String(), `mayBeDone\":true`)
			}
			require.Equal(t, lost == 1, slices.ContainsFunc(events, looksFirst), "the sandbox refuses a second conversation: that it is not asked for one")
			require.Len(t, s.NotesOf(key), 2, "of hand-over and outcome")
			require.Equal(t, []string{stage.Amira}, s.OnlyConversation(t, key).AssignedUsers)
		})
	}
}

// playByTask plays an answered call so that each event has its own workflow task, unless the call
// ends before the hand-over is known.
func playByTask(t *testing.T, s *stage.Stage, key string, ends bool) {
	t.Helper()
	inbound := call.Event{Kind: call.Inbound, ReceivedAt: time.Now(), Leg: call.Leg{ID: key, From: "+493023125042"}}
	start := client.StartWorkflowOptions{ID: workflows.WorkflowID(key), TaskQueue: key, WorkflowTaskTimeout: 7 * time.Second} // longer than an event counts as prompt, as is the default of 10 s
	run, err := s.Temporal.ExecuteWorkflow(t.Context(), start, workflows.CallWorkflow,
		workflows.CallInput{Key: key, First: &inbound, Limits: call.Limits{Settle: time.Millisecond}})
	require.NoError(t, err)
	s.AwaitTaken(t, key)
	bridged := call.Event{Kind: call.Bridged, ReceivedAt: time.Now(), Leg: call.Leg{ID: key, Seconds: new(7)},
		Agent: call.Agent{ID: "4711", Name: "Amira Haddad", SourceID: stage.Amira}}
	require.NoError(t, s.Temporal.SignalWorkflow(t.Context(), run.GetID(), "", string(call.Bridged), bridged))
	awaitNote(t, s, key, "bridged")
	if !ends {
		s.AwaitTaken(t, key)
	}
	over := call.Event{Kind: call.Finished, ReceivedAt: time.Now(), Leg: call.Leg{ID: key, FinishReason: "hangup", Seconds: new(20)}}
	require.NoError(t, s.Temporal.SignalWorkflow(t.Context(), run.GetID(), "", string(call.Finished), over))
	require.Equal(t, call.Answered, s.Result(t, key).Outcome)
}

// losing is a client that drops the completion of the nth workflow task.
func losing(t *testing.T, s *stage.Stage, nth int32) client.Client {
	t.Helper()
	var tasks atomic.Int32
	loses := func(ctx context.Context, method string, request, answer any, connection *grpc.ClientConn, invoke grpc.UnaryInvoker, options ...grpc.CallOption) error {
		if strings.HasSuffix(method, "/RespondWorkflowTaskCompleted") && tasks.Add(1) == nth {
			return grpcstatus.Error(codes.NotFound, "lost")
		}
		return invoke(ctx, method, request, answer, connection, options...)
	}
	c, err := client.DialContext(t.Context(), client.Options{
		HostPort: s.TemporalAddress, Logger: sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)),
		ConnectionOptions: client.ConnectionOptions{DialOptions: []grpc.DialOption{grpc.WithChainUnaryInterceptor(loses)}},
	})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}
