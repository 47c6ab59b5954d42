package main

import (
	"context"
	"encoding/json"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	"go.temporal.io/api/serviceerror"
	updatepb "go.temporal.io/api/update/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/callthread/callthread/activities"
	"github.com/callthread/callthread/workflows"
)

const (
	refusal      = "could not open the conversation: kustomer: no such team"
	conversation = "2b7e0000000000000000beef"
)

// fakeTemporal is a Temporal server as far as an operator can tell.
type fakeTemporal struct {
	workflowservice.UnimplementedWorkflowServiceServer
	mu    sync.Mutex
	calls map[string]*fakeCall // by workflow id
	pages [][]string           // the workflow ids in the list of runs
	keys  string               // with which its workers encrypt
}

// fakeCall is a call's run and how it takes decisions.
type fakeCall struct {
	started    time.Time
	listed     map[string]string // search attributes
	state      workflows.State   // the answer to the query, from the decision on
	answer     workflows.State   // to the decision
	refuses    string            // the decision, with these words
	stuck      bool              // once it has accepted the decision
	noWorker   bool
	ended      enumspb.WorkflowExecutionStatus
	decisions  []string
	amendments []activities.Amendment
}

// newTemporal starts the server where commands look for it, until the test ends.
func newTemporal(t *testing.T, pages ...[]string) *fakeTemporal {
	t.Helper()
	f := &fakeTemporal{calls: make(map[string]*fakeCall), pages: pages}
	server := grpc.NewServer(grpc.UnaryInterceptor(func(ctx context.Context, request any, _ *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
		f.mu.Lock()
		defer f.mu.Unlock()
		answer, err := handle(ctx, request)
		if err != nil {
			err = serviceerror.ToStatus(err).Err()
		}
		return answer, err
	}))
	workflowservice.RegisterWorkflowServiceServer(server, f)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	t.Setenv("TEMPORAL_ADDRESS", listener.Addr().String())
	return f
}

func (f *fakeTemporal) GetSystemInfo(context.Context, *workflowservice.GetSystemInfoRequest) (*workflowservice.GetSystemInfoResponse, error) {
	return &workflowservice.GetSystemInfoResponse{Capabilities: &workflowservice.GetSystemInfoResponse_Capabilities{}}, nil
}

// ListWorkflowExecutions has one page for each list of ids.
func (f *fakeTemporal) ListWorkflowExecutions(_ context.Context, r *workflowservice.ListWorkflowExecutionsRequest) (*workflowservice.ListWorkflowExecutionsResponse, error) {
	if r.GetQuery() != `CallPhase = "parked" AND ExecutionStatus = "Running"` {
		return nil, serviceerror.NewInvalidArgument("unexpected query " + r.GetQuery())
	}
	page := len(r.GetNextPageToken())
	answer := &workflowservice.ListWorkflowExecutionsResponse{}
	if page >= len(f.pages) {
		return answer, nil
	}
	if page+1 < len(f.pages) {
		answer.NextPageToken = make([]byte, page+1)
	}
	for _, id := range f.pages[page] {
		attributes := make(map[string]*commonpb.Payload)
		for name, value := range f.calls[id].listed {
			attributes[name], _ = converter.GetDefaultDataConverter().ToPayload(value)
		}
		answer.Executions = append(answer.Executions, &workflowpb.WorkflowExecutionInfo{
			Execution: &commonpb.WorkflowExecution{WorkflowId: id, RunId: "run-of-" + id}, StartTime: timestamppb.New(f.calls[id].started),
			SearchAttributes: &commonpb.SearchAttributes{IndexedFields: attributes},
		})
	}
	return answer, nil
}

func (f *fakeTemporal) find(id string) (*fakeCall, error) {
	if found := f.calls[id]; found != nil {
		return found, nil
	}
	return nil, serviceerror.NewNotFound("workflow not found for ID: " + id)
}

func (f *fakeTemporal) QueryWorkflow(_ context.Context, r *workflowservice.QueryWorkflowRequest) (*workflowservice.QueryWorkflowResponse, error) {
	asked, err := f.find(r.GetExecution().GetWorkflowId())
	if err != nil {
		return nil, err
	}
	if asked.noWorker {
		return nil, serviceerror.NewFailedPrecondition("no poller seen for task queue recently")
	}
	state, err := f.data().ToPayloads(asked.state)
	return &workflowservice.QueryWorkflowResponse{QueryResult: state}, err
}

func (f *fakeTemporal) DescribeWorkflowExecution(_ context.Context, r *workflowservice.DescribeWorkflowExecutionRequest) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	described, err := f.find(r.GetExecution().GetWorkflowId())
	if err != nil {
		return nil, err
	}
	return &workflowservice.DescribeWorkflowExecutionResponse{WorkflowExecutionInfo: &workflowpb.WorkflowExecutionInfo{Status: described.ended}}, nil
}

