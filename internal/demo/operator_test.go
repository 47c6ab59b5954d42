package demo

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"github.com/callthread/callthread/workflows"
)

// shaky is a Temporal client whose first answers are errors and whose calls are all parked.
type shaky struct {
	client.Client
	client.WorkflowRun
	client.WorkflowUpdateHandle
	errors  []error
	because string
	retried []string
}

func (s *shaky) fail() error {
	if len(s.errors) == 0 {
		return nil
	}
	err := s.errors[0]
	s.errors = s.errors[1:]
	return err
}

func (s *shaky) GetWorkflow(context.Context, string, string) client.WorkflowRun {
	return &run{shaky: s}
}

func (s *shaky) ListWorkflow(context.Context, *workflowservice.ListWorkflowExecutionsRequest) (*workflowservice.ListWorkflowExecutionsResponse, error) {
	return &workflowservice.ListWorkflowExecutionsResponse{Executions: []*workflowpb.WorkflowExecutionInfo{
		{Execution: &commonpb.WorkflowExecution{WorkflowId: workflows.WorkflowID(key)}},
	}}, s.fail()
}

func (s *shaky) QueryWorkflow(context.Context, string, string, string, ...any) (converter.EncodedValue, error) {
	payloads, err := converter.GetDefaultDataConverter().ToPayloads(workflows.State{Phase: workflows.Parked, ParkedBecause: s.because})
	if err == nil {
		err = s.fail()
	}
	return client.NewValue(payloads), err
}

func (s *shaky) UpdateWorkflow(_ context.Context, options client.UpdateWorkflowOptions) (client.WorkflowUpdateHandle, error) {
	s.retried = append(s.retried, options.WorkflowID+" "+options.UpdateName)
	return nil, serviceerror.NewUnavailable("killed")
}

type run struct {
	client.WorkflowRun
	*shaky
}

func (r *run) Get(context.Context, any) error { return r.fail() }

func TestAwaitSurvivesTemporalOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		away := serviceerror.NewUnavailable("connection refused")
		_, err := await(t.Context(), &shaky{errors: []error{away, away, context.DeadlineExceeded, away}}, key)
		require.NoError(t, err)

		unknown := serviceerror.NewNotFound("no such workflow")
		_, err = await(t.Context(), &shaky{errors: []error{away, unknown, away}}, key)
		require.ErrorIs(t, err, unknown, "waiting heals nothing")
	})
}

func TestOperatorRetriesParkedCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for because, causeless := range map[string]int{"Kustomer said no": 0, "": 1} {
			away := serviceerror.NewUnavailable("connection refused")
			temporal := &shaky{errors: []error{away, nil, away}, because: because}
			o := &operator{temporal: temporal, parked: make(map[string]bool)}
			ctx, cancel := context.WithTimeout(t.Context(), 3*rounds+rounds/2)
			defer cancel()
			o.work(ctx)
			require.Equal(t, []string{"call/" + key + " retry"}, temporal.retried, "the first two rounds met no Temporal")
			parked, found := o.result()
			require.Equal(t, 1, parked)
			require.Len(t, found, causeless)
		}
	})
}
