package testsuite

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/internal/demo"
	"github.com/callthread/callthread/kustomer"
	"github.com/callthread/callthread/kustomer/sandbox"
	"github.com/callthread/callthread/testsuite/stage"
	"github.com/callthread/callthread/workflows"
)

// The tests in this file do what agents and operators may do in Kustomer and in Temporal during a
// call.

func TestCallGoesOnInTheConversationThatPeopleMergedItInto(t *testing.T) {
	t.Parallel()
	s := stage.Set(t)
	key := t.Name()
	s.Accepts(t, "call-inbound", stage.Inbound(key))
	target := merge(t, s, key)
	s.Accepts(t, "call-bridged", stage.Bridged(key))
	s.Accepts(t, "call-finished", stage.Finished(key))
	state := s.Result(t, key)
	require.Equal(t, target, state.ConversationID)
	require.Contains(t, state.Warnings[0], "merged")
	require.Empty(t, s.OnlyConversation(t, key).Notes)
	all := s.Sandbox.State().Conversations
	merged := all[slices.IndexFunc(all, func(c sandbox.Conversation) bool { return c.ID == target })]
	require.Len(t, stage.Notes(t, merged), 2)
	require.Equal(t, []string{stage.Amira}, merged.AssignedUsers)

	require.Contains(t, string(attributes(t, s, key)["KustomerConversationId"].Data), target)
}

func TestDeletedConversationStaysDeletedAndTheRunSaysSo(t *testing.T) {
	t.Parallel()
	s := stage.Set(t)
	key := t.Name()
	s.Accepts(t, "call-inbound", stage.Inbound(key))
	remove(t, s, s.AwaitConversation(t, key))
	s.Accepts(t, "call-bridged", stage.Bridged(key))
	s.Accepts(t, "call-finished", stage.Finished(key))
	state := s.Result(t, key)
	require.Equal(t, call.Answered, state.Outcome)
	require.Contains(t, state.Warnings[0], "deleted")
	require.True(t, s.OnlyConversation(t, key).Deleted)
}

// An operator may reset a workflow in the Web UI. Its steps then run again.
func TestCallThatIsResetWritesNothingTwice(t *testing.T) {
	t.Parallel()
	s := stage.Set(t)
	for key, to := range map[string]func([]int64) int64{
		"reset-to-the-first-decision": slices.Min[[]int64],
		"reset-to-the-last-decision":  slices.Max[[]int64], // the steps of that workflow task are replayed
	} {
		t.Run(key, func(t *testing.T) {
			t.Parallel()
			s.Accepts(t, "call-inbound", stage.Inbound(key))
			s.AwaitTaken(t, key)
			s.Accepts(t, "call-bridged", stage.Bridged(key))
			awaitNote(t, s, key, "bridged")
			s.AwaitTaken(t, key)
			s.Reset(t, key, to)
			s.Accepts(t, "call-finished", stage.Finished(key))
			require.Equal(t, call.Answered, s.Result(t, key).Outcome)
			conversation := s.OnlyConversation(t, key)
			require.Len(t, stage.Notes(t, conversation), 2)
			require.Equal(t, []string{stage.Amira}, conversation.AssignedUsers)
		})
	}
}

// A reset workflow runs its steps again, but agents may have changed the conversation since.
func TestResetKeepsLaterChangesByAgents(t *testing.T) {
	t.Parallel()
	s := stage.Set(t, func(options *demo.StageOptions) {
		options.Automations = slices.Concat(automation.DefaultFile, []byte(`
  - { event: call.finished, action: kustomer.conversation.update, options: { status: done, priority: 4, tags: { add: [over] } } }
`))
	})
	for name, to := range map[string]func([]int64) int64{"first": slices.Min[[]int64], "last": slices.Max[[]int64]} {
		key := "reopened-and-reset-to-the-" + name
		s.Accepts(t, "call-inbound", stage.Inbound(key))
		s.Accepts(t, "call-bridged", stage.Bridged(key))
		s.Accepts(t, "call-finished", stage.Finished(key))
		s.Result(t, key)
		done := s.OnlyConversation(t, key)
		require.Equal(t, "done", done.Status)

		people := kustomer.ConversationUpdate{Status: "open", Name: new("The bill"), AssignedUsers: &[]string{stage.Bastian}}
		_, err := s.Kustomer.UpdateConversation(t.Context(), done.ID, people)
		require.NoError(t, err)
		s.Reset(t, key, to)
		state := s.Result(t, key)
		after := s.OnlyConversation(t, key)
		require.Equal(t, "open", after.Status, name)
		require.Equal(t, "The bill", after.Name)
		require.Equal(t, []string{stage.Bastian}, after.AssignedUsers)
		require.Equal(t, stage.Notes(t, done), stage.Notes(t, after))
		if name == "first" { // the other workflow has nothing to write again
			require.Contains(t, state.Warnings, "a person has set the conversation to open: this was kept")
		}
	}
}

// Temporal deletes a call after its retention period, and Kustomer keeps it.
func TestEventForACallThatTemporalHasForgottenChangesNothing(t *testing.T) {
	t.Parallel()
	s := stage.Set(t)
	key := t.Name()
	s.Accepts(t, "call-inbound", stage.Inbound(key))
	s.Accepts(t, "call-bridged", stage.Bridged(key))
	s.Accepts(t, "call-finished", stage.Finished(key))
	s.Result(t, key)
	before := s.OnlyConversation(t, key)

	// An event for a deleted call starts a new workflow.
	late := call.Event{
		Kind: call.Finished, ReceivedAt: time.Now(),
		Leg: call.Leg{ID: key, From: "+493023125042", FinishReason: "hangup", Seconds: new(20)},
	}
	run, err := s.Temporal.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
		ID: workflows.WorkflowID(key), TaskQueue: s.TaskQueue, WorkflowIDReusePolicy: enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
	}, workflows.CallWorkflow, workflows.CallInput{Key: key, First: &late, Limits: call.Limits{Settle: time.Millisecond}})
	require.NoError(t, err)
	require.NoError(t, run.Get(t.Context(), nil))
	after := s.OnlyConversation(t, key)
	require.Equal(t, stage.Notes(t, before), stage.Notes(t, after))
	require.ElementsMatch(t, before.Tags, after.Tags)
	require.Equal(t, before.AssignedUsers, after.AssignedUsers)
}

// awaitNote waits until a note of a call is written.
func awaitNote(t *testing.T, s *stage.Stage, key, kind string) {
	t.Helper()
	written := func() bool {
		found := s.Conversations(key)
		return len(found) == 1 && slices.ContainsFunc(found[0].Notes, func(note sandbox.Note) bool {
			return note.ExternalID == "babelforce:"+key+":"+kind
		})
	}
	require.Eventually(t, written, stage.WaitLimit, 5*time.Millisecond)
}

// merge merges a call's conversation into a new one, as an agent would.
func merge(t *testing.T, s *stage.Stage, key string) (target string) {
	t.Helper()
	from := s.AwaitConversation(t, key)
	into, err := s.Kustomer.CreateConversation(t.Context(), kustomer.NewConversation{CustomerID: s.OnlyConversation(t, key).CustomerID, Name: "The bill"})
	require.NoError(t, err)
	require.NoError(t, s.Sandbox.Merge(from, into.ID))
	return into.ID
}

// remove deletes a conversation, as an agent would.
func remove(t *testing.T, s *stage.Stage, id string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, s.KustomerURL+"/v1/conversations/"+id, nil)
	require.NoError(t, err)
	request.Header.Set("Authorization", "Bearer "+stage.SandboxKey)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusNoContent, response.StatusCode)
}
