package automation

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/call"
)

func TestTheBuiltInAutomationsOpenAConversation(t *testing.T) {
	tags := []string{"babelforce", "inbound_call", "call_lost"}
	for name, facts := range map[string]call.Facts{"+493066665555": answered(), "a withheld number": unknown()} {
		created, warnings := Default().Create(facts)
		require.Equal(t, CreateOptions{Name: "Call from " + name, Status: "open", Direction: "in", Tags: tags}, created)
		require.Empty(t, warnings)
	}
}

func TestTheBuiltInAutomationsTellWhatBecameOfACall(t *testing.T) {
	const unassigned = "the agent has no sourceId: the conversation was not assigned"
	for name, tc := range map[string]struct {
		event   call.Kind
		outcome call.Outcome
		facts   call.Facts
		want    UpdateOptions
		warning string
	}{
		"it rings": {event: call.Inbound, facts: answered()},
		"bridged": {event: call.Bridged, facts: answered(), want: UpdateOptions{
			AssignedUsers: []string{userID}, AddTags: []string{"call_answered"}, RemoveTags: []string{"call_lost"},
			Note: "Answered by Amira Haddad.\nQueue: Support\nWaited: 60 s"}},
		"bridged, little known": {event: call.Bridged, facts: unknown(), warning: unassigned, want: UpdateOptions{
			AddTags: []string{"call_answered"}, RemoveTags: []string{"call_lost"}, Note: "Answered by an agent."}},
		"answered": {event: call.Finished, outcome: call.Answered, facts: answered(), want: UpdateOptions{
			Note: "Call ended: answered by Amira Haddad.\nTotal: 60 s"}},
		"answered, little known": {event: call.Finished, outcome: call.Answered, facts: unknown(), want: UpdateOptions{
			Note: "Call ended: answered by an agent."}},
		"abandoned": {event: call.Finished, outcome: call.Abandoned, facts: answered(), want: UpdateOptions{
			AddTags: []string{"call_abandoned"}, Note: "Call ended: abandoned, nobody picked up.\nTotal: 60 s"}},
		"missed": {event: call.Finished, outcome: call.Missed, facts: unknown(), want: UpdateOptions{
			AddTags: []string{"call_missed"}, Note: "Call ended: missed, nobody picked up."}},
		"no outcome": {event: call.Finished, facts: unknown()},
	} {
		t.Run(name, func(t *testing.T) {
			tc.facts.Outcome = tc.outcome
			got, warnings := Default().Update(tc.event, tc.facts)
			require.Equal(t, tc.want, got)
			require.NotRegexp(t, placeholderPattern, fmt.Sprint(got))
			if tc.warning != "" {
				require.Equal(t, []string{tc.warning}, warnings)
			} else {
				require.Empty(t, warnings)
			}
		})
	}
}

func TestAutomationsOfOneEventAddUp(t *testing.T) {
	s := New(
		Automation{Event: call.Bridged, Update: &UpdateOptions{Name: "first", Status: "done", AssignedUsers: []string{userID},
			AddTags: []string{"a", "b"}, RemoveTags: []string{"x"}, Note: "one"}},
		Automation{Event: call.Finished, Update: &UpdateOptions{Name: "other event", AddTags: []string{"other"}, Note: "other"}},
		Automation{Event: call.Bridged, Update: &UpdateOptions{Note: "{app.absent}"}},
		Automation{Event: call.Bridged, Update: &UpdateOptions{Name: "last", AssignedUsers: []string{"{agent.sourceId}"},
			AddTags: []string{"b", "c"}, RemoveTags: []string{"x", "y"}, Note: "two"}},
	)
	got, warnings := s.Update(call.Bridged, answered())
	require.Empty(t, warnings)
	require.Equal(t, UpdateOptions{Name: "last", Status: "done", AssignedUsers: []string{userID},
		AddTags: []string{"a", "b", "c"}, RemoveTags: []string{"x", "y"}, Note: "one\ntwo"}, got)
}

func TestRenderingLeavesTheAutomationsAsTheyWere(t *testing.T) {
	s := Default()
	first, _ := s.Update(call.Bridged, answered())
	_, _ = s.Update(call.Bridged, unknown())
	_, _ = s.Create(unknown())
	again, _ := s.Update(call.Bridged, answered())
	require.Equal(t, first, again)
}

func TestOutcomesNarrowAnAutomation(t *testing.T) {
	s := New(
		Automation{Event: call.Finished, Update: &UpdateOptions{AddTags: []string{"always"}}},
		Automation{Event: call.Finished, Outcomes: []call.Outcome{call.Missed, call.Abandoned}, Update: &UpdateOptions{AddTags: []string{"lost"}}},
	)
	for outcome, want := range map[call.Outcome][]string{
		call.Answered: {"always"}, call.Missed: {"always", "lost"}, call.Abandoned: {"always", "lost"}, "": {"always"},
	} {
		facts := unknown()
		facts.Outcome = outcome
		got, _ := s.Update(call.Finished, facts)
		require.Equal(t, want, got.AddTags, outcome)
	}
}

func TestOnlyEventsWithAnAutomationAreHandled(t *testing.T) {
	s := New(Automation{Event: call.Bridged, Update: &UpdateOptions{}})
	require.True(t, s.Handles(call.Bridged))
	require.False(t, s.Handles(call.Finished))
	require.True(t, Default().Handles(call.Finished))
}

func TestAnUpdateOfTagsAndNotesAloneLeavesTheConversationsFields(t *testing.T) {
	require.False(t, UpdateOptions{AddTags: []string{"a"}, RemoveTags: []string{"b"}, Note: "n"}.ChangesFields())
	for _, o := range []UpdateOptions{{Name: "n"}, {Status: "done"}, {AssignedUsers: []string{userID}}} {
		require.True(t, o.ChangesFields())
	}
}
