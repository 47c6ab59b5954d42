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

	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/internal/demo"
	"github.com/callthread/callthread/kustomer"
	"github.com/callthread/callthread/kustomer/sandbox"
	"github.com/callthread/callthread/testsuite/stage"
	"github.com/callthread/callthread/workflows"
)

func TestACallFromRingToNote(t *testing.T) {
	t.Parallel()
	s := stage.Set(t)
	key := t.Name()
	status, answer := s.Post(t, "call-inbound?wait=conversation", stage.Inbound(key))
	require.Equal(t, http.StatusOK, status, answer)
	var got struct{ CallID, WorkflowID, RunID, ConversationID, ConversationURL string }
	require.NoError(t, json.Unmarshal([]byte(answer), &got))
	require.Equal(t, key, got.CallID)
	require.Equal(t, "call/"+key, got.WorkflowID)
	require.NotEmpty(t, got.RunID)

	ringing := s.OnlyConversation(t, key)
	require.Equal(t, ringing.ID, got.ConversationID)
	require.Contains(t, got.ConversationURL, ringing.ID)
	require.Equal(t, "Call from +493023125042", ringing.Name)
	require.Equal(t, "open", ringing.Status)
	require.ElementsMatch(t, []string{"babelforce", "inbound_call", "call_lost"}, ringing.Tags)
	require.Empty(t, ringing.AssignedUsers)

	s.Accepts(t, "call-bridged", stage.Bridged(key))
	s.Accepts(t, "call-finished", stage.Finished(key))
	state := s.Result(t, key)
	require.Equal(t, workflows.Finished, state.Phase)
	require.Equal(t, call.Answered, state.Outcome)
	require.Equal(t, "4711", state.AgentID)
	require.Positive(t, state.RingToConversationMS)
	require.Positive(t, state.BridgeToUpdateMS)

	over := s.OnlyConversation(t, key)
	require.Equal(t, []string{stage.Amira}, over.AssignedUsers)
	require.ElementsMatch(t, []string{"babelforce", "inbound_call", "call_answered"}, over.Tags)
	require.Equal(t, map[string]string{
		"babelforce:" + key + ":bridged":  "Answered by Amira Haddad.\nQueue: Support\nAfter: 7 s",
		"babelforce:" + key + ":finished": "Call ended: answered.\nAgents: Amira Haddad\nWaited: 7 s\nTalked: 1 min 28 s\nTotal: 1 min 35 s",
	}, stage.Notes(t, over))
}

func TestMissedCall(t *testing.T) {
	t.Parallel()
	s := stage.Set(t)
	key := t.Name()
	s.Accepts(t, "call-inbound", stage.Inbound(key))
	s.Accepts(t, "call-finished", stage.UnansweredAttempt(key))
	s.Accepts(t, "call-finished", stage.Abandoned(key))
	require.Equal(t, workflows.Missed, s.Result(t, key).Phase)
	conversation := s.OnlyConversation(t, key)
	require.Empty(t, conversation.AssignedUsers)
	require.ElementsMatch(t, []string{"babelforce", "inbound_call", "call_lost", "call_abandoned_in_queue"}, conversation.Tags)
	require.Equal(t, map[string]string{
		"babelforce:" + key + ":finished": "Call ended: the caller hung up in the queue.\nWaited: 20 s\nTotal: 20 s\nEnded by: caller",
	}, stage.Notes(t, conversation))
}

// Every order of a call's events must produce the same conversation. All events are sent twice,
// and some at the same time.
func TestAnyOrderOfEventsGivesOneAndTheSameConversation(t *testing.T) {
	t.Parallel()
	s := stage.Set(t, func(options *demo.StageOptions) { options.Limits.Settle = 5 * time.Second }) // many simultaneous events take longer
	type event struct{ name, body string }
	var calls sync.WaitGroup
	for n, order := range [][3]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}} {
		key := fmt.Sprintf("%s-%d", t.Name(), n)
		events := []event{{"call-inbound", stage.Inbound(key)}, {"call-bridged", stage.Bridged(key)}, {"call-finished", stage.Finished(key)}}
		calls.Go(func() {
			for _, i := range order {
				var twice sync.WaitGroup
				for range 2 {
					twice.Go(func() { s.Accepts(t, events[i].name, events[i].body) })
				}
				twice.Wait()
			}
			require.Equal(t, call.Answered, s.Result(t, key).Outcome, order)
			conversation := s.OnlyConversation(t, key)
			require.Equal(t, []string{stage.Amira}, conversation.AssignedUsers, order)
			require.ElementsMatch(t, []string{"babelforce", "inbound_call", "call_answered"}, conversation.Tags, order)
			require.Equal(t, map[string]string{
				"babelforce:" + key + ":bridged":  "Answered by Amira Haddad.\nQueue: Support\nAfter: 7 s",
				"babelforce:" + key + ":finished": "Call ended: answered.\nAgents: Amira Haddad\nWaited: 7 s\nTalked: 1 min 28 s\nTotal: 1 min 35 s",
			}, stage.Notes(t, conversation), order)
		})
	}
	calls.Wait()
}

