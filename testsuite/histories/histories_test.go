package histories

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/workflow"

	"github.com/callthread/callthread/workflows"
)

// Histories that do not replay usually have one cause, so the first error is enough.
func TestRecordedCallsReplay(t *testing.T) {
	var broken []error
	files := recorded(t, "v*.json")
	for _, file := range files {
		if err := replay(t, workflows.CallWorkflow, file); err != nil {
			broken = append(broken, err)
		}
	}
	if len(broken) > 0 {
		t.Fatalf("%v (likewise %d more of %d recorded histories)", broken[0], len(broken)-1, len(files))
	}
}

// The history belongs to an answered call whose workflow has other steps.
func TestHistoryOfAnotherWorkflowDoesNotReplay(t *testing.T) {
	for _, file := range recorded(t, "must-fail*.json") {
		require.ErrorContains(t, replay(t, workflows.CallWorkflow, file), "TMPRL1100", file)
	}
}

// One additional timer must be detected in every history.
func TestChangedWorkflowDoesNotReplay(t *testing.T) {
	changed := func(ctx workflow.Context, in workflows.CallInput) (*workflows.Ended, error) {
		if err := workflow.Sleep(ctx, 1); err != nil {
			return nil, err
		}
		return workflows.CallWorkflow(ctx, in)
	}
	for _, file := range recorded(t, "v*.json") {
		err := replay(t, changed, file)
		require.ErrorContains(t, err, "the change breaks running calls: "+file+" does not replay: [TMPRL1100] ")
		require.ErrorContains(t, err, `; see "Change the workflow" in CONTRIBUTING.md`)
	}
}

// The SDK's message also contains stack traces and whole events.
func TestReplayErrorIsOneLine(t *testing.T) {
	panics := func(workflow.Context, workflows.CallInput) (workflows.State, error) {
		panic("boom\n" + strings.Repeat("goroutine 1\n", 100))
	}
	ends := func(workflow.Context, workflows.CallInput) (workflows.State, error) { return workflows.State{}, nil }
	for _, changed := range []any{panics, ends} {
		err := replay(t, changed, "v1-answered.json")
		require.Error(t, err)
		require.NotContains(t, err.Error(), "\n")
		require.Less(t, len(err.Error()), 2*maxReason)
	}
}

func replay(t *testing.T, call any, file string) error {
	t.Helper()
	text, err := os.Open(file)
	require.NoError(t, err)
	defer text.Close()
	history, err := client.HistoryFromJSON(text, client.HistoryJSONOptions{})
	require.NoError(t, err)
	return Replay(call, file, history)
}

func recorded(t *testing.T, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	require.NoError(t, err)
	require.NotEmpty(t, files)
	return files
}
