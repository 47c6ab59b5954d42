package testsuite

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	sdk "go.temporal.io/sdk/temporal"

	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/kustomer/sandbox"
	"github.com/callthread/callthread/testsuite/stage"
	"github.com/callthread/callthread/workflows"
)

// During an outage of Kustomer, operators need the state of the calls most. Events must show at
// once, although nothing can be written.
func TestOperatorsSeeCallsGoOnWhileKustomerIsDown(t *testing.T) {
	t.Parallel()
	s := stage.Set(t)
	key := t.Name()
	s.Sandbox.Inject(sandbox.Fault{Kind: sandbox.FaultStatus, Status: http.StatusServiceUnavailable, Times: 1_000_000})

	s.Accepts(t, "call-inbound", stage.Inbound(key))
	shows := func(phase workflows.Phase, outcome call.Outcome, agent string, words ...string) {
		t.Helper()
		s.AwaitState(t, key, func(s workflows.State) bool {
			return s.Phase == phase && s.Outcome == outcome && s.AgentID == agent && s.WaitsFor == call.WaitsForKustomer && s.Step.Causes[0] == call.Rang
		})
		want := map[sdk.SearchAttributeKeyKeyword]string{
			workflows.CallPhase: string(phase), workflows.WaitsFor: string(call.WaitsForKustomer),
			workflows.AgentID: agent, workflows.CallOutcome: string(outcome),
		}
		require.Eventually(t, func() bool { return isListed(t, s, key, want) }, stage.WaitLimit, 50*time.Millisecond)
		requireShownAtOnce(t, s, key)
		shown := s.Operate(t, "show", key)
		for _, word := range append(words, "Phase +"+string(phase), "Waits for +Kustomer to open the conversation") {
			require.Regexp(t, word, shown)
		}
	}
	shows(workflows.Ringing, "", "", "ringing")
	s.Accepts(t, "call-bridged", stage.Bridged(key))
	shows(workflows.Bridged, "", "4711", "answered by agent 4711")
	s.Accepts(t, "call-finished", stage.Finished(key))
	shows(workflows.Finished, call.Answered, "4711", "call ended")

	s.Sandbox.ClearFaults()
	require.Equal(t, call.Answered, s.Result(t, key).Outcome)
	require.Len(t, s.NotesOf(key), 2, "of hand-over and outcome")
	require.Equal(t, []string{stage.Amira}, s.OnlyConversation(t, key).AssignedUsers)
}

// requireShownAtOnce requires that the workflow task that received the last report also changed the search attributes.
func requireShownAtOnce(t *testing.T, s *stage.Stage, key string) {
	t.Helper()
	var since []enums.EventType
	for _, event := range s.History(t, key).Events {
		switch since = append(since, event.EventType); event.EventType {
		case enums.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED, enums.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED:
			since = nil
		}
	}
	shown := slices.Index(since, enums.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES)
	tasks := slices.DeleteFunc(since[:shown+1], func(e enums.EventType) bool { return e != enums.EVENT_TYPE_WORKFLOW_TASK_COMPLETED })
	require.Len(t, tasks, 1)
}

// isListed reports whether Temporal has these search attributes for a call.
func isListed(t *testing.T, s *stage.Stage, key string, want map[sdk.SearchAttributeKeyKeyword]string) bool {
	t.Helper()
	described, err := s.Temporal.DescribeWorkflow(t.Context(), workflows.WorkflowID(key), "")
	require.NoError(t, err)
	for attribute, value := range want {
		if is, _ := described.TypedSearchAttributes.GetKeyword(attribute); is != value {
			return false
		}
	}
	return true
}
