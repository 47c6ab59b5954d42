package automation

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/call"
)

func TestTheBuiltInAutomationsOpenAConversation(t *testing.T) {
	tags := []string{"babelforce", "inbound_call", "call_lost"}
	for name, facts := range map[string]call.Facts{"+493066665555": answered(), "a withheld number": littleKnown()} {
		opening, warnings := Default().Open(facts)
		require.Empty(t, warnings)
		require.Equal(t, Opening{
			Wanted: true, Name: "Call from " + name, Status: "open", Direction: "in", Tags: tags, Custom: map[string]any{},
		}, opening)
	}
}

// afterHours is a call that came in when nobody was there to answer.
func afterHours() call.Facts {
	facts := littleKnown()
	facts.Extra = map[string]string{"app.afterHours": "true"}
	return facts
}

func TestTheBuiltInAutomationsTellWhatBecameOfACall(t *testing.T) {
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
			note: "Answered by Amira Haddad.\nQueue: Support\nWaited: 1 min 0 s"},
		"bridged, little known": {event: call.Bridged, facts: littleKnown(), add: list("call_answered"), remove: list("call_lost"),
			note: "Answered by an agent.", warnings: list(unassigned)},
		"answered": {event: call.Finished, outcome: call.Answered, facts: answered(),
			note: "Call ended: answered by Amira Haddad.\nTotal: 1 min 0 s"},
		"answered, little known": {event: call.Finished, outcome: call.Answered, facts: littleKnown(),
			note: "Call ended: answered by an agent."},
		"abandoned": {event: call.Finished, outcome: call.AbandonedInQueue, facts: answered(), add: list("call_abandoned_in_queue"),
			note: "Call ended: abandoned_in_queue, nobody picked up.\nTotal: 1 min 0 s"},
		"missed": {event: call.Finished, outcome: call.Missed, facts: littleKnown(), add: list("call_missed"),
			note: "Call ended: missed, nobody picked up."},
		"after hours": {event: call.Finished, outcome: call.AbandonedInQueue, facts: afterHours(), add: list("call_after_hours"), remove: list("call_lost"),
			note: "Call ended: after hours."},
		"after hours, answered all the same": {event: call.Finished, outcome: call.Answered, facts: afterHours(),
			note: "Call ended: answered by an agent."},
		"no outcome": {event: call.Finished, facts: littleKnown()},
	} {
		t.Run(name, func(t *testing.T) {
			tc.facts.Outcome = tc.outcome
			change, warnings := Default().Change(tc.event, tc.facts)
			require.Equal(t, tc.warnings, warnings)
			require.Empty(t, change.Custom)
			change.Custom = nil
			require.Equal(t, Change{AssignedUsers: tc.users, AddTags: tc.add, RemoveTags: tc.remove, Note: tc.note}, change)
			require.NotRegexp(t, "[{}]", fmt.Sprint(change.AddTags, change.Note))
		})
	}
}
