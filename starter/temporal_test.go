package main

import (
	"cmp"
	"context"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	historypb "go.temporal.io/api/history/v1"
	sdkpb "go.temporal.io/api/sdk/v1"
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

// fakeTemporal is a fake of Temporal's API for operators' commands.
type fakeTemporal struct {
	workflowservice.UnimplementedWorkflowServiceServer
	mu    sync.Mutex
	calls map[string]*fakeCall // by workflow id
	finds string               // the only query allowed, besides those in lists
	pages [][]string           // workflow ids that it finds, by page
	lists map[string][]string  // workflow ids that other queries find
	count int64                // number of calls
	keys  string               // encryption keys of its workers
}

// fakeCall is the run of a call and its answers to decisions.
type fakeCall struct {
	started    time.Time
	listed     map[string]string // search attributes
	state      workflows.State   // answer to the query after the decision
	answer     workflows.State   // answer to the decision
	refuses    string            // error that it returns to the decision
	stuck      bool              // accepts the decision and does not complete it
	noWorker   bool
	ended      enumspb.WorkflowExecutionStatus
	log        string
	decisions  []string
	amendments []activities.Amendment
	kind       string // workflow type, if it is not a call's
	reason     string // reason of its termination
	pending    *workflowpb.PendingActivityInfo
}

// newTemporal starts the server and sets TEMPORAL_ADDRESS until the test ends.
func newTemporal(t *testing.T, pages ...[]string) *fakeTemporal {
	t.Helper()
	f := &fakeTemporal{calls: make(map[string]*fakeCall), pages: pages, finds: `CallPhase = "parked" AND ExecutionStatus = "Running"`}
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

// ListWorkflowExecutions returns one page for each list of ids.
func (f *fakeTemporal) ListWorkflowExecutions(_ context.Context, r *workflowservice.ListWorkflowExecutionsRequest) (*workflowservice.ListWorkflowExecutionsResponse, error) {
	answer := &workflowservice.ListWorkflowExecutionsResponse{}
	if ids, isListed := f.lists[r.GetQuery()]; isListed {
		for _, id := range ids {
			answer.Executions = append(answer.Executions, f.calls[id].info(id))
		}
		return answer, nil
	}
	switch r.GetQuery() {
	case f.finds:
	case "WorkflowType = 'CallWorkflow' AND CallMarks = 'reopened'":
		return answer, nil
	default:
		return nil, serviceerror.NewInvalidArgument("unexpected query " + r.GetQuery())
	}
	page := len(r.GetNextPageToken())
	if page >= len(f.pages) {
		return answer, nil
	}
	if page+1 < len(f.pages) {
		answer.NextPageToken = make([]byte, page+1)
	}
	for _, id := range f.pages[page] {
		answer.Executions = append(answer.Executions, f.calls[id].info(id))
	}
	return answer, nil
}

func (f *fakeTemporal) CountWorkflowExecutions(_ context.Context, r *workflowservice.CountWorkflowExecutionsRequest) (*workflowservice.CountWorkflowExecutionsResponse, error) {
	if r.GetQuery() != f.finds {
		return nil, serviceerror.NewInvalidArgument("unexpected query " + r.GetQuery())
	}
	return &workflowservice.CountWorkflowExecutionsResponse{Count: f.count}, nil
}

// info is the entry of a call in the workflow list.
func (c *fakeCall) info(id string) *workflowpb.WorkflowExecutionInfo {
	attributes := make(map[string]*commonpb.Payload)
	for name, value := range c.listed {
		attributes[name], _ = converter.GetDefaultDataConverter().ToPayload(value)
	}
	if c.pending.GetPaused() {
		attributes["TemporalPauseInfo"], _ = converter.GetDefaultDataConverter().ToPayload([]string{"property:activityType=" + c.pending.GetActivityType().GetName()})
	}
	info := &workflowpb.WorkflowExecutionInfo{
		Execution: &commonpb.WorkflowExecution{WorkflowId: id, RunId: "run-of-" + id}, StartTime: timestamppb.New(c.started),
		Type:   &commonpb.WorkflowType{Name: cmp.Or(c.kind, "CallWorkflow")},
		Status: cmp.Or(c.ended, enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING), SearchAttributes: &commonpb.SearchAttributes{IndexedFields: attributes},
	}
	if c.ended != 0 && c.ended != enumspb.WORKFLOW_EXECUTION_STATUS_PAUSED {
		info.CloseTime = timestamppb.New(c.started.Add(2 * time.Minute))
	}
	return info
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
	answer, err := f.data().ToPayloads(asked.state)
	if r.GetQuery().GetQueryType() == "__temporal_workflow_metadata" {
		answer, err = f.data().ToPayloads(&sdkpb.WorkflowMetadata{CurrentDetails: asked.log})
	}
	return &workflowservice.QueryWorkflowResponse{QueryResult: answer}, err
}

// GetWorkflowExecutionHistory returns the last event of a run.
func (f *fakeTemporal) GetWorkflowExecutionHistory(_ context.Context, r *workflowservice.GetWorkflowExecutionHistoryRequest) (*workflowservice.GetWorkflowExecutionHistoryResponse, error) {
	over, err := f.find(r.GetExecution().GetWorkflowId())
	if err != nil {
		return nil, err
	}
	state, err := f.data().ToPayloads(over.state)
	end := &historypb.HistoryEvent{}
	switch over.ended {
	case enumspb.WORKFLOW_EXECUTION_STATUS_CANCELED:
		end.EventType = enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED
		end.Attributes = &historypb.HistoryEvent_WorkflowExecutionCanceledEventAttributes{
			WorkflowExecutionCanceledEventAttributes: &historypb.WorkflowExecutionCanceledEventAttributes{Details: state},
		}
	case enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED:
		end.EventType = enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED
		end.Attributes = &historypb.HistoryEvent_WorkflowExecutionTerminatedEventAttributes{
			WorkflowExecutionTerminatedEventAttributes: &historypb.WorkflowExecutionTerminatedEventAttributes{Identity: "nadia@desk", Reason: over.reason},
		}
	default:
		end.EventType = enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED
		end.Attributes = &historypb.HistoryEvent_WorkflowExecutionCompletedEventAttributes{
			WorkflowExecutionCompletedEventAttributes: &historypb.WorkflowExecutionCompletedEventAttributes{Result: state},
		}
	}
	return &workflowservice.GetWorkflowExecutionHistoryResponse{History: &historypb.History{Events: []*historypb.HistoryEvent{end}}}, err
}

func (f *fakeTemporal) DescribeWorkflowExecution(_ context.Context, r *workflowservice.DescribeWorkflowExecutionRequest) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	described, err := f.find(r.GetExecution().GetWorkflowId())
	if err != nil {
		return nil, err
	}
	answer := &workflowservice.DescribeWorkflowExecutionResponse{WorkflowExecutionInfo: described.info(r.GetExecution().GetWorkflowId())}
	if described.pending != nil {
		answer.PendingActivities = []*workflowpb.PendingActivityInfo{described.pending}
	}
	return answer, nil
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
