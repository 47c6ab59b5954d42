package testsuite

import (
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	querypb "go.temporal.io/api/query/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"

	"github.com/callthread/callthread/activities"
	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/internal/codec"
	"github.com/callthread/callthread/internal/config"
	"github.com/callthread/callthread/workflows"
)

// Somebody forgets to give a worker the key, or takes the old one away too
// early: nothing is lost, and all goes on with a worker that has it.
func TestCallsWaitForAWorkerThatHasTheirKey(t *testing.T) {
	right, other := newKey(t, "right"), newKey(t, "other")
	for name, has := range map[string]struct{ starter, signaller, worker string }{
		"none is set":                        {right, right, ""},
		"another is set":                     {right, right, other},
		"the call was in the clear at first": {"", right, other},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			queue := t.Name()
			inbound := call.Event{Kind: call.Inbound, ID: "1", ReceivedAt: time.Now(), Leg: call.Leg{ID: queue, From: "+493023125042"}}
			over := call.Event{Kind: call.Finished, ID: "2", ReceivedAt: time.Now(), Leg: call.Leg{ID: queue, FinishReason: "hangup", Seconds: new(20)}}
			start := client.StartWorkflowOptions{ID: workflows.WorkflowID(queue), TaskQueue: queue, WorkflowTaskTimeout: time.Second} // or the next try would take 10
			_, err := connect(t, has.starter).ExecuteWorkflow(t.Context(), start, workflows.CallWorkflow,
				workflows.CallInput{Key: queue, First: &inbound, Patience: workflows.Patience{Settle: time.Millisecond}})
			require.NoError(t, err)
			require.NoError(t, connect(t, has.signaller).SignalWorkflow(t.Context(), workflows.WorkflowID(queue), "", string(call.Finished), over))

			without := serve(t, queue, has.worker)
			awaitFailedTask(t, queue)
			without.Stop()
			require.Empty(t, notesOf(queue), "nothing was done on less than all that is known")

			serve(t, queue, right)
			var state workflows.State
			require.NoError(t, connect(t, right).GetWorkflow(t.Context(), workflows.WorkflowID(queue), "").Get(t.Context(), &state))
			require.Equal(t, workflows.Missed, state.Phase)
			require.Len(t, notesOf(queue), 1)
		})
	}
}

func newKey(t *testing.T, id string) string {
	t.Helper()
	key, err := codec.NewKey(id)
	require.NoError(t, err)
	return key
}

// connect makes a client of the stage's Temporal with keys of its own.
func connect(t *testing.T, keys string) client.Client {
	t.Helper()
	parsed, err := codec.ParseKeys(keys)
	require.NoError(t, err)
	options := client.Options{HostPort: stage.TemporalAddress, Logger: sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler))}
	parsed.Protect(&options)
	c, err := client.DialContext(t.Context(), options)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

// serve starts a worker for a task queue, until the test ends.
func serve(t *testing.T, queue, keys string) worker.Worker {
	t.Helper()
	set, err := automation.Load("default", automation.DefaultFile)
	require.NoError(t, err)
	steps := activities.New(stage.Kustomer, func() *automation.Set { return set }, "")
	served := config.NewWorker(connect(t, keys), queue, steps, 10, nil)
	require.NoError(t, served.Start())
	t.Cleanup(func() { served.Stop() })
	return served
}

// awaitFailedTask waits until a worker could not go on with a call, and looks that the call is still open.
func awaitFailedTask(t *testing.T, key string) {
	t.Helper()
	require.Eventually(t, func() bool {
		described, err := stage.Temporal.DescribeWorkflowExecution(t.Context(), workflows.WorkflowID(key), "")
		require.NoError(t, err)
		require.Equal(t, enums.WORKFLOW_EXECUTION_STATUS_RUNNING, described.GetWorkflowExecutionInfo().GetStatus())
		return described.GetPendingWorkflowTask().GetAttempt() > 1
	}, 20*time.Second, 20*time.Millisecond)
}

// notesOf are the notes of a call's conversation, if it has one.
func notesOf(key string) (ids []string) {
	for _, conversation := range conversations(key) {
		for _, note := range conversation.Notes {
			ids = append(ids, note.ExternalID)
		}
	}
	return ids
}

// requireSummariesEncrypted looks at what the SDK hands to Temporal for people
// to read. It is encrypted like the rest, names nobody even so, and the Web UI
// of the stage can have it decrypted.
func requireSummariesEncrypted(t *testing.T, key string) {
	t.Helper()
	var shown []*commonpb.Payload
	for _, event := range historyOf(t, key).Events {
		for _, payload := range []*commonpb.Payload{event.GetUserMetadata().GetSummary(), event.GetUserMetadata().GetDetails()} {
			if payload != nil {
				shown = append(shown, payload)
			}
		}
	}
	require.GreaterOrEqual(t, len(shown), 5, "of the run, its steps and timers")
	answer, err := stage.Temporal.WorkflowService().QueryWorkflow(t.Context(), &workflowservice.QueryWorkflowRequest{
		Namespace: client.DefaultNamespace, Execution: &commonpb.WorkflowExecution{WorkflowId: workflows.WorkflowID(key)},
		Query: &querypb.WorkflowQuery{QueryType: "__temporal_workflow_metadata"}, // as the Web UI asks for the current details
	})
	require.NoError(t, err)
	shown = append(shown, answer.GetQueryResult().GetPayloads()...)

	legibly, err := converter.NewRemotePayloadCodec(converter.RemotePayloadCodecOptions{Endpoint: stage.CodecURL, ModifyRequest: func(r *http.Request) error {
		r.Header.Set("Origin", stage.UI)
		return nil
	}}).Decode(shown)
	require.NoError(t, err)
	var words []byte
	for i, payload := range shown {
		require.Equal(t, "binary/encrypted", string(payload.GetMetadata()["encoding"]))
		words = append(words, legibly[i].GetData()...)
	}
	for _, expected := range []string{"Inbound call of", "open the conversation", "currentDetails"} {
		require.Contains(t, string(words), expected)
	}
	require.Empty(t, legible(words, allMarks()))
}
