package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/internal/operator"
	"github.com/callthread/callthread/workflows"
)

const (
	refusal      = "could not open the conversation: kustomer: no such team"
	conversation = "2b7e0000000000000000beef"
)

// inIt is the state of a call whose conversation is open.
var inIt = workflows.InKustomer{ConversationID: conversation}

// twoParked has one call on each of two pages, the younger first. An older version parked the older
// call.
func twoParked(t *testing.T) *fakeTemporal {
	t.Helper()
	f := newTemporal(t, []string{"call/younger"}, []string{"call/older"})
	ring := time.Date(2026, time.March, 4, 9, 30, 0, 0, time.UTC)
	f.calls["call/younger"] = &fakeCall{
		started: ring.Add(time.Minute), listed: map[string]string{"KustomerConversationId": conversation, "ParkedBecause": refusal},
		state:  workflows.State{Phase: workflows.Parked, Numbers: workflows.Numbers{To: "+493023125001", Withheld: true}},
		answer: workflows.State{WaitsFor: call.WaitsForEnd, InKustomer: inIt},
	}
	f.calls["call/older"] = &fakeCall{
		started: ring, state: workflows.State{
			Phase: workflows.Parked, ParkedBecause: "could not\n\tsay why", Numbers: workflows.Numbers{From: "+493023125042", To: "+493023125001"},
		},
		answer: workflows.State{WaitsFor: call.WaitsForAgent},
	}
	return f
}

func TestParkedCallsAreListedOldestFirst(t *testing.T) {
	twoParked(t)
	printed, err := starts(t, "parked")
	require.NoError(t, err)
	lines := strings.Split(printed, "\n")
	require.Equal(t, []string{
		"CALL     STARTED               FROM           TO             CONVERSATION              REASON",
		"older    2026-03-04T09:30:00Z  +493023125042  +493023125001  –                         could not say why",
		"younger  2026-03-04T09:31:00Z  withheld       +493023125001  2b7e0000000000000000beef  " + refusal,
		"",
	}, lines[:4])
	require.Regexp(t, "starter retry .+starter amend .+starter skip ", lines[4])
}

func TestParkedCallsArePrintedAsJSON(t *testing.T) {
	twoParked(t)
	printed, err := starts(t, "parked", "--json")
	require.NoError(t, err)
	var parked []operator.ParkedCall
	require.NoError(t, json.Unmarshal([]byte(printed), &parked))
	require.Len(t, parked, 2)
	require.JSONEq(t, `[
		{"callId": "older", "workflowId": "call/older", "runId": "run-of-call/older", "startedAt": "2026-03-04T09:30:00Z",
		 "from": "+493023125042", "to": "+493023125001", "conversationId": "", "reason": "could not\n\tsay why"},
		{"callId": "younger", "workflowId": "call/younger", "runId": "run-of-call/younger", "startedAt": "2026-03-04T09:31:00Z",
		 "to": "+493023125001", "withheld": true, "conversationId": "2b7e0000000000000000beef", "reason": "`+refusal+`"}]`, printed)
}

func TestNoParkedCallIsNoError(t *testing.T) {
	newTemporal(t)
	printed, err := starts(t, "parked")
	require.NoError(t, err)
	require.Equal(t, "no call is parked\n", printed)

	printed, err = starts(t, "parked", "--json")
	require.NoError(t, err)
	require.Equal(t, "[]\n", printed)
}

func TestSilentCallIsListed(t *testing.T) {
	f := twoParked(t)
	f.calls["call/older"].noWorker = true
	printed, err := starts(t, "parked")
	require.NoError(t, err)
	require.Regexp(t, `\nolder +2026-03-04T09:30:00Z +– +– +– +–\nyounger `, printed)
}
