// Package histories holds one recorded history of a call for each path through
// CallWorkflow. As long as they replay, calls that run under an earlier version
// survive today's. No history is ever deleted or changed after v1.0.0.
package histories

import (
	"log/slog"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/callthread/callthread/workflows"
)

func TestRecordedCallsReplay(t *testing.T) {
	for _, file := range recorded(t, "v*.json") {
		t.Run(filepath.Base(file), func(t *testing.T) {
			require.NoError(t, replay(workflows.CallWorkflow, file), "this change breaks running calls: see \"To change the workflow\" in the README")
		})
	}
}

// The history is that of an answered call under a workflow with other steps.
func TestHistoryOfAnotherWorkflowDoesNotReplay(t *testing.T) {
	for _, file := range recorded(t, "must-fail*.json") {
		require.ErrorContains(t, replay(workflows.CallWorkflow, file), "TMPRL1100", file)
	}
}

// A single timer more is noticed in every history.
func TestChangedWorkflowDoesNotReplay(t *testing.T) {
	changed := func(ctx workflow.Context, in workflows.CallInput) (workflows.State, error) {
		if err := workflow.Sleep(ctx, 1); err != nil {
			return workflows.State{}, err
		}
		return workflows.CallWorkflow(ctx, in)
	}
	for _, file := range recorded(t, "v*.json") {
		require.ErrorContains(t, replay(changed, file), "TMPRL1100", file)
	}
}

func replay(call any, file string) error {
	replayer := worker.NewWorkflowReplayer()
	replayer.RegisterWorkflowWithOptions(call, workflow.RegisterOptions{Name: "CallWorkflow"})
	return replayer.ReplayWorkflowHistoryFromJSONFile(log.NewStructuredLogger(slog.New(slog.DiscardHandler)), file)
}

func recorded(t *testing.T, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	require.NoError(t, err)
	require.NotEmpty(t, files)
	return files
}
