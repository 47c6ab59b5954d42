package stage

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"

	"github.com/callthread/callthread/kustomer/sandbox"
	"github.com/callthread/callthread/workflows"
)

// WaitLimit is how long tests wait for an expected event. Only a test that fails waits for that long, and a machine
// that is busy with other tests must not make one fail.
const WaitLimit = 2 * time.Minute

// Conversations returns the conversations that the sandbox holds for a call. There must never be
// more than one.
func (s *Stage) Conversations(key string) (found []sandbox.Conversation) {
	for _, conversation := range s.Sandbox.State().Conversations {
		if conversation.ExternalID == "babelforce:"+key {
			found = append(found, conversation)
		}
	}
	return found
}

// OnlyConversation returns the one conversation of a call.
func (s *Stage) OnlyConversation(t *testing.T, key string) sandbox.Conversation {
	t.Helper()
	found := s.Conversations(key)
	require.Len(t, found, 1)
	return found[0]
}

// Notes returns a conversation's notes by their external ids, and requires that these are unique.
func Notes(t *testing.T, conversation sandbox.Conversation) map[string]string {
	t.Helper()
	byID := make(map[string]string)
	for _, note := range conversation.Notes {
		require.NotContains(t, byID, note.ExternalID, "written twice")
		byID[note.ExternalID] = note.Body
	}
	return byID
}

// NotesOf returns the external ids of the notes of a call's conversation, if it has one.
func (s *Stage) NotesOf(key string) (ids []string) {
	for _, conversation := range s.Conversations(key) {
		for _, note := range conversation.Notes {
			ids = append(ids, note.ExternalID)
		}
	}
	return ids
}

// AwaitConversation waits for a call's conversation and returns its id.
func (s *Stage) AwaitConversation(t *testing.T, key string) (id string) {
	t.Helper()
	require.Eventually(t, func() bool {
		found := s.Conversations(key)
		if len(found) == 1 {
			id = found[0].ID
		}
		return id != ""
	}, WaitLimit, 5*time.Millisecond)
	return id
}

// AwaitState waits until a call's state satisfies the condition.
func (s *Stage) AwaitState(t *testing.T, key string, is func(workflows.State) bool) {
	t.Helper()
	require.Eventually(t, func() bool {
		value, err := s.Temporal.QueryWorkflow(t.Context(), workflows.WorkflowID(key), "", workflows.QueryState)
		var state workflows.State
		return err == nil && value.Get(&state) == nil && is(state)
	}, WaitLimit, 20*time.Millisecond)
}

// AwaitParked waits until a call is parked.
func (s *Stage) AwaitParked(t *testing.T, key string) (state workflows.State) {
	t.Helper()
	s.AwaitState(t, key, func(is workflows.State) bool {
		state = is
		return state.Phase == workflows.Parked
	})
	return state
}

// AwaitTaken waits until a call's conversation exists and the workflow has recorded it.
func (s *Stage) AwaitTaken(t *testing.T, key string) {
	t.Helper()
	s.AwaitConversation(t, key)
	require.Eventually(t, func() bool {
		described, err := s.Temporal.DescribeWorkflowExecution(t.Context(), workflows.WorkflowID(key), "")
		return err == nil && described.GetPendingWorkflowTask() == nil && len(described.GetPendingActivities()) == 0
	}, WaitLimit, 5*time.Millisecond)
}

// AwaitFailedTask waits until a workflow task of a call has failed, and checks that the call is
// still open.
func (s *Stage) AwaitFailedTask(t *testing.T, key string) {
	t.Helper()
	require.Eventually(t, func() bool {
		described, err := s.Temporal.DescribeWorkflowExecution(t.Context(), workflows.WorkflowID(key), "")
		require.NoError(t, err)
		require.Equal(t, enums.WORKFLOW_EXECUTION_STATUS_RUNNING, described.GetWorkflowExecutionInfo().GetStatus())
		return described.GetPendingWorkflowTask().GetAttempt() > 1
	}, WaitLimit, 20*time.Millisecond)
}

// History returns the history of a call's last run.
func (s *Stage) History(t *testing.T, key string) *historypb.History {
	t.Helper()
	history := &historypb.History{}
	events := s.Temporal.GetWorkflowHistory(t.Context(), workflows.WorkflowID(key), "", false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		event, err := events.Next()
		require.NoError(t, err)
		history.Events = append(history.Events, event)
	}
	return history
}
