package automation_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/automation/load"
	"github.com/callthread/callthread/call"
)

func TestDefaultOpensAConversation(t *testing.T) {
	tags := []string{"babelforce", "inbound_call", "call_lost"}
	for name, facts := range map[string]call.Facts{"+493066665555": answered(), "a withheld number": littleKnown()} {
		opening, warnings := load.Default().Open(facts)
		require.Empty(t, warnings)
		require.Equal(t, automation.Opening{
			Wanted: true, Name: "Call from " + name, Status: "open", Direction: "in", Tags: tags, Custom: map[string]any{},
		}, opening)
	}
}

// abandoned returns a call whose caller hung up after 20 seconds in the queue.
func abandoned() call.Facts {
	return with(func(f *call.Facts) {
		f.Leg.Seconds, f.Agent, f.Summary = new(20), call.Agent{}, call.Summary{WaitSeconds: new(20), EndedBy: "caller"}
	})
}

func TestDefaultTagsUnansweredOutcomes(t *testing.T) {
	for _, outcome := range call.Outcomes() {
		facts := littleKnown()
		facts.Outcome = outcome
		change, warnings := load.Default().Change(call.Finished, facts)
		require.Empty(t, warnings)
		require.Equal(t, outcome != call.Answered, slices.Contains(change.AddTags, "call_"+string(outcome)), outcome)
		require.Equal(t, outcome == call.AfterHours, slices.Contains(change.RemoveTags, "call_lost"), "lost calls stay tagged so")
	}
}

func TestDefaultNeedsNothingOptional(t *testing.T) {
	set := load.Default()
	require.Equal(t, []call.Kind{call.Inbound, call.Bridged, call.Finished}, set.Events())
	require.Zero(t, set.WrapUpTime)
	require.False(t, set.Needs().WritesMessages)
	opening, _ := set.Open(outgoing())
	require.False(t, opening.Wanted)
	require.Contains(t, set.Fields, call.AfterHoursField, "so that it is entered in babelforce")
}

func TestDefaultWritesTheOutcome(t *testing.T) {
	const unassigned = "the agent has no sourceId: the conversation was not assigned"
	list := func(items ...string) []string { return items }
	for name, tc := range map[string]struct {
		event       call.Kind
		outcome     call.Outcome
		facts       call.Facts
		users       []string
		add, remove []string
		note        string
		warnings    []string
	}{
		"it rings": {event: call.Inbound, facts: answered()},
		"bridged": {event: call.Bridged, facts: answered(), users: list(userID), add: list("call_answered"), remove: list("call_lost"),
			note: "Answered by Amira Haddad.\nQueue: Support\nAfter: 1 min 0 s"},
		"bridged, little known": {event: call.Bridged, facts: littleKnown(), add: list("call_answered"), remove: list("call_lost"),
			note: "Answered by an agent.", warnings: list(unassigned)},
		"answered": {event: call.Finished, outcome: call.Answered, facts: answered(), note: "Call ended: answered.\n" +
			"Agents: Amira Haddad, Bo Lind\nWaited: 7 s\nTalked: 53 s\nTotal: 1 min 0 s\nEnded by: caller"},
		"answered, little known": {event: call.Finished, outcome: call.Answered, facts: littleKnown(), note: "Call ended: answered."},
		"abandoned": {event: call.Finished, outcome: call.AbandonedInQueue, facts: abandoned(), add: list("call_abandoned_in_queue"),
			note: "Call ended: the caller hung up in the queue.\nWaited: 20 s\nTotal: 20 s\nEnded by: caller"},
		"missed": {event: call.Finished, outcome: call.Missed, facts: littleKnown(), add: list("call_missed"),
			note: "Call ended: its end was not reported, and nobody picked up."},
		"after hours": {event: call.Finished, outcome: call.AfterHours, facts: littleKnown(), add: list("call_after_hours"), remove: list("call_lost"),
			note: "Call ended: came after hours."},
		"no outcome": {event: call.Finished, facts: littleKnown()},
	} {
		t.Run(name, func(t *testing.T) {
			tc.facts.Outcome = tc.outcome
			change, warnings := load.Default().Change(tc.event, tc.facts)
			require.Equal(t, tc.warnings, warnings)
			require.Empty(t, change.Custom)
			change.Custom = nil
			require.Equal(t, automation.Change{AssignedUsers: tc.users, AddTags: tc.add, RemoveTags: tc.remove, Note: tc.note}, change)
			require.NotRegexp(t, "[{}]", fmt.Sprint(change.AddTags, change.Note))
		})
	}
}
