package testsuite

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/kustomer"
	"github.com/callthread/callthread/kustomer/sandbox"
	"github.com/callthread/callthread/workflows"
)

// What people do in Kustomer and in Temporal while a call goes on.

func TestCallGoesOnInTheConversationThatPeopleMergedItInto(t *testing.T) {
	key := t.Name()
	accepts(t, "call-inbound", inbound(key))
	target := merge(t, key)
	accepts(t, "call-bridged", bridged(key))
	accepts(t, "call-finished", finished(key))
	state := result(t, key)
	require.Equal(t, target, state.ConversationID)
	require.Contains(t, state.Warnings[0], "merged")
	require.Empty(t, onlyConversation(t, key).Notes)
	all := stage.Sandbox.State().Conversations
	merged := all[slices.IndexFunc(all, func(c sandbox.Conversation) bool { return c.ID == target })]
	require.Len(t, notes(t, merged), 2)
	require.Equal(t, []string{amira}, merged.AssignedUsers)

	require.Contains(t, string(attributes(t, key)["KustomerConversationId"].Data), target)
}

func TestDeletedConversationStaysDeletedAndTheRunSaysSo(t *testing.T) {
	key := t.Name()
	accepts(t, "call-inbound", inbound(key))
	remove(t, awaitConversation(t, key))
	accepts(t, "call-bridged", bridged(key))
	accepts(t, "call-finished", finished(key))
	state := result(t, key)
	require.Equal(t, call.Answered, state.Outcome)
	require.Contains(t, state.Warnings[0], "deleted")
	require.True(t, onlyConversation(t, key).Deleted)
}

// An operator may reset a run in the Web UI: its steps are then carried out once more.
func TestCallThatIsResetWritesNothingTwice(t *testing.T) {
	for key, to := range map[string]func([]int64) int64{
		"reset-to-the-first-decision": slices.Min[[]int64],
		"reset-to-the-last-decision":  slices.Max[[]int64], // whose steps within workflow tasks are replayed
	} {
		t.Run(key, func(t *testing.T) {
			accepts(t, "call-inbound", inbound(key))
			awaitTaken(t, key)
			accepts(t, "call-bridged", bridged(key))
			awaitNote(t, key, "bridged")
			awaitTaken(t, key)
			reset(t, key, to)
			accepts(t, "call-finished", finished(key))
			require.Equal(t, call.Answered, result(t, key).Outcome)
			conversation := onlyConversation(t, key)
			require.Len(t, notes(t, conversation), 2)
			require.Equal(t, []string{amira}, conversation.AssignedUsers)
		})
	}
}

// Temporal forgets a call after its retention; Kustomer does not.
func TestEventForACallThatTemporalHasForgottenChangesNothing(t *testing.T) {
	key := t.Name()
	accepts(t, "call-inbound", inbound(key))
	accepts(t, "call-bridged", bridged(key))
	accepts(t, "call-finished", finished(key))
	result(t, key)
	before := onlyConversation(t, key)

	// What a forgotten call's event does: it starts a run.
	late := call.Event{
		Kind: call.Finished, ID: "late", ReceivedAt: time.Now(),
		Leg: call.Leg{ID: key, From: "+493023125042", FinishReason: "hangup", Seconds: new(20)},
	}
	run, err := stage.Temporal.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
		ID: workflows.WorkflowID(key), TaskQueue: workflows.DefaultTaskQueue, WorkflowIDReusePolicy: enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
	}, workflows.CallWorkflow, workflows.CallInput{Key: key, First: &late, Patience: workflows.Patience{Settle: time.Millisecond}})
	require.NoError(t, err)
	require.NoError(t, run.Get(t.Context(), nil))
	after := onlyConversation(t, key)
	require.Equal(t, notes(t, before), notes(t, after))
	require.ElementsMatch(t, before.Tags, after.Tags)
	require.Equal(t, before.AssignedUsers, after.AssignedUsers)
}

// awaitConversation waits for a call's conversation and returns its id.
func awaitConversation(t *testing.T, key string) (id string) {
	t.Helper()
	require.Eventually(t, func() bool {
		found := conversations(key)
		if len(found) == 1 {
			id = found[0].ID
		}
		return id != ""
	}, 20*time.Second, 5*time.Millisecond)
	return id
}

// awaitNote waits until a note of a call is written.
func awaitNote(t *testing.T, key, kind string) {
	t.Helper()
	written := func() bool {
		found := conversations(key)
		return len(found) == 1 && slices.ContainsFunc(found[0].Notes, func(note sandbox.Note) bool {
			return note.ExternalID == "babelforce:"+key+":"+kind
		})
	}
	require.Eventually(t, written, 20*time.Second, 5*time.Millisecond)
}

// merge merges a call's conversation into a new one, as a person would.
func merge(t *testing.T, key string) (target string) {
	t.Helper()
	from := awaitConversation(t, key)
	into, err := stage.Kustomer.CreateConversation(t.Context(), kustomer.NewConversation{CustomerID: onlyConversation(t, key).CustomerID, Name: "The bill"})
	require.NoError(t, err)
	require.NoError(t, stage.Sandbox.Merge(from, into.ID))
	return into.ID
}

// remove deletes a conversation, as a person would.
func remove(t *testing.T, id string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, stage.KustomerURL+"/v1/conversations/"+id, nil)
	require.NoError(t, err)
	request.Header.Set("Authorization", "Bearer sandbox-key")
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusNoContent, response.StatusCode)
}

// reset has Temporal run a call again from its first decision.
func reset(t *testing.T, key string, to func(decisions []int64) int64) {
	t.Helper()
	var decisions []int64
	for _, event := range historyOf(t, key).Events {
		if event.GetWorkflowTaskCompletedEventAttributes() != nil {
			decisions = append(decisions, event.EventId)
		}
	}
	_, err := stage.Temporal.ResetWorkflowExecution(t.Context(), &workflowservice.ResetWorkflowExecutionRequest{
		Namespace: client.DefaultNamespace, WorkflowExecution: &commonpb.WorkflowExecution{WorkflowId: workflows.WorkflowID(key)},
		Reason: "a test", RequestId: key, WorkflowTaskFinishEventId: to(decisions),
	})
	require.NoError(t, err)
}
