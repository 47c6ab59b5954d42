package testsuite

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/temporalproto"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/callthread/callthread/workflows"
)

// Histories are recorded once, by the version of CallWorkflow that their name
// begins with, and kept for good: as long as they replay, calls that were
// running under that version survive today's. To record those of a new
// version: go test ./testsuite -run TestPlayedCalls -record v4
var record = flag.String("record", "", "record histories under this version's name")

const histories = "histories"

// TestRecordedCallsReplay is what tells whether running calls survive a change of the workflow.
func TestRecordedCallsReplay(t *testing.T) {
	for _, file := range recorded(t) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			replayer := worker.NewWorkflowReplayer()
			replayer.RegisterWorkflow(workflows.CallWorkflow)
			require.NoError(t, replayer.ReplayWorkflowHistoryFromJSONFile(nil, file))
		})
	}
}

// TestChangedWorkflowDoesNotReplay proves that the test above can fail.
func TestChangedWorkflowDoesNotReplay(t *testing.T) {
	changed := func(ctx workflow.Context, in workflows.CallInput) (workflows.State, error) {
		if err := workflow.Sleep(ctx, 1); err != nil {
			return workflows.State{}, err
		}
		return workflows.CallWorkflow(ctx, in)
	}
	for _, file := range recorded(t) {
		replayer := worker.NewWorkflowReplayer()
		replayer.RegisterWorkflowWithOptions(changed, workflow.RegisterOptions{Name: "CallWorkflow"})
		require.ErrorContains(t, replayer.ReplayWorkflowHistoryFromJSONFile(nil, file), "TMPRL1100", file)
	}
}

func recorded(t *testing.T) []string {
	files, err := filepath.Glob(filepath.Join(histories, "*.json"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	return files
}

// playsAndReplays plays calls on the real server, replays what came of each,
// and keeps the histories where -record asks for them.
func playsAndReplays(t *testing.T, calls map[string]func(t *testing.T, key string)) {
	for name, play := range calls { // all of them first, as they take seconds to end
		key := "recorded-" + name
		play(t, key)
		if name != "parked-and-skipped" {
			isIn(t, key) // else it might meet the fault of the next one
		}
	}
	for name := range calls {
		t.Run(name, func(t *testing.T) {
			key := "recorded-" + name
			result(t, key)
			history := historyOf(t, key)
			replayer := worker.NewWorkflowReplayer()
			replayer.RegisterWorkflow(workflows.CallWorkflow)
			require.NoError(t, replayer.ReplayWorkflowHistory(nil, history))
			if *record == "" {
				return
			}
			text, err := temporalproto.CustomJSONMarshalOptions{Indent: " "}.Marshal(history)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(filepath.Join(histories, *record+"-"+name+".json"), text, 0o644))
		})
	}
}

func historyOf(t *testing.T, key string) *historypb.History {
	history := &historypb.History{}
	events := stage.Temporal.GetWorkflowHistory(t.Context(), workflows.WorkflowID(key), "", false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		event, err := events.Next()
		require.NoError(t, err)
		history.Events = append(history.Events, event)
	}
	return history
}
