package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"

	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/internal/operator"
	"github.com/callthread/callthread/workflows"
)

// answered is all that can be known of a call.
var answered = workflows.State{
	CallID: "x", Phase: workflows.Finished, Outcome: call.Answered, AgentID: "4711", QueueName: "Support",
	Summary: call.Summary{WaitSeconds: new(7), TalkSeconds: new(88), Agents: []string{"Amira Haddad", "Bo"}, EndedBy: "caller"},
	Legs: []call.LegSummary{
		{LegID: "x-1", AgentID: "4712", RangSeconds: new(15), FinishReason: "system-hangup"},
		{LegID: "x-2", RangSeconds: new(4), TalkedSeconds: new(60), Answered: true},
	},
	Events: []workflows.ReportedEvent{
		{Kind: call.Inbound, LegID: "x", At: ring}, {Kind: call.Finished, LegID: "x-1", At: ring.Add(time.Second), Child: true},
	},
	InKustomer: workflows.InKustomer{
		ConversationID: conversation, ConversationURL: "https://acme.kustomerapp.com/" + conversation,
		CustomerID: "5f00000000000000000000aa", Caller: "the customer with the caller's number",
		AssignedUsers: []string{"5f0c1a2b3c4d5e6f70819210"}, Automations: "1f8473907986",
	},
	Progress: workflows.Progress{
		Skipped: []string{"assign the agent, tag and note"}, Warnings: []string{"one thing\nwas left out", "and another"},
		RingToConversationMS: 50, BridgeToUpdateMS: 1200,
	},
}

// answeredCall is on a server that knows nothing else, and over.
func answeredCall(t *testing.T) (*fakeTemporal, *fakeCall) {
	t.Helper()
	f := newTemporal(t)
	x := &fakeCall{
		started: ring, ended: enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED, state: answered, log: "- 09:30:00 ringing\n- 09:30:01 conversation opened",
		listed: map[string]string{"CallPhase": "finished", "CallDirection": "in", "KustomerConversationId": conversation},
	}
	f.calls["call/x"] = x
	return f, x
}

func TestAllThatIsKnownOfACallIsShown(t *testing.T) {
	answeredCall(t)
	for _, id := range []string{"x", "call/x"} {
		printed, err := starts(t, "show", id)
		require.NoError(t, err)
		require.Equal(t, strings.TrimPrefix(`
Call          x
Way           in
Started       2026-03-04T09:30:00Z
Ended         2026-03-04T09:32:00Z
Phase         finished
Outcome       answered
Skipped       assign the agent, tag and note
Warnings      one thing was left out
              and another
Conversation  2b7e0000000000000000beef
              https://acme.kustomerapp.com/2b7e0000000000000000beef
Customer      5f00000000000000000000aa
              the customer with the caller's number
Queue         Support
Agent         4711
Spoke with    Amira Haddad, Bo
Assigned to   5f0c1a2b3c4d5e6f70819210
Waited        7 s
Talked        1 min 28 s
Ended by      caller
Delays        50ms from ring to conversation
              1.2s from bridge to update
Automations   1f8473907986
Legs          agent 4712 did not pick up after 15 s of ringing (system-hangup, leg x-1)
              agent unknown picked up after 4 s of ringing, and was on the line for 60 s (leg x-2)
Events        2026-03-04T09:30:00Z inbound
              2026-03-04T09:30:01Z finished, of leg x-1
Log           09:30:00 ringing
              09:30:01 conversation opened
`, "\n"), printed)
	}
}

func TestCallThatIsParkedIsShownWithWhatToDo(t *testing.T) {
	f := twoParked(t)
	older := &f.calls["call/older"].state
	older.WaitsFor, older.Step = call.WaitsForOperator, opens
	printed, err := starts(t, "show", "older")
	require.NoError(t, err)
	require.Contains(t, printed, "\nWaits for       an operator to retry, amend or skip: open the conversation\nParked because  could not say why\n")
	require.Regexp(t, "\n\nPut right .+`starter retry older`.+`starter amend older --set field=value`.+`starter skip older`", printed)

	f.calls["call/older"].ended = enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED
	printed, err = starts(t, "show", "older")
	require.NoError(t, err)
	require.Contains(t, printed, "(terminated)\nParked because  could not say why\n", "it waits for nobody")
	require.NotContains(t, printed, "starter retry")
}

