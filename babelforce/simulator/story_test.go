package simulator

import (
	"slices"
	"testing"
	"time"

	"github.com/callthread/callthread/babelforce"
	"github.com/stretchr/testify/require"
)

func TestStoriesAreConsistent(t *testing.T) {
	keys := make(map[string]bool)
	for _, story := range someStories(t, 3, agents, 10*aDeck()) {
		require.False(t, keys[story.Key], "one key, one call")
		keys[story.Key] = true
		require.Len(t, story.Key, 32)

		var last time.Duration
		events := decodeSteps(t, story)
		for i, event := range events {
			require.GreaterOrEqual(t, story.Steps[i].After, last)
			last = story.Steps[i].After
			require.Equal(t, story.Key, event.Call.Key())
			require.NotEqual(t, event.Call.ID, event.Call.ParentID)
			require.NotEmpty(t, event.Call.SessionID)
			require.Zero(t, event.Call.DateCreated.Nanosecond())
			require.Equal(t, story.Want.Customer == "anonymous", event.Call.Anonymous)
			require.Equal(t, event.Name == babelforce.RecordingFinished, event.Recording != babelforce.Recording{})
			checkLeg(t, event, story.Want)
		}
		require.Less(t, last, 12*time.Second)
		require.Greater(t, last, time.Second)
		checkEnd(t, story, events)
		checkBridges(t, story.Want, events)
	}
}

// checkLeg checks the owner and the times of an event's leg.
func checkLeg(t *testing.T, event babelforce.Event, want Want) {
	t.Helper()
	leg := event.Call
	number, kind := leg.From, []string{leg.Type, leg.Domain}
	switch {
	case want.Direction == "out":
		require.Equal(t, "outbound", leg.Type)
		require.Contains(t, []string{"api", "webrtc"}, leg.Source)
		number = leg.To
	case leg.ParentID == "":
		require.Equal(t, []string{"inbound", "external"}, kind)
		require.Equal(t, "queue", leg.Source)
	default:
		require.Equal(t, []string{"outbound", "internal"}, kind)
		require.Contains(t, []string{"queue", "transfer"}, leg.Source)
	}
	if leg.Domain == "internal" {
		require.Equal(t, event.Agent.Number, leg.To)
	} else {
		require.Equal(t, want.Customer, number)
	}
	if event.Name == babelforce.CallFinished && leg.ParentID != "" {
		require.Equal(t, !leg.DateEstablished.IsZero(), *leg.Duration > 0, "only an answered leg has a duration")
	}
	if event.Name == babelforce.CallFinished && leg.ParentID == "" && leg.Domain == "external" {
		require.Equal(t, *leg.Duration, int(leg.DateFinished.Sub(leg.DateCreated).Seconds()))
		require.Equal(t, want.Total, *leg.Duration)
	}
}

// checkEnd checks the events that end the call.
func checkEnd(t *testing.T, story Story, events []babelforce.Event) {
	t.Helper()
	var ends []babelforce.Call
	for _, event := range events {
		if event.Name == babelforce.CallFinished && event.Call.ParentID == "" {
			ends = append(ends, event.Call)
		}
		if event.Name == babelforce.RecordingFinished {
			require.Equal(t, story.Want.Recording, event.Recording.URL)
		}
		require.Equal(t, event.Name == babelforce.CallFinished && story.Want.Outcome == "after_hours", event.Extra["app.afterHours"] == "true")
	}
	require.Len(t, ends, 1, story.Title)
	require.Equal(t, story.Want.Recording != "", slices.Contains(names(story), babelforce.RecordingFinished))
	require.Equal(t, story.Want.Outcome == "failed", ends[0].FinishReason == "failed")
	require.Equal(t, story.Want.Answered(), story.Want.Outcome == "answered")
}

// checkBridges checks the connected agents and their order.
func checkBridges(t *testing.T, want Want, events []babelforce.Event) {
	t.Helper()
	var bridges []Bridge
	for _, event := range events {
		if event.Name != babelforce.CallBridged {
			continue
		}
		bridge := Bridge{Agent: event.Agent, Queue: event.Queue.Name}
		if event.Call.Domain == "external" {
			bridge.Waited = *event.Call.Duration
		}
		if !slices.Contains(bridges, bridge) { // a delivery may be repeated
			bridges = append(bridges, bridge)
		}
	}
	require.Equal(t, want.Bridges, bridges)
	for i := range bridges[min(1, len(bridges)):] {
		require.Less(t, bridges[i].Waited, bridges[i+1].Waited, "a later agent picks up later")
	}
	if len(bridges) > 0 {
		require.Equal(t, bridges[len(bridges)-1].Agent, want.Agent())
	}
}

func TestStoryMatchesItsTitle(t *testing.T) {
	// The sources of the agents' legs, in the order in which the legs end.
	for title, want := range map[string][]string{
		"answered at the first ring":           {"queue, lasted"},
		"answered by the second agent":         {"queue", "queue, lasted"},
		"two agents rung at once":              {"queue", "queue, lasted"},
		"no agent answers, the queue gives up": {"queue", "queue"},
		"abandoned before any queue":           nil,
		"ended by the flow":                    nil,
		"after hours":                          nil,
		"failed":                               nil,
		"warm transfer":                        {"queue, lasted", "transfer, lasted"},
		"cold transfer":                        {"queue, lasted", "transfer, lasted"},
		"back to the queue":                    {"queue, lasted", "queue", "queue, lasted"},
	} {
		story, _ := storyTitled(t, title)
		var legs []string
		for _, event := range decodeSteps(t, story) {
			if event.Call.ParentID == "" {
				continue
			}
			require.Equal(t, babelforce.CallFinished, event.Name, "child legs are reported when they end")
			leg := event.Call.Source
			if *event.Call.Duration > 0 {
				leg += ", lasted"
			}
			legs = append(legs, leg)
		}
		require.Subset(t, legs, want, title)
		require.GreaterOrEqual(t, len(legs), len(want), title)
		require.Equal(t, want == nil, legs == nil, title)
	}
	for title, outcome := range map[string]string{
		"abandoned in the queue": "abandoned_in_queue", "abandoned before any queue": "abandoned_in_flow", "failed": "failed",
		"no agent answers, the queue gives up": "no_agent", "ended by the flow": "ended_by_flow", "after hours": "after_hours",
		"outbound, answered": "answered", "outbound, not answered": "unreached", "recorded": "answered",
	} {
		story, _ := storyTitled(t, title)
		require.Equal(t, outcome, story.Want.Outcome)
	}
}

func TestEitherLegOfAnOutboundCallIsTheParent(t *testing.T) {
	parents := make(map[string]int)
	for _, story := range someStories(t, 5, agents, 5*aDeck()) {
		if story.Want.Direction == "out" {
			first := decodeSteps(t, story)[0]
			require.Equal(t, babelforce.CallOutbound, first.Name)
			require.Empty(t, first.Call.ParentID)
			parents[first.Call.Domain]++
		}
	}
	require.Len(t, parents, 2)
}
