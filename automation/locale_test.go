package automation_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/automation/load"
	"github.com/callthread/callthread/call"
)

func TestLocalNumbersUseTheCountry(t *testing.T) {
	set := loaded(t, head+creation("name: \"{call.from:international}\""))
	facts := call.Facts{Leg: call.Leg{From: "03023125042"}}
	for country, want := range map[string]string{"": "03023125042", "DE": "+49 30 23125042"} {
		opening, _ := set.In(country).Open(facts)
		require.Equal(t, want, opening.Name)
	}
}

func TestNumbersAreWrittenFromAnyForm(t *testing.T) {
	for from, want := range map[string]string{
		"sip:+493023125042@10.0.0.1":    "+493023125042 030 23125042 5042 42",
		"+49 89 123456 (Anna)":          "+4989123456 089 123456 3456 56",
		"493023125042.0":                "+493023125042 030 23125042 5042 42",
		"\u2066030 23125042\u2069":      "+493023125042 030 23125042 5042 42",
		"٠٣٠ ٢٣١٢٥٠٤٢":                  "+493023125042 030 23125042 5042 42",
		"sip:101@10.0.0.1":              "sip:101@10.0.0.1 sip:101@10.0.0.1 101 01",
		"client:user_2089123456":        "client:user_2089123456 client:user_2089123456 3456 56",
		"+49 30 23125042 (call Anna 7)": "+49 30 23125042 (call Anna 7) +49 30 23125042 (call Anna 7) 0427 27",
	} {
		set := loaded(t, head+creation("name: \"{call.from:e164} {call.from:national} {call.from:last4} {call.from:last2}\"")).In("DE")
		opening, _ := set.Open(call.Facts{Leg: call.Leg{From: from}})
		require.Equal(t, want, opening.Name)
	}
}

func TestNonNumbersCountAsWithheld(t *testing.T) {
	for _, from := range []string{"anonymous", "Unknown", "-", "", "sip:anonymous@10.0.0.1", "(Anna)"} {
		opening, _ := load.Default().Open(call.Facts{Leg: call.Leg{From: from}})
		require.Equal(t, "Call from a withheld number", opening.Name)
	}
}

func TestAbsentTagsToSetClearNothing(t *testing.T) {
	set := loaded(t, head+creation("{}")+update(call.Bridged, "tags: { set: [\"{app.shop}\"], add: [b] }"))
	change, warnings := set.Change(call.Bridged, call.Facts{})
	require.Nil(t, change.SetTags)
	require.Equal(t, []string{"b"}, change.AddTags)
	require.Len(t, warnings, 1)

	change, _ = set.Change(call.Bridged, call.Facts{Extra: map[string]string{"app.shop": "Berlin"}})
	require.Equal(t, []string{"Berlin", "b"}, change.SetTags)
}

func TestOutcomeTagsNeedTheRemovalRole(t *testing.T) {
	bridged := loaded(t, head+creation("{}")+update(call.Bridged, "tags: { add: [b] }"))
	require.False(t, bridged.Needs().RemovesTags)
	finished := loaded(t, head+creation("{}")+update(call.Finished, "tags: { add: [b] }"))
	require.True(t, finished.Needs().RemovesTags)
}