func TestCallUnderWayIsShownWithWhatItWaitsFor(t *testing.T) {
	f, x := answeredCall(t)
	x.ended = 0
	for words, state := range map[string]workflows.State{
		"an agent to pick up":               {WaitsFor: call.WaitsForAgent},
		"the agent to wrap up":              {WaitsFor: call.WaitsForWrapUp},
		"Kustomer to open the conversation": opening,
	} {
		f.calls["call/x"].state = state
		printed, err := starts(t, "show", "x")
		require.NoError(t, err)
		require.Regexp(t, "\nWaits for +"+words+"\n", printed)
	}
}

func TestCallIsShownAsJSONForScripts(t *testing.T) {
	answeredCall(t)
	printed, err := starts(t, "show", "x", "--json")
	require.NoError(t, err)
	var shown operator.Shown
	require.NoError(t, json.Unmarshal([]byte(printed), &shown))
	require.Equal(t, answered, *shown.State)
	require.Equal(t, []string{"09:30:00 ringing", "09:30:01 conversation opened"}, shown.Log)
	require.Equal(t, "completed", shown.Status)
	require.Equal(t, "in", shown.Direction)
}

// What is over has left what is known of it; only its log is told by a worker.
func TestCallThatIsOverIsShownWithoutAWorker(t *testing.T) {
	_, x := answeredCall(t)
	x.noWorker = true
	printed, err := starts(t, "show", "x")
	require.NoError(t, err)
	require.Contains(t, printed, "Spoke with    Amira Haddad, Bo\n")
	require.NotContains(t, printed, "Log ")
}

func TestCallForWhichNobodyAnswersIsShownAsFarAsTheListKnowsItAndSaysSo(t *testing.T) {
	f := twoParked(t)
	f.calls["call/younger"].noWorker = true
	printed, err := starts(t, "show", "younger")
	require.ErrorContains(t, err, "nobody answers for call younger, so that this is only what the list of runs tells: is a worker running?")
	require.Contains(t, printed, "Conversation    "+conversation+"\nParked because  "+refusal+"\n")

	printed, err = starts(t, "show", "younger", "--json")
	require.Error(t, err)
	require.True(t, json.Valid([]byte(printed)))
	require.NotContains(t, printed, `"state"`)
}

func TestCallThatCannotBeReadIsShownAsFarAsItCan(t *testing.T) {
	f, _ := answeredCall(t)
	f.keys = someKey
	printed, err := starts(t, "show", "x")
	require.ErrorContains(t, err, "what else is known of call x cannot be read: it is encrypted with the key ")
	require.Contains(t, printed, "Conversation  "+conversation)

	t.Setenv("CALLTHREAD_ENCRYPTION_KEYS", someKey)
	printed, err = starts(t, "show", "x")
	require.NoError(t, err)
	require.Contains(t, printed, "Spoke with    Amira Haddad, Bo\n")
	require.Contains(t, printed, "Log           09:30:00 ringing\n")
}

func TestCallsAreFoundByTheirConversation(t *testing.T) {
	f, x := answeredCall(t)
	f.finds = "WorkflowType = 'CallWorkflow' AND KustomerConversationId = '" + conversation + "'"
	f.pages = [][]string{{"call/x", "call/x"}} // it was reset once
	byCall, err := starts(t, "show", "x")
	require.NoError(t, err)
	byConversation, err := starts(t, "show", strings.ToUpper(conversation))
	require.NoError(t, err)
	require.Equal(t, byCall, byConversation)

	f.calls["call/y"] = &fakeCall{started: ring.Add(time.Hour), listed: x.listed}
	f.pages = [][]string{{"call/y"}, {"call/x"}}
	printed, err := starts(t, "show", conversation)
	require.NoError(t, err)
	require.Regexp(t, "^2 calls share this conversation: .+\n\nCALL +STARTED.+\ny +2026-03-04T10:30:00Z.+\nx +2026-03-04T09:30:00Z", printed)

	printed, err = starts(t, "show", conversation, "--json")
	require.NoError(t, err)
	var those []operator.Call
	require.NoError(t, json.Unmarshal([]byte(printed), &those))
	require.Len(t, those, 2)
}

func TestWhatTemporalDoesNotKnowCannotBeShown(t *testing.T) {
	f := newTemporal(t)
	f.finds = "WorkflowType = 'CallWorkflow' AND KustomerConversationId = '" + conversation + "'"
	for says, ids := range map[string][]string{
		"nosuch is neither a call nor a conversation of a call":          {"nosuch"},
		conversation + " is neither a call nor a conversation of a call": {conversation},
		"show takes the id of one call or conversation, not 2":           {"x", "y"},
		"show takes the id of one call or conversation, not 0":           nil,
	} {
		_, err := starts(t, append([]string{"show"}, ids...)...)
		require.ErrorContains(t, err, says)
	}
}
