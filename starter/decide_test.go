package main

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/workflows"
)

// opens is the step that opens a conversation, and opening is a call that waits for it.
var (
	opens   = &workflows.StepState{Causes: []call.Cause{call.Rang}}
	opening = workflows.State{Phase: workflows.Ringing, WaitsFor: call.WaitsForKustomer, Step: opens}
)

func TestDecisionsAreUpdatesOfTheCallsNamed(t *testing.T) {
	for _, decision := range []string{"retry", "skip"} {
		f := twoParked(t)
		printed, err := starts(t, decision, "older", "call/younger")
		require.NoError(t, err)
		require.Equal(t, "call older: goes on\ncall younger: goes on (conversation 2b7e0000000000000000beef)\n", printed)
		require.Equal(t, []string{decision}, f.calls["call/older"].decisions)
		require.Equal(t, []string{decision}, f.calls["call/younger"].decisions)
	}
}

func TestAllParkedCallsAreDecidedOnOldestFirst(t *testing.T) {
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

func TestAmendmentGoesWithItsUpdate(t *testing.T) {
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

func TestEachCallThatDoesNotGoOnSaysWhyAndFailsTheCommand(t *testing.T) {
	for says, call := range map[string]*fakeCall{
		"parked again: " + refusal:                  {answer: opening, state: workflows.State{Phase: workflows.Parked, ParkedBecause: refusal}},
		"is not parked: there is nothing to retry":  {refuses: "is not parked: there is nothing to retry"},
		"is over: there is nothing to retry":        {ended: enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED},
		"its run has ended (terminated): there is":  {ended: enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED},
		"is unknown to Temporal: ":                  nil,
		"nobody has taken the decision within 3s, ": {noWorker: true},
	} {
		t.Run(says, func(t *testing.T) {
			f := twoParked(t)
			if call != nil {
				f.calls["call/bad"] = call
			}
			printed, err := starts(t, "retry", "bad", "older", "--timeout", "3s")
			require.ErrorIs(t, err, errNotAllGoOn)
			lines := strings.Split(printed, "\n")
			require.True(t, strings.HasPrefix(lines[0], "call bad: "+says), printed)
			require.Equal(t, []string{"call older: goes on", ""}, lines[1:], "the others are decided on all the same")
		})
	}
}

func TestAcceptedDecisionThatTakesLongerIsNoFailure(t *testing.T) {
	f := twoParked(t)
	f.calls["call/older"].stuck = true
	printed, err := starts(t, "retry", "older", "--timeout", "2s")
	require.NoError(t, err)
	require.Contains(t, printed, "call older: the decision was accepted, but is not carried out after 2s")
}

func TestCallsThatCannotBeReachedAreNotTriedOneByOne(t *testing.T) {
	printed, err := starts(t, "retry", "a", "b")
	require.ErrorContains(t, err, "call a, and any named after it, may still be parked")
	require.ErrorContains(t, err, "127.0.0.1:1")
	require.Empty(t, printed)
}

// states is a Temporal client that answers queries with one state after the other, then the last again.
type states struct {
	client.Client
	left  []workflows.State
	asked int
}

func (s *states) QueryWorkflow(context.Context, string, string, string, ...any) (converter.EncodedValue, error) {
	s.asked++
	if s.asked == 1 {
		return nil, errors.New("no worker at the moment")
	}
	next := s.left[0]
	s.left = s.left[min(1, len(s.left)-1):]
	payloads, err := converter.GetDefaultDataConverter().ToPayloads(next)
	return client.NewValue(payloads), err
}

func TestCallIsWatchedAfterTheDecisionUntilItsStepIsOver(t *testing.T) {
	parked := workflows.State{Phase: workflows.Parked, WaitsFor: call.WaitsForOperator, Step: opens, ParkedBecause: refusal}
	for name, c := range map[string]struct {
		answer workflows.State
		then   []workflows.State
		says   string
		fails  bool
		within time.Duration
	}{
		"it goes on at once":       {workflows.State{WaitsFor: call.WaitsForEnd}, nil, "goes on", false, 0},
		"it goes on soon":          {opening, []workflows.State{opening, {WaitsFor: call.WaitsForAgent, InKustomer: inIt}}, "goes on (conversation " + conversation + ")", false, time.Second},
		"it was the last step":     {opening, []workflows.State{{InKustomer: inIt}}, "is complete (conversation " + conversation + ")", false, time.Second},
		"it is refused again":      {opening, []workflows.State{opening, parked}, "parked again: " + refusal, true, time.Second},
		"Kustomer does not answer": {opening, []workflows.State{opening}, "goes on, and waits for Kustomer to open the conversation", false, watchFor},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := decider{calls: &states{left: c.then}}
				began := time.Now()
				said, err := whatCame(d.watch(t.Context(), "x", c.answer))
				require.LessOrEqual(t, time.Since(began), c.within)
				if c.fails {
					require.EqualError(t, err, c.says)
				} else {
					require.NoError(t, err)
					require.Equal(t, c.says, said)
				}
			})
		})
	}
}

func TestFlagsMayFollowTheCallsTheyAreFor(t *testing.T) {
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
