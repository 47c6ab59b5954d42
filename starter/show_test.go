package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/internal/codec"
	"github.com/callthread/callthread/internal/operator"
	"github.com/callthread/callthread/workflows"
)

// answered is the state of an ended call in which every field is set.
var answered = workflows.State{
	CallID: "x", Phase: workflows.Finished, Outcome: call.Answered, AgentID: "4711", QueueName: "Support",
	Numbers: workflows.Numbers{From: "+493023125042", To: "+493023125001"},
	Summary: call.Summary{WaitSeconds: new(7), TalkSeconds: new(88), Agents: []string{"Amira Haddad", "Bo"}, EndedBy: "caller"},
	Legs: []call.LegSummary{
		{LegID: "x-1", AgentID: "4712", RangSeconds: new(15), FinishReason: "system-hangup"},
		{LegID: "x-2", RangSeconds: new(4), TalkedSeconds: new(60), Answered: true},
	},
	Events: []workflows.ReportedEvent{
		{Kind: call.Inbound, LegID: "x", At: ring}, {Kind: call.Finished, LegID: "x-1", At: ring.Add(time.Second), Child: true, Ignored: []string{"call.duration", "session.note"}},
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

// answeredCall is a server with one ended call.
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

func TestCallIsShown(t *testing.T) {
	answeredCall(t)
	for _, id := range []string{"x", "call/x"} {
		printed, err := starts(t, "show", id)
		require.NoError(t, err)
		require.Equal(t, strings.TrimPrefix(`
Call          x
Way           in
From          +493023125042
To            +493023125001
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
              2026-03-04T09:30:01Z finished, of leg x-1, could not read call.duration, session.note
Log           09:30:00 ringing
              09:30:01 conversation opened
`, "\n"), printed)
	}
}

func TestParkedCallIsShownWithCommands(t *testing.T) {
	f := twoParked(t)
	older := &f.calls["call/older"].state
	older.WaitsFor, older.Step = call.WaitsForOperator, opens
	printed, err := starts(t, "show", "older")
	require.NoError(t, err)
	require.Contains(t, printed, "\nWaits for       an operator to retry, amend or skip: open the conversation\nParked because  could not say why\n")
	require.Regexp(t, "\n\nCorrect in Kustomer .+`starter retry older`.+`starter amend older --set field=value`.+`starter skip older`", printed)

	f.calls["call/older"].ended = enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED
	printed, err = starts(t, "show", "older")
	require.NoError(t, err)
	require.Contains(t, printed, "(terminated)\nRun             terminated by an operator (nadia@desk)\nParked because  could not say why\n")
	require.NotContains(t, printed, "Waits for", "it waits for no operator")
	require.NotContains(t, printed, "starter retry")
}

// underWay is the state of a call with an agent whose outcome must still be written.
var underWay = workflows.State{
	Phase: workflows.Bridged, WaitsFor: call.WaitsForEnd, Unwritten: []call.Cause{call.Ended},
	InKustomer: workflows.InKustomer{ConversationID: conversation, ConversationStatus: "open"},
}

const undone = "Left undone   write the outcome\n              the conversation is still open\n"

func TestIgnoredCallIsShownWithTheReason(t *testing.T) {
	_, x := answeredCall(t)
	x.state = workflows.State{Phase: workflows.Missed, InKustomer: workflows.InKustomer{Ignored: true}}
	printed, err := starts(t, "show", "x")
	require.NoError(t, err)
	require.Contains(t, printed, "none, because `ignore:` in the automations file names the number\n")
}

func TestTerminatedCallShowsWhatIsMissing(t *testing.T) {
	_, x := answeredCall(t)
	x.ended, x.reason, x.state = enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED, "stuck", underWay
	x.log = "- 09:30:00 ringing\n- now: waits for the end of the call"
	printed, err := starts(t, "show", "x")
	require.NoError(t, err)
	require.Contains(t, printed, "Phase         finished (terminated)\nRun           terminated by an operator (nadia@desk): stuck\n"+undone)
	require.Contains(t, printed, "Log           09:30:00 ringing\n              now: terminated by an operator (nadia@desk): stuck\n")
	require.Contains(t, printed, "let the call go on: `temporal workflow reset --workflow-id 'call/x' --type FirstWorkflowTask ")
	require.NotContains(t, printed, "aits for")

	printed, err = starts(t, "show", "x", "--json")
	require.NoError(t, err)
	var shown operator.Shown
	require.NoError(t, json.Unmarshal([]byte(printed), &shown))
	require.Equal(t, "terminated by an operator (nadia@desk): stuck", shown.EndedEarly)
	require.Equal(t, []string{"write the outcome", "the conversation is still open"}, shown.LeftUndone)

	x.noWorker = true
	printed, err = starts(t, "show", "x")
	require.ErrorContains(t, err, "is a worker running?")
	require.Contains(t, printed, "Run           terminated by an operator (nadia@desk): stuck\n")
}

// The error of a cancelled run contains the state, so no worker is needed.
func TestCancelledCallIsShownWithoutAWorker(t *testing.T) {
	_, x := answeredCall(t)
	x.ended, x.state, x.noWorker = enumspb.WORKFLOW_EXECUTION_STATUS_CANCELED, underWay, true
	x.state.WaitsFor = ""
	printed, err := starts(t, "show", "x")
	require.NoError(t, err)
	require.Contains(t, printed, "Phase         finished (canceled)\nRun           cancelled by an operator\n"+undone)
}

// pausedStep is an activity that an operator has paused.
var pausedStep = &workflowpb.PendingActivityInfo{
	ActivityId: "5", ActivityType: &commonpb.ActivityType{Name: "CreateConversation"}, Paused: true,
	PauseInfo: &workflowpb.PendingActivityInfo_PauseInfo{
		PauseTime: timestamppb.New(ring),
		PausedBy: &workflowpb.PendingActivityInfo_PauseInfo_Manual_{
			Manual: &workflowpb.PendingActivityInfo_PauseInfo_Manual{Identity: "nadia@desk", Reason: "a look at Kustomer first"},
		},
	},
}

func TestPausedStepWaitsForAnOperator(t *testing.T) {
	_, x := answeredCall(t)
	x.ended, x.state, x.pending = 0, opening, pausedStep
	x.log = "- 09:30:00 ringing\n- now: waits for Kustomer to open the conversation"
	printed, err := starts(t, "show", "x")
	require.NoError(t, err)
	require.Contains(t, printed, "Waits for  paused by an operator\nPaused     CreateConversation since 2026-03-04T09:30:00Z, nadia@desk, a look at Kustomer first\n")
	require.Contains(t, printed, "           now: paused by an operator\n")
	require.Contains(t, printed, "\n`temporal activity unpause --workflow-id 'call/x' --activity-id 5` lets it go on.\n")
	require.NotContains(t, printed, "Kustomer to open")
}

func TestFailedStepShowsItsNextAttempt(t *testing.T) {
	f, x := answeredCall(t)
	f.keys = someKey
	t.Setenv("CALLTHREAD_ENCRYPTION_KEYS", someKey)
	keys, err := codec.ParseKeys(someKey)
	require.NoError(t, err)
	var worker client.Options
	keys.Protect(&worker)
	x.ended, x.state = 0, opening
	x.pending = &workflowpb.PendingActivityInfo{
		Attempt: 4, NextAttemptScheduleTime: timestamppb.New(ring),
		LastFailure: worker.FailureConverter.ErrorToFailure(temporal.NewApplicationError("cannot find customers by phone: credentials (HTTP 401)", "KustomerCredentials")),
	}
	const failed = "\nWaits for     Kustomer to open the conversation\nLast failure  cannot find customers by phone: credentials (HTTP 401) (attempt 3; "
	printed, err := starts(t, "show", "x")
	require.NoError(t, err)
	require.Contains(t, printed, failed+"is tried again at 2026-03-04T09:30:00Z)\n")

	x.pending.NextAttemptScheduleTime = nil
	printed, err = starts(t, "show", "x")
	require.NoError(t, err)
	require.Contains(t, printed, failed+"is being tried again)\n")
}

func TestPausedRunShowsHowToResume(t *testing.T) {
	_, x := answeredCall(t)
	x.ended, x.state = enumspb.WORKFLOW_EXECUTION_STATUS_PAUSED, underWay
	printed, err := starts(t, "show", "x")
	require.NoError(t, err)
	require.Contains(t, printed, "Waits for     paused by an operator\n")
	require.Contains(t, printed, "`temporal workflow unpause --workflow-id 'call/x'` lets it go on.")
}

func TestUniquePrefixOfAnIDIsEnough(t *testing.T) {
	f := newTemporal(t)
	first, second := "93b8d4e07f1642ca", "93b8d4e1aaaaaaaa"
	f.calls["call/"+first] = &fakeCall{started: ring, ended: enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED}
	f.calls["call/"+second] = &fakeCall{started: ring.Add(time.Minute), answer: workflows.State{WaitsFor: call.WaitsForEnd}}
	f.lists = make(map[string][]string)
	begins := func(prefix string, ids ...string) {
		f.lists["WorkflowType = 'CallWorkflow' AND WorkflowId STARTS_WITH 'call/"+prefix+"'"] = ids
	}
	begins("93b8d4e0", "call/"+first, "call/"+first) // it was reset once
	begins("93b8d4e1", "call/"+second)
	begins("93b8d4e", "call/"+second, "call/"+first)
	begins("93B8", "call/"+first) // SQLite ignores case
	begins("call")

	for _, given := range []string{"93b8d4e0", "call/93b8d4e0"} {
		printed, err := starts(t, "show", given)
		require.NoError(t, err)
		require.Contains(t, printed, "Call     "+first+"\n")
	}
	printed, err := starts(t, "skip", "93b8d4e1")
	require.NoError(t, err)
	require.Equal(t, "call "+second+": goes on\n", printed)

	const several = `the ids of several calls begin with "93b8d4e": 93b8d4e1aaaaaaaa, 93b8d4e07f1642ca. Name one of them`
	_, err = starts(t, "show", "93b8d4e")
	require.EqualError(t, err, several)
	printed, err = starts(t, "retry", "93b8d4e")
	require.Error(t, err)
	require.Equal(t, "call 93b8d4e: "+several+"\n", printed)
	for _, unknown := range []string{"93B8", "call", "call/", `"`} {
		_, err = starts(t, "show", unknown)
		require.ErrorContains(t, err, "Temporal knows no call")
	}
	require.Len(t, f.calls["call/"+second].decisions, 1)
}

func TestOnlySomeCandidatesAreNamed(t *testing.T) {
	f := newTemporal(t)
	var ids []string
	for n := range 12 {
		ids = append(ids, fmt.Sprintf("call/a%02d", n))
		f.calls[ids[n]] = &fakeCall{started: ring.Add(-time.Duration(n) * time.Minute)}
	}
	f.lists = map[string][]string{"WorkflowType = 'CallWorkflow' AND WorkflowId STARTS_WITH 'call/a'": ids}
	_, err := starts(t, "show", "a")
	require.ErrorContains(t, err, "a00, a01, a02, a03, a04, a05, a06, a07, a08, a09, and others. Name one of them")
}

func TestOtherWorkflowIsNotShown(t *testing.T) {
	f := newTemporal(t)
	f.calls["call/x"] = &fakeCall{started: ring, kind: "Nightly"}
	_, err := starts(t, "show", "x")
	require.EqualError(t, err, "call/x is a workflow of type Nightly, and not a call")
	printed, err := starts(t, "retry", "x")
	require.Error(t, err)
	require.Equal(t, "call x: call/x is a workflow of type Nightly, and not a call\n", printed)
	require.Empty(t, f.calls["call/x"].decisions)
}

func TestRunningCallShowsWhatItWaitsFor(t *testing.T) {
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

func TestCallIsShownAsJSON(t *testing.T) {
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

// The result of an ended run contains the state. Only the log needs a worker.
func TestEndedCallIsShownWithoutAWorker(t *testing.T) {
	_, x := answeredCall(t)
	x.noWorker = true
	printed, err := starts(t, "show", "x")
	require.NoError(t, err)
	require.Contains(t, printed, "Spoke with    Amira Haddad, Bo\n")
	require.NotContains(t, printed, "Log ")
}

func TestSilentCallIsShownFromTheList(t *testing.T) {
	f := twoParked(t)
	f.calls["call/younger"].noWorker = true
	printed, err := starts(t, "show", "younger")
	require.ErrorContains(t, err, "no worker answers for call younger, so this is only what the workflow list contains: is a worker running?")
	require.Contains(t, printed, "Conversation    "+conversation+"\nParked because  "+refusal+"\n")

	printed, err = starts(t, "show", "younger", "--json")
	require.Error(t, err)
	require.True(t, json.Valid([]byte(printed)))
	require.NotContains(t, printed, `"state"`)
}

func TestUndecryptableCallIsShownFromTheList(t *testing.T) {
	f, _ := answeredCall(t)
	f.keys = someKey
	printed, err := starts(t, "show", "x")
	require.ErrorContains(t, err, "the state of call x cannot be read: it is encrypted with the key ")
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

func TestUnknownCallIsNotShown(t *testing.T) {
	f := newTemporal(t)
	f.finds = "WorkflowType = 'CallWorkflow' AND KustomerConversationId = '" + conversation + "'"
	f.lists = map[string][]string{
		"WorkflowType = 'CallWorkflow' AND WorkflowId STARTS_WITH 'call/nosuch'":               nil,
		"WorkflowType = 'CallWorkflow' AND WorkflowId STARTS_WITH 'call/" + conversation + "'": nil,
	}
	for says, ids := range map[string][]string{
		`Temporal knows no call "nosuch" in namespace default, none whose id begins so, and none whose conversation has this id: ` + "`starter calls` lists": {"nosuch"},
		`Temporal knows no call "` + conversation + `" in namespace default`:                                                                                 {conversation},
		"show takes the id of one call or conversation, not 2":                                                                                               {"x", "y"},
		"show takes the id of one call or conversation, not 0":                                                                                               nil,
	} {
		_, err := starts(t, append([]string{"show"}, ids...)...)
		require.ErrorContains(t, err, says)
	}
}
