package activities

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/call"
)

func TestWantedIsWhatAllStepsWrite(t *testing.T) {
	file := wantFile(t, `name: "Call {call.direction}", status: open, direction: in, priority: 2, tags: [lost, early], custom: { callIdStr: "{call.id}" }`,
		wantOn(wantBridged, `assignedUsers: ["{agent.sourceId}"], assignedTeams: ["{queue.teamId}"], tags: { add: [late], remove: [lost, theirs] }, note: "With {agent.name}"`)+
			wantOn(wantFinished, `status: done, note: "Over"`)+
			"- { event: call.finished, action: kustomer.message.create, options: { subject: Call } }\n")
	story := wantStory(byAmira, byBastian, wantOutcome("finished", call.Answered))
	require.Equal(t, Wanted{
		Opens: true, Direction: "in", Name: "Call in", Status: "done", Priority: 2,
		Users: []string{bastian.ID}, Teams: []string{wantBilling}, Tags: []string{"early", "late"}, Untags: []string{"theirs"},
		Custom:  map[string]any{"callIdStr": "k-1"},
		Notes:   []WantedNote{{"bridged", call.Bridged, "With Amira"}, {"bridged-2", call.Bridged, "With Bastian"}, {"finished", call.Finished, "Over"}},
		Message: &automation.Message{Subject: "Call"},
	}, Want(file, story, call.Kustomer{}))
}

func TestNothingIsWantedWithoutAConversation(t *testing.T) {
	file := wantFile(t, `name: Call`, wantOn(wantBridged, `tags: { set: [a] }`))
	story := wantStory(byAmira)
	require.True(t, Want(file, story, call.Kustomer{}).SetsTags)
	story.Opening.Outgoing = true
	require.Equal(t, Wanted{}, Want(file, story, call.Kustomer{}))
}
