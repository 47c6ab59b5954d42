package main

import (
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"

	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/internal/operator"
	"github.com/callthread/callthread/workflows"
)

// opens is the step that opens a conversation, and opening is the state of a call that waits for it.
var (
	opens   = &workflows.StepState{Causes: []call.Cause{call.Rang}}
	opening = workflows.State{Phase: workflows.Ringing, WaitsFor: call.WaitsForKustomer, Step: opens}
)

func TestDecisionsAreWorkflowUpdates(t *testing.T) {
	for _, decision := range []string{"retry", "skip"} {
		f := twoParked(t)
		printed, err := starts(t, decision, "older", "call/younger")
		require.NoError(t, err)
		require.Equal(t, "call older: goes on\ncall younger: goes on (conversation 2b7e0000000000000000beef)\n", printed)
		require.Equal(t, []string{decision}, f.calls["call/older"].decisions)
		require.Equal(t, []string{decision}, f.calls["call/younger"].decisions)
	}
}

func TestAllDecidesOnOldestFirst(t *testing.T) {
	twoParked(t)
	for _, decision := range []string{"retry", "skip"} {
		printed, err := starts(t, decision, "--all")
		require.NoError(t, err)
		require.Regexp(t, `^call older: goes on\ncall younger: goes on .*\n$`, printed)
	}
	newTemporal(t)
	printed, err := starts(t, "skip", "--all")
	require.NoError(t, err)
	require.Equal(t, "no call is parked\n", printed)
}

func TestUpdateContainsTheAmendment(t *testing.T) {
	f := twoParked(t)
	printed, err := starts(t, "amend", "older", "--set", "tags=a,b", "--set", "assignedTeams=", "--timeout", "5s")
	require.NoError(t, err)
	require.Equal(t, "call older: goes on\n", printed)
	call := f.calls["call/older"]
	require.Equal(t, []string{"amend"}, call.decisions)
	require.Len(t, call.amendments, 1)
	require.Equal(t, []string{"a", "b"}, *call.amendments[0].Tags)
	require.Equal(t, []string{}, *call.amendments[0].AssignedTeams)
	require.Nil(t, call.amendments[0].AssignedUsers)
}

func TestFailedDecisionHasAReason(t *testing.T) {
	for says, call := range map[string]*fakeCall{
		"parked again: " + refusal:                        {answer: opening, state: workflows.State{Phase: workflows.Parked, ParkedBecause: refusal}},
		"is not parked: there is nothing to retry":        {refuses: "is not parked: there is nothing to retry"},
		"is over: there is nothing to retry":              {ended: enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED},
		"its run has ended (terminated): there is":        {ended: enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED},
		`Temporal knows no call "bad" in namespace`:       nil,
		"no worker has accepted the decision within 3s, ": {noWorker: true},
	} {
		t.Run(says, func(t *testing.T) {
			f := twoParked(t)
			f.lists = map[string][]string{"WorkflowType = 'CallWorkflow' AND WorkflowId STARTS_WITH 'call/bad'": nil}
			if call != nil {
				f.calls["call/bad"] = call
			}
			printed, err := starts(t, "retry", "bad", "older", "--timeout", "3s")
			require.ErrorIs(t, err, operator.ErrNotAllGoOn)
			lines := strings.Split(printed, "\n")
			require.True(t, strings.HasPrefix(lines[0], "call bad: "+says), printed)
			require.Equal(t, []string{"call older: goes on", ""}, lines[1:], "the others are decided on all the same")
		})
	}
}

func TestSlowAcceptedDecisionIsNoFailure(t *testing.T) {
	f := twoParked(t)
	f.calls["call/older"].stuck = true
	printed, err := starts(t, "retry", "older", "--timeout", "2s")
	require.NoError(t, err)
	require.Contains(t, printed, "call older: the decision was accepted, but not carried out within 2s")
}

func TestUnavailableTemporalStopsDecisions(t *testing.T) {
	printed, err := starts(t, "retry", "a", "b")
	require.ErrorContains(t, err, "call a, and any named after it, may still be parked")
	require.ErrorContains(t, err, "127.0.0.1:1")
	require.Empty(t, printed)
}

func TestFlagsMayFollowArguments(t *testing.T) {
	commands := decisionCommands(io.Discard, io.Discard)
	for given, want := range map[string]string{
		"amend x --set a=b":              "amend --set a=b -- x",
		"amend --set a=b x":              "amend --set a=b -- x",
		"amend x --set=a=b --json {} y":  "amend --set=a=b --json {} -- x y",
		"amend x -set -- y":              "amend -set -- -- x y",
		"amend x --set":                  "amend --set",
		"retry x y --all --timeout 5s z": "retry --all --timeout 5s -- x y z",
		"retry x --unknown y":            "retry --unknown -- x y",
		"skip x --help":                  "skip --help -- x",
		"skip x -- -y --all":             "skip -- x -y --all",
		"retry":                          "retry --",
		"parked x --json":                "parked x --json",
		"":                               "",
	} {
		args := append([]string{"starter"}, strings.Fields(given)...)
		require.Equal(t, append([]string{"starter"}, strings.Fields(want)...), flagsFirst(commands, args), given)
	}
}
