package privacy

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	querypb "go.temporal.io/api/query/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/worker"

	"github.com/callthread/callthread/activities"
	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/automation/load"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/internal/app"
	"github.com/callthread/callthread/internal/codec"
	"github.com/callthread/callthread/testsuite/personal"
	"github.com/callthread/callthread/testsuite/stage"
	"github.com/callthread/callthread/workflows"
)

// A worker may start without the key, or the old key may be removed too early. Nothing is lost, and
// the call continues on a worker that has the key.
func TestCallsWaitForAWorkerThatHasTheirKey(t *testing.T) {
	t.Parallel()
	s := stage.Set(t)
	right, other := newKey(t, "right"), newKey(t, "other")
	for name, has := range map[string]struct{ starter, signaller, worker string }{
		"none is set":                        {right, right, ""},
		"another is set":                     {right, right, other},
		"the call was in the clear at first": {"", right, other},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			queue := t.Name()
			inbound := call.Event{Kind: call.Inbound, ReceivedAt: time.Now(), Leg: call.Leg{ID: queue, From: "+493023125042"}}
			over := call.Event{Kind: call.Finished, ReceivedAt: time.Now(), Leg: call.Leg{ID: queue, FinishReason: "hangup", Seconds: new(20)}}
			start := client.StartWorkflowOptions{ID: workflows.WorkflowID(queue), TaskQueue: queue, WorkflowTaskTimeout: time.Second} // otherwise the next attempt would take 10 s
			_, err := s.Connect(t, has.starter).ExecuteWorkflow(t.Context(), start, workflows.CallWorkflow,
				workflows.CallInput{Key: queue, First: &inbound, Limits: call.Limits{Settle: time.Millisecond}})
			require.NoError(t, err)
			require.NoError(t, s.Connect(t, has.signaller).SignalWorkflow(t.Context(), workflows.WorkflowID(queue), "", string(call.Finished), over))

			without := serve(t, s, queue, has.worker)
			s.AwaitFailedTask(t, queue)
			without.Stop()
			require.Empty(t, s.NotesOf(queue), "nothing was done on less than all that is known")

			serve(t, s, queue, right)
			var state workflows.State
			require.NoError(t, s.Connect(t, right).GetWorkflow(t.Context(), workflows.WorkflowID(queue), "").Get(t.Context(), &state))
			require.Equal(t, workflows.Missed, state.Phase)
			require.Len(t, s.NotesOf(queue), 1)
		})
	}
}

func newKey(t *testing.T, id string) string {
	t.Helper()
	key, err := codec.NewKey(id)
	require.NoError(t, err)
	return key
}

// serve starts a worker for a task queue until the test ends.
func serve(t *testing.T, s *stage.Stage, queue, keys string) worker.Worker {
	t.Helper()
	set, _, err := load.Bytes("default", automation.DefaultFile)
	require.NoError(t, err)
	steps := activities.New(s.Kustomer, func() *automation.Set { return set }, "")
	served := app.NewWorker(s.Connect(t, keys), queue, steps, 10, nil)
	require.NoError(t, served.Start())
	t.Cleanup(func() { served.Stop() })
	return served
}

// requireSummariesEncrypted checks the summaries and details in Temporal. They are encrypted like
// everything, contain no personal data, and the Web UI of the stage can decrypt them.
func requireSummariesEncrypted(t *testing.T, s *stage.Stage, key string) {
	t.Helper()
	var shown []*commonpb.Payload
	for _, event := range s.History(t, key).Events {
		for _, payload := range []*commonpb.Payload{event.GetUserMetadata().GetSummary(), event.GetUserMetadata().GetDetails()} {
			if payload != nil {
				shown = append(shown, payload)
			}
		}
	}
	require.GreaterOrEqual(t, len(shown), 5, "of the run, its steps and timers")
	answer, err := s.Temporal.WorkflowService().QueryWorkflow(t.Context(), &workflowservice.QueryWorkflowRequest{
		Namespace: client.DefaultNamespace, Execution: &commonpb.WorkflowExecution{WorkflowId: workflows.WorkflowID(key)},
		Query: &querypb.WorkflowQuery{QueryType: "__temporal_workflow_metadata"}, // the Web UI sends this query for the current details
	})
	require.NoError(t, err)
	shown = append(shown, answer.GetQueryResult().GetPayloads()...)

	legibly, err := converter.NewRemotePayloadCodec(converter.RemotePayloadCodecOptions{Endpoint: s.CodecURL, ModifyRequest: func(r *http.Request) error {
		r.Header.Set("Origin", s.UI)
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
	require.Empty(t, personal.Legible(words))
}
