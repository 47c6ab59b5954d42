package automation_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/call"
)

func TestOutboundCallsHaveTheirOwnCreation(t *testing.T) {
	set := loaded(t, head+creation("name: Called us")+update(call.Inbound, "note: in")+
		placing(`name: "{agent.name} called {call.to}"`+"\nassignedUsers: [\"{agent.sourceId}\"]")+update(call.Outbound, "note: \"{call.direction}\"\npriority: 4"))
	opening, warnings := set.Open(outgoing())
	require.Empty(t, warnings)
	require.Equal(t, automation.Opening{
		Wanted: true, Name: "Amira Haddad called +493066665555", Status: "open", Direction: "out", Priority: 4,
		AssignedUsers: []string{userID}, Note: "out", Custom: map[string]any{},
	}, opening)
	opening, _ = set.Open(answered())
	require.Equal(t, automation.Opening{Wanted: true, Name: "Called us", Status: "open", Direction: "in", Note: "in", Custom: map[string]any{}}, opening)
	require.True(t, set.AssignsAgent(call.Outbound, call.Facts{}))
	require.False(t, set.AssignsAgent(call.Inbound, call.Facts{}))
}

func TestOutboundCallsNeedACreation(t *testing.T) {
	inbound, both := loaded(t, head+creation("{}")), loaded(t, head+creation("{}")+placing("direction: in"))
	outbound := loaded(t, head+placing("customer: \"{call.toNumber}\"")+update(call.Bridged, "{}"))
	require.False(t, inbound.Handles(call.Outbound))
	require.True(t, both.Handles(call.Outbound))
	require.Equal(t, []call.Kind{call.Outbound, call.Bridged}, outbound.Events())

	opening, _ := inbound.Open(outgoing())
	require.False(t, opening.Wanted)
	opening, _ = outbound.Open(answered())
	require.False(t, opening.Wanted)
	opening, _ = both.Open(outgoing())
	require.Equal(t, "in", opening.Direction, "the file has the last word")
}

func TestEventsAreInTheOrderOfACall(t *testing.T) {
	all := loaded(t, head+update(call.Recorded, "{}")+update(call.WrappedUp, "{}")+placing("{}")+creation("{}"))
	require.Equal(t, []call.Kind{call.Inbound, call.Outbound, call.Bridged, call.Finished, call.Recorded}, all.Events(),
		"only what has ended can be wrapped up")
}

func TestWrapUpTimeNeedsAnAutomation(t *testing.T) {
	const off = "    enabled: false\n"
	wrapped := update(call.WrappedUp, "status: done")
	for file, want := range map[string]time.Duration{
		head + creation("{}") + wrapped:                      time.Minute,
		"wrapUpTime: 2m\n" + head + creation("{}") + wrapped: 2 * time.Minute,
		"wrapUpTime: 2h\n" + head + creation("{}") + wrapped: 2 * time.Hour,
		"wrapUpTime:\n" + head + creation("{}") + wrapped:    time.Minute,
		"wrapUpTime:\n" + head + creation("{}"):              0,
		"wrapUpTime: 2m\n" + head + creation("{}") + item("call.wrappedUp", automation.UpdateConversation, off, "status: done"): 0,
	} {
		require.Equal(t, want, loaded(t, file).WrapUpTime, file)
	}
	change, _ := loaded(t, head+creation("{}")+update(call.WrappedUp, "status: done\nnote: \"{call.outcome} {call.talkTime}\"")).Change(call.WrappedUp, answered())
	require.Equal(t, automation.Change{Status: "done", Note: "answered 53", Custom: map[string]any{}}, change)
}

func TestRecordingIsKnownOnItsEvent(t *testing.T) {
	set := loaded(t, head+creation("{}")+update(call.Recorded, "note: \"Recorded: {recording.duration:words}\"\ncustom: { recordingUrl: \"{recording.url}\" }"))
	change, warnings := set.Change(call.Recorded, answered())
	require.Empty(t, warnings)
	require.Equal(t, automation.Change{Note: "Recorded: 1 min 35 s", Custom: map[string]any{"recordingUrl": "https://babelforce.example/r-1"}}, change)
}

