package testsuite

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/kustomer"
	"github.com/callthread/callthread/kustomer/sandbox"
	"github.com/callthread/callthread/workflows"
)

func TestACallFromRingToNote(t *testing.T) {
	key := t.Name()
	status, answer := post(t, "call-inbound?wait=conversation", inbound(key))
	require.Equal(t, http.StatusOK, status, answer)
	var got struct{ CallID, WorkflowID, RunID, ConversationID, ConversationURL string }
	require.NoError(t, json.Unmarshal([]byte(answer), &got))
	require.Equal(t, key, got.CallID)
	require.Equal(t, "call/"+key, got.WorkflowID)
	require.NotEmpty(t, got.RunID)

	ringing := onlyConversation(t, key)
	require.Equal(t, ringing.ID, got.ConversationID)
	require.Contains(t, got.ConversationURL, ringing.ID)
	require.Equal(t, "Call from +493023125042", ringing.Name)
	require.Equal(t, "open", ringing.Status)
	require.ElementsMatch(t, []string{"babelforce", "inbound_call", "call_lost"}, ringing.Tags)
	require.Empty(t, ringing.AssignedUsers)

	accepts(t, "call-bridged", bridged(key))
	accepts(t, "call-finished", finished(key))
	state := result(t, key)
	require.Equal(t, workflows.Finished, state.Phase)
	require.Equal(t, call.Answered, state.Outcome)
	require.Equal(t, "4711", state.AgentID)
	require.Positive(t, state.RingToConversationMS)
	require.Positive(t, state.BridgeToUpdateMS)

	over := onlyConversation(t, key)
	require.Equal(t, []string{amira}, over.AssignedUsers)
	require.ElementsMatch(t, []string{"babelforce", "inbound_call", "call_answered"}, over.Tags)
	require.Equal(t, map[string]string{
		"babelforce:" + key + ":bridged":  "Answered by Amira Haddad.\nQueue: Support\nAfter: 7 s",
		"babelforce:" + key + ":finished": "Call ended: answered.\nAgents: Amira Haddad\nWaited: 7 s\nTalked: 1 min 28 s\nTotal: 1 min 35 s",
	}, notes(t, over))
}

// notes are a conversation's, by their external ids, none of which may come twice.
func notes(t *testing.T, conversation sandbox.Conversation) map[string]string {
	t.Helper()
	byID := make(map[string]string)
	for _, note := range conversation.Notes {
		require.NotContains(t, byID, note.ExternalID, "written twice")
		byID[note.ExternalID] = note.Body
	}
	return byID
}

func TestNobodyPickedUp(t *testing.T) {
	key := t.Name()
	accepts(t, "call-inbound", inbound(key))
	accepts(t, "call-finished", unansweredAttempt(key))
	accepts(t, "call-finished", abandoned(key))
	require.Equal(t, workflows.Missed, result(t, key).Phase)
	conversation := onlyConversation(t, key)
	require.Empty(t, conversation.AssignedUsers)
	require.ElementsMatch(t, []string{"babelforce", "inbound_call", "call_lost", "call_abandoned_in_queue"}, conversation.Tags)
	require.Equal(t, map[string]string{
		"babelforce:" + key + ":finished": "Call ended: the caller hung up in the queue.\nWaited: 20 s\nTotal: 20 s\nEnded by: caller",
	}, notes(t, conversation))
}

// Every order of a call's events, all of them sent twice and some at the same
// moment, ends in the same conversation.
func TestAnyOrderOfEventsGivesOneAndTheSameConversation(t *testing.T) {
	type event struct{ name, body string }
	var calls sync.WaitGroup
	for n, order := range [][3]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}} {
		key := fmt.Sprintf("%s-%d", t.Name(), n)
		events := []event{{"call-inbound", inbound(key)}, {"call-bridged", bridged(key)}, {"call-finished", finished(key)}}
		calls.Go(func() {
			for _, i := range order {
				var twice sync.WaitGroup
				for range 2 {
					twice.Go(func() { accepts(t, events[i].name, events[i].body) })
				}
				twice.Wait()
			}
			require.Equal(t, call.Answered, result(t, key).Outcome, order)
			conversation := onlyConversation(t, key)
			require.Equal(t, []string{amira}, conversation.AssignedUsers, order)
			require.ElementsMatch(t, []string{"babelforce", "inbound_call", "call_answered"}, conversation.Tags, order)
			require.Equal(t, map[string]string{
				"babelforce:" + key + ":bridged":  "Answered by Amira Haddad.\nQueue: Support\nAfter: 7 s",
				"babelforce:" + key + ":finished": "Call ended: answered.\nAgents: Amira Haddad\nWaited: 7 s\nTalked: 1 min 28 s\nTotal: 1 min 35 s",
			}, notes(t, conversation), order)
		})
	}
	calls.Wait()
}