func TestEventForACallThatHasEndedChangesNothing(t *testing.T) {
	t.Parallel()
	s := stage.Set(t)
	key := t.Name()
	s.Accepts(t, "call-inbound", stage.Inbound(key))
	s.Accepts(t, "call-finished", stage.Abandoned(key))
	s.Result(t, key)
	before := s.OnlyConversation(t, key)

	for event, body := range map[string]string{"call-inbound": stage.Inbound(key), "call-bridged": stage.Bridged(key), "call-finished": stage.Finished(key)} {
		s.Accepts(t, event, body)
	}
	status, answer := s.Post(t, "call-inbound?wait=conversation", stage.Inbound(key))
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, answer, before.ID)

	description, err := s.Temporal.DescribeWorkflowExecution(t.Context(), workflows.WorkflowID(key), "")
	require.NoError(t, err)
	require.Equal(t, enums.WORKFLOW_EXECUTION_STATUS_COMPLETED, description.GetWorkflowExecutionInfo().GetStatus())
	require.Equal(t, before, s.OnlyConversation(t, key))
}

// A step whose answer is lost is repeated. The sandbox counts what is created twice.
func TestLostAnswersDoubleNothing(t *testing.T) {
	t.Parallel()
	s := stage.Set(t)
	for _, route := range []struct{ method, route string }{
		{"POST", "/v1/customers"},
		{"POST", "/v1/conversations"},
		{"POST", "/v1/conversations/{id}/notes"},
	} {
		s.Sandbox.Inject(sandbox.Fault{Method: route.method, Route: route.route, Kind: sandbox.FaultLoseAnswer, Times: 1})
	}
	key := t.Name()
	const newCaller = `,"from":"+493023125099"`
	s.Accepts(t, "call-inbound", stage.ParentLeg(key, newCaller)+"}")
	s.Accepts(t, "call-bridged", stage.Bridged(key))
	s.Accepts(t, "call-finished", stage.Finished(key))
	s.Result(t, key)

	conversation := s.OnlyConversation(t, key)
	require.Len(t, stage.Notes(t, conversation), 2)
	require.Equal(t, []string{stage.Amira}, conversation.AssignedUsers)
	callers := 0
	for _, customer := range s.Sandbox.State().Customers {
		if len(customer.Phones) == 1 && customer.Phones[0] == "+493023125099" {
			callers++
		}
	}
	require.Equal(t, 1, callers)
}

func TestRetryDoesNotTakeTheConversationBackFromAPerson(t *testing.T) {
	t.Parallel()
	s := stage.Set(t)
	key := t.Name()
	s.Accepts(t, "call-inbound", stage.Inbound(key))
	s.Sandbox.Inject(sandbox.Fault{Method: "POST", Route: "/v1/conversations/{id}/notes", Kind: sandbox.FaultStatus, Status: 503, Times: 2})
	s.Accepts(t, "call-bridged", stage.Bridged(key))
	assigned := func() bool { return len(s.Conversations(key)) == 1 && len(s.Conversations(key)[0].AssignedUsers) > 0 }
	require.Eventually(t, assigned, stage.WaitLimit, 5*time.Millisecond)
	_, err := s.Kustomer.UpdateConversation(t.Context(), s.OnlyConversation(t, key).ID, kustomer.ConversationUpdate{AssignedUsers: &[]string{stage.Bastian}})
	require.NoError(t, err)

	s.Accepts(t, "call-finished", stage.Finished(key))
	s.Result(t, key)
	conversation := s.OnlyConversation(t, key)
	require.Equal(t, []string{stage.Bastian}, conversation.AssignedUsers)
	require.Len(t, stage.Notes(t, conversation), 2)
}

func TestRefusedConversationParksTheCallAndARetryFinishesIt(t *testing.T) {
	t.Parallel()
	s := stage.Set(t)
	key := t.Name()
	s.Sandbox.Inject(sandbox.Fault{Method: "POST", Route: "/v1/conversations", Kind: sandbox.FaultStatus, Status: 400, Times: 2}) // the full request and the reduced one
	s.Accepts(t, "call-inbound", stage.Inbound(key))
	require.Contains(t, s.AwaitParked(t, key).ParkedBecause, "create conversation")
	require.Empty(t, s.Conversations(key))

	require.Contains(t, attributes(t, s, key), "ParkedBecause")

	s.Decide(t, key, workflows.UpdateRetry)
	s.Accepts(t, "call-finished", stage.Abandoned(key))
	require.Equal(t, call.AbandonedInFlow, s.Result(t, key).Outcome)
	s.OnlyConversation(t, key)
	require.NotContains(t, attributes(t, s, key), "ParkedBecause", "it is parked no more")
}

// attributes returns the search attributes of a call.
func attributes(t *testing.T, s *stage.Stage, key string) map[string]*commonpb.Payload {
	t.Helper()
	description, err := s.Temporal.DescribeWorkflowExecution(t.Context(), workflows.WorkflowID(key), "")
	require.NoError(t, err)
	return description.WorkflowExecutionInfo.SearchAttributes.IndexedFields
}
