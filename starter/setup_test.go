package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	namespacepb "go.temporal.io/api/namespace/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/durationpb"
)

// administered is a fake of Temporal's API for administrators.
type administered struct {
	workflowservice.UnimplementedWorkflowServiceServer
	operatorservice.UnimplementedOperatorServiceServer
	retention  time.Duration // 0 if there is no namespace
	attributes int
}

func (a *administered) GetSystemInfo(context.Context, *workflowservice.GetSystemInfoRequest) (*workflowservice.GetSystemInfoResponse, error) {
	return &workflowservice.GetSystemInfoResponse{Capabilities: &workflowservice.GetSystemInfoResponse_Capabilities{}}, nil
}

func (a *administered) DescribeNamespace(context.Context, *workflowservice.DescribeNamespaceRequest) (*workflowservice.DescribeNamespaceResponse, error) {
	if a.retention == 0 {
		return nil, serviceerror.ToStatus(serviceerror.NewNamespaceNotFound("calls")).Err()
	}
	return &workflowservice.DescribeNamespaceResponse{Config: &namespacepb.NamespaceConfig{WorkflowExecutionRetentionTtl: durationpb.New(a.retention)}}, nil
}

func (a *administered) RegisterNamespace(_ context.Context, r *workflowservice.RegisterNamespaceRequest) (*workflowservice.RegisterNamespaceResponse, error) {
	a.retention = r.GetWorkflowExecutionRetentionPeriod().AsDuration()
	return &workflowservice.RegisterNamespaceResponse{}, nil
}

func (a *administered) ListSearchAttributes(context.Context, *operatorservice.ListSearchAttributesRequest) (*operatorservice.ListSearchAttributesResponse, error) {
	return &operatorservice.ListSearchAttributesResponse{}, nil
}

func (a *administered) AddSearchAttributes(_ context.Context, r *operatorservice.AddSearchAttributesRequest) (*operatorservice.AddSearchAttributesResponse, error) {
	a.attributes = len(r.GetSearchAttributes())
	return &operatorservice.AddSearchAttributesResponse{}, nil
}

// setUp runs the command on a server and returns its output.
func setUp(t *testing.T, a *administered, args ...string) string {
	t.Helper()
	server := grpc.NewServer()
	workflowservice.RegisterWorkflowServiceServer(server, a)
	operatorservice.RegisterOperatorServiceServer(server, a)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	go func() { _ = server.Serve(listener) }()
	defer server.Stop()
	t.Setenv("TEMPORAL_ADDRESS", listener.Addr().String())
	t.Setenv("TEMPORAL_NAMESPACE", "calls")
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), append([]string{"starter", "setup"}, args...), &out, io.Discard))
	require.Positive(t, a.attributes)
	return out.String()
}

func TestSetupCreatesTheNamespaceOnce(t *testing.T) {
	server := new(administered)
	require.Contains(t, setUp(t, server), "namespace calls: it keeps a call for 30 days after its end, and all search attributes of calls are registered.\n")
	require.Equal(t, 30*24*time.Hour, server.retention)
	require.Contains(t, setUp(t, server, "--retention-days", "90"),
		"for 30 days after its end, and all search attributes of calls are registered.\nThat is less than 90 days. To change it: temporal operator namespace update -n calls --retention 90d\n")
	require.Equal(t, 30*24*time.Hour, server.retention, "what there is stays")
	require.Contains(t, setUp(t, new(administered), "--retention-days", "1"), "for 1 day after")
}
