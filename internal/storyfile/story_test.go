package storyfile

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/babelforce"
)

// one is a file of one story with these lines.
func one(lines string) []byte {
	return []byte("- story: Amira picks up\n  events:\n    - 0:00 call.inbound: { from: +493023125042 }\n" + lines)
}

func TestStoryIsReadAsReported(t *testing.T) {
	stories, err := Read("mine.yaml", one("    - 1:05 call.bridged: { agent: Amira, shop.id: 7 }\n    - 1:06 call.finished: { lost: true }\n  becomes: { outcome: answered }\n"))
	require.NoError(t, err)
	require.Len(t, stories, 1)
	s := stories[0]
	require.Equal(t, "answered", s.Becomes.Outcome)
	require.Len(t, s.Reported(), 2, "what is lost is not reported")
	began := time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC)
	event, err := s.Report(s.Events[1], began)
	require.NoError(t, err)
	require.Equal(t, babelforce.CallBridged, event.Name)
	require.Equal(t, began, event.Call.DateCreated)
	require.Equal(t, 65, *event.Call.Duration)
	require.Equal(t, "+493023125042", event.Call.From)
	require.Equal(t, UserOf("Amira"), event.Agent.SourceID)
	require.Equal(t, map[string]string{"shop.id": "7"}, event.Extra)
}

func TestUnknownAgentNeedsFields(t *testing.T) {
	stories, err := Read("mine.yaml", one("    - 0:05 call.bridged: { agent.id: 4711, agent.name: Jane, queue: Shop }\n"))
	require.NoError(t, err)
	event, err := stories[0].Report(stories[0].Events[1], time.Unix(0, 0))
	require.NoError(t, err)
	require.Equal(t, babelforce.Agent{ID: "4711", Name: "Jane"}, event.Agent)
	require.Equal(t, "Shop", event.Queue.Name)
}

func TestStoryErrorsHaveAPosition(t *testing.T) {
	for says, file := range map[string]string{
		`mine.yaml: line 2: there is no key "evnts" here`:                         "- story: a\n  evnts: []\n",
		`mine.yaml: story 1 has no title`:                                         "- events: [ 0:00 call.inbound: {} ]\n",
		`mine.yaml: two stories have the title "Amira picks up"`:                  string(one("")) + string(one("")),
		`story "a": it has no event that is reported`:                             "- story: a\n  events: [ 0:00 call.inbound: { lost: true } ]\n",
		`story "Amira picks up": 0:05 call.bridged, agent Jane: who is Jane? The`: string(one("    - 0:05 call.bridged: { agent: Jane }\n")),
		`0:05 call.answered: babelforce has no event "call.answered"`:             string(one("    - 0:05 call.answered: {}\n")),
		`0:05 call.bridged: no call id: call.id`:                                  string(one("    - 0:05 call.bridged: { only: [call.from] }\n")),
		`line 4: "soon" is not a time such as 3:04`:                               string(one("    - soon call.bridged: {}\n")),
		`line 4: an event has no "agnt"; a field of babelforce's has a bucket`:    string(one("    - 0:05 call.bridged: { agnt: Amira }\n")),
	} {
		_, err := Read("mine.yaml", []byte(file))
		require.ErrorContains(t, err, says)
	}
}