func TestFactsOfTheEndAreKnownLater(t *testing.T) {
	const note = "note: \"{call.outcome} {call.duration} {call.waitTime} {agent.name} {queue.name}\""
	for _, event := range []call.Kind{call.Finished, call.WrappedUp, call.Recorded} {
		change, _ := loaded(t, head+creation("{}")+update(event, note)).Change(event, answered())
		require.Equal(t, "answered 60 7 Amira Haddad Support", change.Note, event)
	}
}

func TestMessageIsWrittenIfItsTriggerHolds(t *testing.T) {
	const only = "    trigger: { conditions: [{ expression: call.outcome, operator: EQ, expectation: answered }] }\n"
	set := loaded(t, head+creation("{}")+update(call.Finished, "note: over")+
		item("call.finished", automation.CreateMessage, only, "subject: \"Call with {call.agents}\"\npreview: |\n  Talked: {call.talkTime:words}\n  Queue: {app.vip}")+
		update(call.Finished, "tags: { add: [a] }"))
	change, _ := set.Change(call.Finished, answered())
	require.Equal(t, automation.Change{
		Note: "over", AddTags: []string{"a"}, Custom: map[string]any{},
		Message: &automation.Message{Subject: "Call with Amira Haddad, Bo Lind", Preview: "Talked: 53 s"},
	}, change)
	require.False(t, change.ChangesFields())
	require.True(t, set.Needs().WritesMessages)

	change, _ = set.Change(call.Finished, littleKnown())
	require.Nil(t, change.Message)
	plain := loaded(t, head+creation("{}")+item("call.finished", automation.CreateMessage, "", "{}"))
	change, _ = plain.Change(call.Finished, littleKnown())
	require.Equal(t, automation.Change{Message: &automation.Message{}}, change)
	require.False(t, plain.Needs().Updates, "a message is no update of its conversation")
}

func TestQueuesTeamComesFromTheTable(t *testing.T) {
	set := loaded(t, "queues: { SUPPORT: "+teamID+", Q-7: "+otherID+" }\nautomations:\n"+creation("{}")+
		update(call.Bridged, "assignedTeams: [\"{queue.teamId}\"]"))
	for queue, want := range map[call.Queue][]string{
		{Name: "Support"}:              {teamID},
		{ID: "q-7", Name: "Support"}:   {otherID}, // the id is the surest
		{ID: "unknown", Name: "Sales"}: nil,
		{}:                             nil,
	} {
		change, warnings := set.Change(call.Bridged, call.Facts{Queue: queue})
		require.Equal(t, want, change.AssignedTeams)
		require.Empty(t, warnings, "a file need not name every queue")
	}
	require.Equal(t, []string{otherID, teamID}, set.Needs().Teams, "so that the check can say which does not exist")
}

func TestAbandonedMeansBothOutcomes(t *testing.T) {
	trigger := func(operator, expectation string) string {
		return "{ conditions: [{ expression: call.outcome, operator: " + operator + ", expectation: " + expectation + " }] }"
	}
	for _, outcome := range append(call.Outcomes(), "") {
		facts := with(func(f *call.Facts) { f.Outcome = outcome })
		require.Equal(t, outcome.IsAbandoned(), holds(t, facts, trigger("EQ", "abandoned")), outcome)
		require.Equal(t, !outcome.IsAbandoned(), holds(t, facts, trigger("NEQ", "abandoned")), outcome)
		require.Equal(t, outcome == call.AbandonedInFlow, holds(t, facts, trigger("EQ", "abandoned_in_flow")), outcome)
	}
	require.True(t, holds(t, answered(), "{ conditions: [{ expression: 'call.outcome:words', operator: EQ, expectation: answered }] }"))
	require.True(t, holds(t, answered(), "{ conditions: [{ expression: call.endedBy, operator: EQ, expectation: caller }] }"))
	require.True(t, holds(t, outgoing(), "{ conditions: [{ expression: call.direction, operator: EQ, expectation: out }] }"))
}