func (f *fakeTemporal) UpdateWorkflowExecution(ctx context.Context, r *workflowservice.UpdateWorkflowExecutionRequest) (*workflowservice.UpdateWorkflowExecutionResponse, error) {
	decided, err := f.find(r.GetWorkflowExecution().GetWorkflowId())
	switch {
	case err != nil:
		return nil, err
	case decided.ended != 0:
		return nil, serviceerror.NewNotFound("workflow execution already completed")
	case decided.noWorker:
		<-ctx.Done()
		return nil, ctx.Err()
	}
	decided.decisions = append(decided.decisions, r.GetRequest().GetInput().GetName())
	if args := r.GetRequest().GetInput().GetArgs(); args != nil {
		var amendment activities.Amendment
		if err := f.data().FromPayloads(args, &amendment); err != nil {
			return nil, serviceerror.NewInvalidArgument(err.Error())
		}
		decided.amendments = append(decided.amendments, amendment)
	}
	answer := &workflowservice.UpdateWorkflowExecutionResponse{
		Stage: enumspb.UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_ACCEPTED, UpdateRef: &updatepb.UpdateRef{WorkflowExecution: r.GetWorkflowExecution()},
	}
	if decided.stuck {
		return answer, nil
	}
	answer.Stage = enumspb.UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_COMPLETED
	if decided.refuses != "" {
		answer.Outcome = &updatepb.Outcome{Value: &updatepb.Outcome_Failure{Failure: &failurepb.Failure{
			Message: decided.refuses, FailureInfo: &failurepb.Failure_ApplicationFailureInfo{ApplicationFailureInfo: &failurepb.ApplicationFailureInfo{}},
		}}}
		return answer, nil
	}
	state, err := f.data().ToPayloads(decided.answer)
	answer.Outcome = &updatepb.Outcome{Value: &updatepb.Outcome_Success{Success: state}}
	return answer, err
}

func (f *fakeTemporal) PollWorkflowExecutionUpdate(ctx context.Context, _ *workflowservice.PollWorkflowExecutionUpdateRequest) (*workflowservice.PollWorkflowExecutionUpdateResponse, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// twoParked has one call on each of two pages, the younger first; an older version parked the older.
func twoParked(t *testing.T) *fakeTemporal {
	t.Helper()
	f := newTemporal(t, []string{"call/younger"}, []string{"call/older"})
	ring := time.Date(2026, time.March, 4, 9, 30, 0, 0, time.UTC)
	f.calls["call/younger"] = &fakeCall{
		started: ring.Add(time.Minute), listed: map[string]string{"KustomerConversationId": conversation, "ParkedBecause": refusal},
		answer: workflows.State{WaitsFor: "the end of the call", ConversationID: conversation},
	}
	f.calls["call/older"] = &fakeCall{
		started: ring, state: workflows.State{Phase: workflows.Parked, ParkedBecause: "could not\n\tsay why"},
		answer: workflows.State{WaitsFor: "an agent to pick up"},
	}
	return f
}

func TestParkedCallsAreListedOldestFirstWithTheirReasons(t *testing.T) {
	twoParked(t)
	printed, err := starts(t, "parked")
	require.NoError(t, err)
	lines := strings.Split(printed, "\n")
	require.Equal(t, []string{
		"CALL     STARTED               CONVERSATION              REASON",
		"older    2026-03-04T09:30:00Z  –                         could not say why",
		"younger  2026-03-04T09:31:00Z  2b7e0000000000000000beef  " + refusal,
		"",
	}, lines[:4])
	require.Regexp(t, "starter retry .+starter amend .+starter skip ", lines[4])
}

func TestParkedCallsArePrintedAsJSONForScripts(t *testing.T) {
	twoParked(t)
	printed, err := starts(t, "parked", "--json")
	require.NoError(t, err)
	var parked []parkedCall
	require.NoError(t, json.Unmarshal([]byte(printed), &parked))
	require.Len(t, parked, 2)
	require.JSONEq(t, `[
		{"callId": "older", "workflowId": "call/older", "runId": "run-of-call/older", "startedAt": "2026-03-04T09:30:00Z",
		 "conversationId": "", "reason": "could not\n\tsay why"},
		{"callId": "younger", "workflowId": "call/younger", "runId": "run-of-call/younger", "startedAt": "2026-03-04T09:31:00Z",
		 "conversationId": "2b7e0000000000000000beef", "reason": "`+refusal+`"}]`, printed)
}

func TestNoParkedCallIsGoodNews(t *testing.T) {
	newTemporal(t)
	printed, err := starts(t, "parked")
	require.NoError(t, err)
	require.Equal(t, "no call is parked\n", printed)

	printed, err = starts(t, "parked", "--json")
	require.NoError(t, err)
	require.Equal(t, "[]\n", printed)
}

func TestCallThatDoesNotAnswerIsListedAllTheSame(t *testing.T) {
	f := twoParked(t)
	f.calls["call/older"].noWorker = true
	printed, err := starts(t, "parked")
	require.NoError(t, err)
	require.Regexp(t, `\nolder +2026-03-04T09:30:00Z +– +–\nyounger `, printed)
}
