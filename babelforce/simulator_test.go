package babelforce

import (
	"bytes"
	"fmt"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var (
	storyStart = time.Date(2026, 6, 24, 10, 15, 2, 345, time.FixedZone("CEST", 7200))
	twoAgents  = []Agent{
		{ID: "a1", Name: "Ada", SourceID: "5f0c00000000000000000001", Number: "+493023125090"},
		{ID: "a2", Name: "Bob", SourceID: "5f0c00000000000000000002"},
	}
)

func someStories(t *testing.T, seed int64, agents []Agent, n int) []Story {
	t.Helper()
	sim, err := NewSimulator(seed, agents, nil)
	require.NoError(t, err)
	var stories []Story
	for i := range n {
		stories = append(stories, sim.Next(storyStart.Add(time.Duration(i)*time.Minute)))
	}
	return stories
}

func decodeSteps(t *testing.T, story Story) []Event {
	t.Helper()
	var events []Event
	for _, step := range story.Steps {
		event, err := Decode(step.Event, step.ContentType, step.Body)
		require.NoError(t, err)
		events = append(events, event)
	}
	return events
}

func TestSameSeedTellsTheSameStories(t *testing.T) {
	require.Equal(t, someStories(t, 1, twoAgents, 50), someStories(t, 1, twoAgents, 50))
	require.NotEqual(t, someStories(t, 1, twoAgents, 50), someStories(t, 2, twoAgents, 50))
}

func TestOneDeckShowsEveryKindOfCall(t *testing.T) {
	for seed := range int64(50) {
		seen := make(map[string]int)
		for _, story := range someStories(t, seed, twoAgents, 21) {
			seen[story.Title]++
		}
		for _, p := range plots {
			require.Equal(t, p.weight, seen[p.title], p.title)
		}
	}
}

func TestStoriesAreConsistent(t *testing.T) {
	sourceIDs := map[string]string{"": ""}
	for _, agent := range twoAgents {
		sourceIDs[agent.Name] = agent.SourceID
	}
	keys := make(map[string]bool)
	for _, story := range someStories(t, 3, twoAgents, 200) {
		require.False(t, keys[story.Key], "one key, one call")
		keys[story.Key] = true
		require.Len(t, story.Key, 32)

		var answered, finished bool
		var last time.Duration
		for i, event := range decodeSteps(t, story) {
			require.Equal(t, story.Key, event.Call.Key())
			require.GreaterOrEqual(t, story.Steps[i].After, last)
			last = story.Steps[i].After
			require.Equal(t, story.Want.From, event.Call.From)
			require.Equal(t, event.Call.From == "anonymous", event.Call.Anonymous)
			require.Nil(t, event.Extra)
			if event.Call.ParentID != "" {
				checkChildLeg(t, event, story.Want)
				continue
			}
			checkParentLeg(t, event, story.Want)
			answered = answered || event.Name == CallBridged
			finished = finished || event.Name == CallFinished
		}
		require.Equal(t, story.Want.Answered, answered, story.Title)
		require.Equal(t, story.Want.Finished, finished, story.Title)
		require.Equal(t, story.Want.Answered, story.Want.AgentSourceID != "")
		require.Equal(t, sourceIDs[story.Want.AgentName], story.Want.AgentSourceID)
		require.Less(t, last, 9*time.Second)
		require.Greater(t, last, time.Second)
	}
}

func checkChildLeg(t *testing.T, event Event, want Want) {
	t.Helper()
	call := event.Call
	require.Equal(t, CallFinished, event.Name)
	require.Equal(t, []string{"outbound", "queue", "internal"}, []string{call.Type, call.Source, call.Domain})
	require.NotEqual(t, call.ID, call.ParentID)
	require.Equal(t, event.Agent.Number, call.To)
	require.False(t, call.DateFinished.Before(call.DateCreated))
	if *call.Duration == 0 {
		require.Equal(t, "system-hangup", call.FinishReason)
		require.Zero(t, call.DateEstablished)
		return
	}
	require.Contains(t, []string{"hangup", "passive-hangup"}, call.FinishReason)
	require.Equal(t, want.AgentSourceID, event.Agent.SourceID)
	require.Equal(t, *call.Duration, int(call.DateFinished.Sub(call.DateEstablished).Seconds()))
}

func checkParentLeg(t *testing.T, event Event, want Want) {
	t.Helper()
	call := event.Call
	require.Equal(t, []string{"inbound", "queue", "external"}, []string{call.Type, call.Source, call.Domain})
	require.NotEmpty(t, call.SessionID)
	require.Zero(t, call.DateCreated.Nanosecond())
	switch event.Name {
	case CallInbound:
		require.Nil(t, call.Duration)
		require.Zero(t, event.Agent)
	case CallBridged:
		require.Equal(t, want.AgentSourceID, event.Agent.SourceID)
		require.Equal(t, want.AgentName, event.Agent.Name)
		require.NotEmpty(t, event.Queue.Name)
		require.Equal(t, want.QueueName, event.Queue.Name)
		require.Equal(t, *call.Duration, int(call.DateEstablished.Sub(call.DateCreated).Seconds()))
		require.Equal(t, want.Waited, *call.Duration)
	case CallFinished:
		require.Equal(t, map[bool]string{true: "passive-hangup", false: "hangup"}[want.Answered], call.FinishReason)
		require.Equal(t, *call.Duration, int(call.DateFinished.Sub(call.DateCreated).Seconds()))
		require.Equal(t, want.Total, *call.Duration)
	}
}

// storyTitled returns the first of many stories that has the title, and those told before it.
func storyTitled(t *testing.T, title string) (found Story, before []Story) {
	t.Helper()
	for _, story := range someStories(t, 4, twoAgents, 21) {
		if story.Title == title {
			return story, before
		}
		before = append(before, story)
	}
	require.Fail(t, "no such story", title)
	return
}

func TestTroubleIsWhatItsTitleSays(t *testing.T) {
	names := func(story Story) (names []EventName) {
		for _, step := range story.Steps {
			names = append(names, step.Event)
		}
		return names
	}
	story, _ := storyTitled(t, "bridged arrives before inbound")
	require.Equal(t, []EventName{CallBridged, CallInbound, CallFinished, CallFinished}, names(story))

	story, _ = storyTitled(t, "finished arrives before bridged")
	require.Equal(t, []EventName{CallInbound, CallFinished, CallFinished, CallBridged}, names(story))

	story, _ = storyTitled(t, "bridged delivered twice")
	require.Equal(t, []EventName{CallInbound, CallBridged, CallBridged, CallFinished, CallFinished}, names(story))
	require.Equal(t, story.Steps[1].Body, story.Steps[2].Body)

	story, _ = storyTitled(t, "answered by the second agent")
	events := decodeSteps(t, story)
	require.Equal(t, []EventName{CallInbound, CallFinished, CallBridged, CallFinished, CallFinished}, names(story))
	require.NotEqual(t, events[1].Agent.Name, events[2].Agent.Name)

	story, _ = storyTitled(t, "abandoned in the queue")
	require.False(t, story.Want.Answered)

	story, _ = storyTitled(t, "number withheld")
	require.Equal(t, "anonymous", story.Want.From)

	story, before := storyTitled(t, "repeat caller")
	known := make(map[string]bool)
	for _, earlier := range before {
		known[earlier.Want.From] = true
	}
	require.True(t, known[story.Want.From])
}

func TestEveryNumberIsReservedForFiction(t *testing.T) {
	fictional := regexp.MustCompile(`^(\+493023125\d{3}|\+442079460\d{3}|\+12025550(1\d\d)|anonymous)$`)
	for _, story := range someStories(t, 5, twoAgents, 300) {
		for _, event := range decodeSteps(t, story) {
			require.Regexp(t, fictional, event.Call.From)
			require.Regexp(t, fictional, event.Call.To)
		}
	}
}

func TestEveryEncodingAndTimeFormIsTold(t *testing.T) {
	seen := make(map[string]int)
	for _, story := range someStories(t, 6, twoAgents, 100) {
		step := story.Steps[0]
		seen[step.ContentType]++
		form := regexp.MustCompile(`dateCreated(?:":"?|=)(\d{4}-|\d{13}|\d{10})`).FindSubmatch(step.Body)
		require.NotNil(t, form)
		seen[fmt.Sprint("time of ", len(form[1]))]++
		if bytes.Contains(step.Body, []byte("{agent.sourceId}")) {
			seen["placeholder"]++
		}
	}
	for _, form := range []string{"application/json", "application/json; charset=utf-8", formType, "time of 5", "time of 10", "time of 13", "placeholder"} {
		require.NotZero(t, seen[form], form)
	}
	require.Greater(t, seen["application/json"], 40, "mostly nested")
}

func TestEncodeIsTheInverseOfDecode(t *testing.T) {
	for _, shape := range []encoding{nestedJSON, flatJSON, formFields} {
		for _, form := range []timeForm{unixSeconds, unixMillis, rfc3339} {
			contentType, body := encode(wholeEvent, shape, form)
			require.Equal(t, wholeEvent, mustDecode(t, contentType, string(body)), shape)
		}
	}
}

func TestOneAgentIsEnough(t *testing.T) {
	for _, story := range someStories(t, 7, twoAgents[:1], 40) {
		require.NotEqual(t, "answered by the second agent", story.Title)
	}
}

func TestSimulatorNeedsAgentsThatKustomerKnows(t *testing.T) {
	for _, agents := range [][]Agent{nil, {{ID: "a1", Name: "Ada"}}, {{ID: "a1", SourceID: "5f0c"}}, {{Name: "Ada", SourceID: "5f0c"}}} {
		_, err := NewSimulator(1, agents, nil)
		require.Error(t, err)
	}
}
