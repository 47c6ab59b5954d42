package load

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/automation"
)

func TestProbableNameIsSuggested(t *testing.T) {
	events := slices.Sorted(maps.Values(automation.EventNames))
	operators := slices.Sorted(maps.Keys(automation.Operators))
	placeholders := slices.Sorted(maps.Keys(automation.Placeholders))
	for _, tc := range []struct {
		names  []string
		meant  string
		others []string
	}{
		{events, "call.inbound", []string{"call.ringing", "call.created", "call.started", "call.incoming", "inbound", "Call.Inbound"}},
		{events, "call.outbound", []string{"call.outgoing", "outbound"}},
		{events, "call.bridged", []string{"call.bridge", "call.answered", "call.connected"}},
		{events, "call.finished", []string{"call.finish", "call.ended", "call.hangup", "call.completed"}},
		{events, "recording.finished", []string{"call.recorded", "recording.finish", "recording.ended", "recording.completed"}},
		{operators, "GE", []string{"GTE", "gte", ">="}},
		{operators, "LE", []string{"LTE", "<="}},
		{operators, "EQ", []string{"=", "==", "EQUALS", "is"}},
		{operators, "NEQ", []string{"!=", "<>", "NE", "NOT_EQUALS"}},
		{operators, "REGEXP", []string{"REGEX", "matches"}},
		{operators, "STARTS_WITH", []string{"BEGINS_WITH", "STARTSWITH"}},
		{placeholders, "recording.url", []string{"recording.link", "recording.uri"}},
		{placeholders, "integration.kustomer.conversation.url", []string{"integration.kustomer.conversation.link"}},
		{placeholders, "agent.email", []string{"agent.mail"}},
		{placeholders, "agent.number", []string{"agent.phone"}},
		{placeholders, "call.from", []string{"call.caller", "call.phone", "call.form"}},
		{placeholders, "call.duration", []string{"call.length"}},
		{placeholders, "call.dateFinished", []string{"call.ended"}},
		{placeholders, "call.outcome", []string{"call.result"}},
		{placeholders, "", []string{"shop", "app.vip", ""}},
		{events, "", []string{"sms.received", ""}},
	} {
		for _, other := range tc.others {
			require.Equal(t, tc.meant, closest(other, tc.names), other)
		}
	}
}

// A message about a name from a short list contains the whole list.
func TestShortListsOfNamesAreComplete(t *testing.T) {
	requireProblems(t, `2:12: "event" cannot be "call.ringing": did you mean "call.inbound"? Use one of call.bridged, call.finished, call.inbound, `+
		"call.outbound, call.wrappedUp, recording.finished", "automations:\n"+item("call.ringing", createAction, "", "{}"))
	requireProblems(t, `4:68: "operator" cannot be "GTE": did you mean "GE"? Use one of CONTAINS, ENDS_WITH, EQ, GE, GIVEN, GT, IS_NOT_NULL, IS_NULL, `+
		"LE, LIKE, LT, NEQ, NOT_CONTAINS, NOT_GIVEN, REGEXP, STARTS_WITH", comparing("call.duration, operator: GTE, expectation: 1"))
	requireProblems(t, `5:7: unknown key "colour" in the options of kustomer.message.create: use one of preview, subject`,
		"automations:\n"+item("call.finished", messageAction, "", "colour: red")+creation("{}"))
	requireProblems(t, `5:14: unknown placeholder {recording.link}: did you mean "recording.url"?`, updating("name: '{recording.link}'"))
}
