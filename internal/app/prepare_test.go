package app

import (
	"bytes"
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	namespacepb "go.temporal.io/api/namespace/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/durationpb"
)

// fresh is a fake of Temporal, perhaps without a namespace. Its services know a new one only later.
type fresh struct {
	namespace
	retention    time.Duration // 0 if there is no namespace
	created      *workflowservice.RegisterNamespaceRequest
	cannotCreate error
	unknownFor   int // requests about search attributes before the namespace is known
}

// service is its API for namespaces.
type service struct {
	workflowservice.WorkflowServiceClient
	*fresh
}

func (f *fresh) WorkflowService() workflowservice.WorkflowServiceClient { return service{fresh: f} }

func (f *fresh) OperatorService() operatorservice.OperatorServiceClient { return f }

func (s service) DescribeNamespace(context.Context, *workflowservice.DescribeNamespaceRequest, ...grpc.CallOption) (*workflowservice.DescribeNamespaceResponse, error) {
	if s.retention == 0 {
		return nil, serviceerror.NewNamespaceNotFound("acme")
	}
	return &workflowservice.DescribeNamespaceResponse{Config: &namespacepb.NamespaceConfig{WorkflowExecutionRetentionTtl: durationpb.New(s.retention)}}, nil
}

func (s service) RegisterNamespace(_ context.Context, r *workflowservice.RegisterNamespaceRequest, _ ...grpc.CallOption) (*workflowservice.RegisterNamespaceResponse, error) {
	s.created = r
	return &workflowservice.RegisterNamespaceResponse{}, s.cannotCreate
}

func (f *fresh) ListSearchAttributes(ctx context.Context, r *operatorservice.ListSearchAttributesRequest, options ...grpc.CallOption) (*operatorservice.ListSearchAttributesResponse, error) {
	if f.unknownFor--; f.unknownFor >= 0 {
		return nil, serviceerror.NewNamespaceNotFound("acme")
	}
	return f.namespace.ListSearchAttributes(ctx, r, options...)
}

func TestNamespaceIsCreatedAndPrepared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fresh{unknownFor: 12}
		kept, err := Prepare(t.Context(), f, "acme", DefaultRetention)
		require.NoError(t, err)
		require.Equal(t, DefaultRetention, kept)
		require.Equal(t, "acme", f.created.GetNamespace())
		require.Equal(t, 30*24*time.Hour, f.created.GetWorkflowExecutionRetentionPeriod().AsDuration())
		require.Contains(t, f.added, "CallPhase")

		_, err = Prepare(t.Context(), &fresh{unknownFor: 1000}, "acme", DefaultRetention)
		require.ErrorContains(t, err, "not found", "it does not wait for ever")
	})
}

func TestExistingNamespaceKeepsItsRetention(t *testing.T) {
	f := &fresh{retention: 72 * time.Hour}
	kept, err := Prepare(t.Context(), f, "acme", DefaultRetention)
	require.NoError(t, err)
	require.Equal(t, 72*time.Hour, kept)
	require.Nil(t, f.created)
	require.Contains(t, f.added, "CallPhase")
}

func TestConcurrentlyCreatedNamespaceIsNoError(t *testing.T) {
	_, err := Prepare(t.Context(), &fresh{cannotCreate: serviceerror.NewNamespaceAlreadyExists("raced")}, "acme", DefaultRetention)
	require.NoError(t, err)
	_, err = Prepare(t.Context(), &fresh{cannotCreate: serviceerror.NewPermissionDenied("not you", "")}, "acme", DefaultRetention)
	require.ErrorContains(t, err, "create Temporal's namespace acme: not you")
}

func TestMissingNamespaceNamesTheCommand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var logs bytes.Buffer
		server := new(Temporal)
		ctx, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		require.Error(t, server.AwaitReady(ctx, &fresh{unknownFor: 1000}, slog.New(slog.NewTextHandler(&logs, nil))))
		require.Contains(t, logs.String(), "an administrator can create it with `starter setup`")
		require.ErrorContains(t, server.Ready(), "namespace default does not exist: an administrator can create it with `starter setup`")
	})
}
