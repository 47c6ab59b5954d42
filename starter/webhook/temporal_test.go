package webhook

import (
	"context"
	"log/slog"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	sdkpb "go.temporal.io/api/sdk/v1"
	"go.temporal.io/api/serviceerror"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	updatepb "go.temporal.io/api/update/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	sdklog "go.temporal.io/sdk/log"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/proto"

	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/workflows"
)

// fakeTemporal is a fake of Temporal's API for the starter. It has one workflow for each id and
// applies the id reuse policy. Its client is the real one.
type fakeTemporal struct {
	workflowservice.UnimplementedWorkflowServiceServer
	health *health.Server
	probes atomic.Int32 // number of health checks

	mu   sync.Mutex
	runs map[string]*fakeRun
	// requests are the received requests to start or signal.
	requests []proto.Message
	// refuse, if set, returns the error of every start and signal, nil for none.
	refuse func(context.Context) error
	// state, if set, answers updates and queries.
	state func(context.Context) (workflows.State, error)
}

// fakeRun is the workflow of a call.
type fakeRun struct {
	id      string
	started startRequest
	input   workflows.CallInput
	signals []string
	events  []call.Event // from signals
	ended   bool
	asked   string // name of the last update or query
}

// newTemporal starts the server and a client until the test ends.
func newTemporal(t *testing.T) (*fakeTemporal, client.Client) {
	t.Helper()
	f := &fakeTemporal{runs: make(map[string]*fakeRun), health: health.NewServer()}
	f.health.SetServingStatus("temporal.api.workflowservice.v1.WorkflowService", grpc_health_v1.HealthCheckResponse_SERVING)
	server := grpc.NewServer(grpc.UnaryInterceptor(func(ctx context.Context, request any, _ *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
		if _, isProbe := request.(*grpc_health_v1.HealthCheckRequest); isProbe {
			f.probes.Add(1)
		}
		answer, err := handle(ctx, request)
		if err != nil {
			err = serviceerror.ToStatus(err).Err()
		}
		return answer, err
	}))
	workflowservice.RegisterWorkflowServiceServer(server, f)
	grpc_health_v1.RegisterHealthServer(server, f.health)
	wire := bufconn.Listen(1 << 20)
	go func() { _ = server.Serve(wire) }()
	t.Cleanup(server.Stop)

	c, err := client.NewLazyClient(client.Options{
		HostPort: "passthrough:///fake", Logger: sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)),
		ConnectionOptions: client.ConnectionOptions{DialOptions: []grpc.DialOption{
			grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return wire.DialContext(ctx) }),
		}},
	})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return f, c
}

func (f *fakeTemporal) GetSystemInfo(context.Context, *workflowservice.GetSystemInfoRequest) (*workflowservice.GetSystemInfoResponse, error) {
	return &workflowservice.GetSystemInfoResponse{Capabilities: &workflowservice.GetSystemInfoResponse_Capabilities{
		SignalAndQueryHeader: true, InternalErrorDifferentiation: true, EagerWorkflowStart: true,
	}}, nil
}

func (f *fakeTemporal) StartWorkflowExecution(ctx context.Context, r *workflowservice.StartWorkflowExecutionRequest) (*workflowservice.StartWorkflowExecutionResponse, error) {
	f.hear(r)
	run, started, err := f.open(ctx, r)
	if err == nil && !started {
		err = serviceerror.NewWorkflowExecutionAlreadyStarted("already started", r.GetRequestId(), run.id)
	}
	if err != nil {
		return nil, err
	}
	return &workflowservice.StartWorkflowExecutionResponse{RunId: run.id, Started: true}, nil
}

func (f *fakeTemporal) SignalWithStartWorkflowExecution(ctx context.Context, r *workflowservice.SignalWithStartWorkflowExecutionRequest) (*workflowservice.SignalWithStartWorkflowExecutionResponse, error) {
	f.hear(r)
	run, started, err := f.open(ctx, r)
	if err != nil {
		return nil, err
	}
	return &workflowservice.SignalWithStartWorkflowExecutionResponse{RunId: run.id, Started: started}, f.signal(run, r.GetSignalName(), r.GetSignalInput())
}

