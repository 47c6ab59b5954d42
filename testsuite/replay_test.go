package testsuite

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/temporalproto"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/callthread/callthread/activities"
	"github.com/callthread/callthread/kustomer/sandbox"
	"github.com/callthread/callthread/workflows"
)

// Histories are recorded once, by the version of CallWorkflow that their name
// begins with, and kept for good: as long as they replay, calls that were
// running under that version survive today's. To record those of a new
// version: go test ./testsuite -run TestPlayedCallsReplay -record v2
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

// stories are the paths through CallWorkflow that are recorded.
var stories = map[string]func(t *testing.T, key string){
	"answered": func(t *testing.T, key string) {
		accepts(t, "call-inbound", inbound(key))
		accepts(t, "call-finished", unansweredAttempt(key))
		accepts(t, "call-bridged", bridged(key))
		accepts(t, "call-bridged", bridged(key))
		accepts(t, "call-finished", finished(key))
	},
	"abandoned": func(t *testing.T, key string) {
		accepts(t, "call-inbound", inbound(key))
		accepts(t, "call-finished", abandoned(key))
	},
	"bridged-first": func(t *testing.T, key string) {
		accepts(t, "call-bridged", bridged(key))
		accepts(t, "call-inbound", inbound(key))
		accepts(t, "call-finished", finished(key))
	},
	"finished-first": func(t *testing.T, key string) {
		accepts(t, "call-finished", finished(key))
		accepts(t, "call-bridged", bridged(key))
	},
	"child-leg-first": func(t *testing.T, key string) {
		accepts(t, "call-finished", unansweredAttempt(key))
		accepts(t, "call-inbound", inbound(key))
		accepts(t, "call-finished", abandoned(key))
	},
	"transferred": func(t *testing.T, key string) {
		accepts(t, "call-inbound", inbound(key))
		accepts(t, "call-bridged", bridged(key))
		accepts(t, "call-bridged", parentLeg(key, `,"duration":50`)+`,"agent":{"id":"4713","sourceId":"5f0c1a2b3c4d5e6f70819212"}}`)
		accepts(t, "call-finished", finished(key))
	},
	"bridge-lost": func(t *testing.T, key string) {
		accepts(t, "call-inbound", inbound(key))
		accepts(t, "call-finished", finished(key))
	},
	"answer-lost": func(t *testing.T, key string) {
		stage.Sandbox.Inject(sandbox.Fault{Method: "POST", Route: "/v1/conversations", Kind: sandbox.FaultLoseAnswer, Times: 1})
		accepts(t, "call-inbound", inbound(key))
		accepts(t, "call-finished", abandoned(key))
	},
	"conversation-awaited": func(t *testing.T, key string) {
		status, answer := post(t, "call-inbound?wait=conversation", inbound(key))
		require.Equal(t, 200, status, answer)
		accepts(t, "call-finished", abandoned(key))
	},
	"parked-and-retried": func(t *testing.T, key string) { park(t, key, workflows.UpdateRetry) },
	"parked-and-skipped": func(t *testing.T, key string) { park(t, key, workflows.UpdateSkip) },
	"parked-and-amended": func(t *testing.T, key string) {
		park(t, key, workflows.UpdateAmend, activities.Amendment{Name: new("Amended")})
	},
	"part-left-out": func(t *testing.T, key string) {
		accepts(t, "call-inbound", inbound(key))
		accepts(t, "call-bridged", strings.Replace(bridged(key), amira, "5f0c1a2b3c4d5e6f708192ff", 1))
		accepts(t, "call-finished", finished(key))
	},
	"merged": func(t *testing.T, key string) {
		accepts(t, "call-inbound", inbound(key))
		merge(t, key)
		accepts(t, "call-bridged", bridged(key))
		accepts(t, "call-finished", finished(key))
	},
	"deleted": func(t *testing.T, key string) {
		accepts(t, "call-inbound", inbound(key))
		remove(t, awaitConversation(t, key))
		accepts(t, "call-bridged", bridged(key))
		accepts(t, "call-finished", finished(key))
	},
	"reset": func(t *testing.T, key string) {
		accepts(t, "call-inbound", inbound(key))
		accepts(t, "call-bridged", bridged(key))
		awaitNote(t, key, "bridged")
		reset(t, key)
		accepts(t, "call-finished", finished(key))
	},
	"caller-known-late": func(t *testing.T, key string) {
		accepts(t, "call-finished", unansweredAttempt(key))
		awaitConversation(t, key) // for nobody
		accepts(t, "call-inbound", inbound(key))
		accepts(t, "call-finished", abandoned(key))
	},
	"of-yesterday": func(t *testing.T, key string) {
		accepts(t, "call-inbound", parentLeg(key, `,"dateCreated":1795000000`)+"}")
		accepts(t, "call-finished", abandoned(key))
	},
}

// park has the conversation of a call refused, and an operator decide.
func park(t *testing.T, key, decision string, with ...any) {
	stage.Sandbox.Inject(sandbox.Fault{Method: "POST", Route: "/v1/conversations", Kind: sandbox.FaultStatus, Status: 400, Times: 2}) // whole, and bare
	accepts(t, "call-inbound", inbound(key))
	awaitParked(t, key)
	decide(t, key, decision, with...)
	accepts(t, "call-finished", abandoned(key))
}

// TestPlayedCallsReplay plays every story on the real server, replays what
// came of it, and keeps the history where -record asks for it.
func TestPlayedCallsReplay(t *testing.T) {
	for name, play := range stories { // all of them first, as their calls take seconds to end
		key := "recorded-" + name
		play(t, key)
		if name != "parked-and-skipped" {
			awaitConversation(t, key) // else it might meet the fault of the next story
		}
	}
	for name := range stories {
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