func TestEventForACallThatHasEndedChangesNothing(t *testing.T) {
	key := t.Name()
	accepts(t, "call-inbound", inbound(key))
	accepts(t, "call-finished", abandoned(key))
	result(t, key)
	before := onlyConversation(t, key)

	for event, body := range map[string]string{"call-inbound": inbound(key), "call-bridged": bridged(key), "call-finished": finished(key)} {
		accepts(t, event, body)
	}
	status, answer := post(t, "call-inbound?wait=conversation", inbound(key))
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, answer, before.ID)

	description, err := stage.Temporal.DescribeWorkflowExecution(t.Context(), workflows.WorkflowID(key), "")
	require.NoError(t, err)
	require.Equal(t, enums.WORKFLOW_EXECUTION_STATUS_COMPLETED, description.GetWorkflowExecutionInfo().GetStatus())
	require.Equal(t, before, onlyConversation(t, key))
}

// Creating is what Kustomer would do twice: a step whose answer is lost is repeated, and the sandbox counts.
func TestLostAnswersDoubleNothing(t *testing.T) {
	for _, route := range []struct{ method, route string }{
		{"POST", "/v1/customers"},
		{"POST", "/v1/conversations"},
		{"POST", "/v1/conversations/{id}/notes"},
	} {
		stage.Sandbox.Inject(sandbox.Fault{Method: route.method, Route: route.route, Kind: sandbox.FaultLoseAnswer, Times: 1})
	}
	defer stage.Sandbox.ClearFaults()
	key := t.Name()
	const newCaller = `,"from":"+493023125099"`
	accepts(t, "call-inbound", parentLeg(key, newCaller)+"}")
	accepts(t, "call-bridged", bridged(key))
	accepts(t, "call-finished", finished(key))
	result(t, key)

	conversation := onlyConversation(t, key)
	require.Len(t, notes(t, conversation), 2)
	require.Equal(t, []string{amira}, conversation.AssignedUsers)
	callers := 0
	for _, customer := range stage.Sandbox.State().Customers {
		if len(customer.Phones) == 1 && customer.Phones[0] == "+493023125099" {
			callers++
		}
	}
	require.Equal(t, 1, callers)
}

func TestRetryDoesNotTakeTheConversationBackFromAPerson(t *testing.T) {
	key := t.Name()
	accepts(t, "call-inbound", inbound(key))
	stage.Sandbox.Inject(sandbox.Fault{Method: "POST", Route: "/v1/conversations/{id}/notes", Kind: sandbox.FaultStatus, Status: 503, Times: 2})
	accepts(t, "call-bridged", bridged(key))
	assigned := func() bool { return len(conversations(key)) == 1 && len(conversations(key)[0].AssignedUsers) > 0 }
	require.Eventually(t, assigned, 10*time.Second, 5*time.Millisecond)
	_, err := stage.Kustomer.UpdateConversation(t.Context(), onlyConversation(t, key).ID, kustomer.ConversationUpdate{AssignedUsers: &[]string{bastian}})
	require.NoError(t, err)

	accepts(t, "call-finished", finished(key))
	result(t, key)
	conversation := onlyConversation(t, key)
	require.Equal(t, []string{bastian}, conversation.AssignedUsers)
	require.Len(t, notes(t, conversation), 2)
}

func TestRefusedConversationParksTheCallAndARetryFinishesIt(t *testing.T) {
	key := t.Name()
	stage.Sandbox.Inject(sandbox.Fault{Method: "POST", Route: "/v1/conversations", Kind: sandbox.FaultStatus, Status: 400, Times: 2}) // whole, and bare
	accepts(t, "call-inbound", inbound(key))
	require.Contains(t, awaitParked(t, key).ParkedBecause, "create conversation")
	require.Empty(t, conversations(key))

	require.Contains(t, attributes(t, key), "ParkedBecause")

	decide(t, key, workflows.UpdateRetry)
	accepts(t, "call-finished", abandoned(key))
	require.Equal(t, call.AbandonedInFlow, result(t, key).Outcome)
	onlyConversation(t, key)
	require.NotContains(t, attributes(t, key), "ParkedBecause", "it is parked no more")
}

// attributes are the search attributes of a call.
func attributes(t *testing.T, key string) map[string]*commonpb.Payload {
	t.Helper()
	description, err := stage.Temporal.DescribeWorkflowExecution(t.Context(), workflows.WorkflowID(key), "")
	require.NoError(t, err)
	return description.WorkflowExecutionInfo.SearchAttributes.IndexedFields
}

// awaitParked waits until a call is parked.
func awaitParked(t *testing.T, key string) (state workflows.State) {
	t.Helper()
	awaitState(t, key, func(is workflows.State) bool {
		state = is
		return state.Phase == workflows.Parked
	})
	return state
}

// decide sends an operator's decision on a parked call.
func decide(t *testing.T, key, decision string, with ...any) {
	t.Helper()
	handle, err := stage.Temporal.UpdateWorkflow(t.Context(), client.UpdateWorkflowOptions{
		WorkflowID: workflows.WorkflowID(key), UpdateName: decision, Args: with, WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	require.NoError(t, err)
	require.NoError(t, handle.Get(t.Context(), nil))
}