func (f *fakeTemporal) SignalWorkflowExecution(ctx context.Context, r *workflowservice.SignalWorkflowExecutionRequest) (*workflowservice.SignalWorkflowExecutionResponse, error) {
	f.hear(r)
	if f.refuse != nil {
		if err := f.refuse(ctx); err != nil {
			return nil, err
		}
	}
	f.mu.Lock()
	run := f.runs[r.GetWorkflowExecution().GetWorkflowId()]
	f.mu.Unlock()
	isOther := run != nil && r.GetWorkflowExecution().GetRunId() != "" && r.GetWorkflowExecution().GetRunId() != run.id
	if run == nil || run.ended || isOther {
		return nil, serviceerror.NewNotFound("no such run")
	}
	return &workflowservice.SignalWorkflowExecutionResponse{}, f.signal(run, r.GetSignalName(), r.GetInput())
}

func (f *fakeTemporal) signal(run *fakeRun, name string, input *commonpb.Payloads) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	var event call.Event
	if err := converter.GetDefaultDataConverter().FromPayloads(input, &event); err != nil {
		return serviceerror.NewInvalidArgument(err.Error())
	}
	run.signals, run.events = append(run.signals, name), append(run.events, event)
	return nil
}

func (f *fakeTemporal) hear(request proto.Message) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.requests = append(f.requests, request)
}

// startRequest contains the fields that both requests to start a workflow have.
type startRequest interface {
	GetWorkflowId() string
	GetWorkflowType() *commonpb.WorkflowType
	GetTaskQueue() *taskqueuepb.TaskQueue
	GetInput() *commonpb.Payloads
	GetWorkflowIdReusePolicy() enumspb.WorkflowIdReusePolicy
	GetRequestId() string
	GetSearchAttributes() *commonpb.SearchAttributes
	GetUserMetadata() *sdkpb.UserMetadata
}

// open returns the running workflow, or a new one if the policy allows it.
func (f *fakeTemporal) open(ctx context.Context, r startRequest) (run *fakeRun, started bool, err error) {
	if f.refuse != nil {
		if err := f.refuse(ctx); err != nil {
			return nil, false, err
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	run = f.runs[r.GetWorkflowId()]
	switch {
	case run != nil && !run.ended:
		return run, false, nil
	case run != nil && r.GetWorkflowIdReusePolicy() == enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE:
		return nil, false, serviceerror.NewWorkflowExecutionAlreadyStarted("already finished", r.GetRequestId(), run.id)
	}
	run = &fakeRun{id: "run-" + strconv.Itoa(len(f.runs)+1), started: r}
	f.runs[r.GetWorkflowId()] = run
	return run, true, converter.GetDefaultDataConverter().FromPayloads(r.GetInput(), &run.input)
}

func (f *fakeTemporal) UpdateWorkflowExecution(ctx context.Context, r *workflowservice.UpdateWorkflowExecutionRequest) (*workflowservice.UpdateWorkflowExecutionResponse, error) {
	payloads, err := f.ask(ctx, r.GetWorkflowExecution().GetWorkflowId(), "update "+r.GetRequest().GetInput().GetName())
	if err != nil {
		return nil, err
	}
	return &workflowservice.UpdateWorkflowExecutionResponse{
		UpdateRef: &updatepb.UpdateRef{WorkflowExecution: r.GetWorkflowExecution(), UpdateId: r.GetRequest().GetMeta().GetUpdateId()},
		Outcome:   &updatepb.Outcome{Value: &updatepb.Outcome_Success{Success: payloads}},
		Stage:     enumspb.UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_COMPLETED,
	}, nil
}

func (f *fakeTemporal) QueryWorkflow(ctx context.Context, r *workflowservice.QueryWorkflowRequest) (*workflowservice.QueryWorkflowResponse, error) {
	payloads, err := f.ask(ctx, r.GetExecution().GetWorkflowId(), "query "+r.GetQuery().GetQueryType())
	if err != nil {
		return nil, err
	}
	return &workflowservice.QueryWorkflowResponse{QueryResult: payloads}, nil
}

func (f *fakeTemporal) ask(ctx context.Context, workflowID, question string) (*commonpb.Payloads, error) {
	f.mu.Lock()
	f.runs[workflowID].asked = question
	f.mu.Unlock()
	state, err := f.state(ctx)
	if err != nil {
		return nil, err
	}
	return converter.GetDefaultDataConverter().ToPayloads(state)
}
