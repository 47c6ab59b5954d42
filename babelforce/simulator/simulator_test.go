package simulator

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/callthread/callthread/babelforce"
	"github.com/stretchr/testify/require"
)

var (
	storyStart = time.Date(2026, 6, 24, 10, 15, 2, 345, time.FixedZone("CEST", 7200))
	agents     = []babelforce.Agent{
		{ID: "a1", Name: "Ada", SourceID: "5f0c00000000000000000001", Number: "+493023125090"},
		{ID: "a2", Name: "Bob", SourceID: "5f0c00000000000000000002"},
		{ID: "a3", Name: "Cem", SourceID: "5f0c00000000000000000003"},
	}
)

func someStories(t *testing.T, seed int64, agents []babelforce.Agent, n int) []Story {
	t.Helper()
	sim, err := New(seed, agents, nil)
	require.NoError(t, err)
	var stories []Story
	for i := range n {
		stories = append(stories, sim.Next(storyStart.Add(time.Duration(i)*time.Minute)))
	}
	return stories
}

func decodeSteps(t *testing.T, story Story) []babelforce.Event {
	t.Helper()
	var events []babelforce.Event
	for _, step := range story.Steps {
		event, err := babelforce.Decode(step.Event, step.ContentType, step.Body)
		require.NoError(t, err)
		events = append(events, event)
	}
	return events
}

func TestSameSeedGivesTheSameStories(t *testing.T) {
	require.Equal(t, someStories(t, 1, agents, 50), someStories(t, 1, agents, 50))
	require.NotEqual(t, someStories(t, 1, agents, 50), someStories(t, 2, agents, 50))
}

// aDeck is the number of calls that contain every kind.
func aDeck() (cards int) {
	for _, p := range plots {
		cards += p.weight
	}
	return cards
}

func TestDeckHasEveryKindAndTheMainOnesFirst(t *testing.T) {
	main := 0
	for _, p := range plots {
		if p.early {
			main++
		}
	}
	for seed := range int64(50) {
		all, first := make(map[string]int), make(map[string]int)
		for _, story := range someStories(t, seed, agents, aDeck()) {
			all[story.Title]++
			if len(first) < main {
				first[story.Title]++
			}
		}
		for _, p := range plots {
			require.Equal(t, p.weight, all[p.title], p.title)
			require.Equal(t, p.early, first[p.title] == 1, p.title)
		}
	}
}

// storyTitled returns the first story with the title, and the stories before it.
func storyTitled(t *testing.T, title string) (found Story, before []Story) {
	t.Helper()
	for _, story := range someStories(t, 4, agents, aDeck()) {
		if story.Title == title {
			return story, before
		}
		before = append(before, story)
	}
	require.Fail(t, "no such story", title)
	return
}

func names(story Story) (names []babelforce.EventName) {
	for _, step := range story.Steps {
		names = append(names, step.Event)
	}
	return names
}

func TestTroubleMatchesItsTitle(t *testing.T) {
	story, _ := storyTitled(t, "bridged arrives before inbound")
	require.Equal(t, []babelforce.EventName{babelforce.CallBridged, babelforce.CallInbound, babelforce.CallFinished, babelforce.CallFinished}, names(story))

	story, _ = storyTitled(t, "finished arrives before bridged")
	require.Equal(t, []babelforce.EventName{babelforce.CallInbound, babelforce.CallFinished, babelforce.CallFinished, babelforce.CallBridged}, names(story))

	story, _ = storyTitled(t, "bridged delivered twice")
	require.Equal(t, []babelforce.EventName{babelforce.CallInbound, babelforce.CallBridged, babelforce.CallBridged, babelforce.CallFinished, babelforce.CallFinished}, names(story))
	require.Equal(t, story.Steps[1].Body, story.Steps[2].Body)

	story, before := storyTitled(t, "repeat caller")
	known := make(map[string]bool)
	for _, earlier := range before {
		known[earlier.Want.Customer] = true
	}
	require.True(t, known[story.Want.Customer])
}

func TestNumbersAreReservedForFiction(t *testing.T) {
	fictional := regexp.MustCompile(`^(\+493023125\d{3}|\+442079460\d{3}|\+12025550(1\d\d)|anonymous)$`)
	for _, story := range someStories(t, 5, agents, 300) {
		for _, event := range decodeSteps(t, story) {
			require.Regexp(t, fictional, event.Call.From)
			require.Regexp(t, fictional, event.Call.To)
		}
	}
}

func TestEveryEncodingAndTimeFormIsUsed(t *testing.T) {
	seen := make(map[string]int)
	for _, story := range someStories(t, 6, agents, 100) {
		step := story.Steps[0]
		seen[step.ContentType]++
		form := regexp.MustCompile(`dateCreated(?:":"?|=)(\d{4}-|\d{13}|\d{10})`).FindSubmatch(step.Body)
		require.NotNil(t, form)
		seen[fmt.Sprint("time of ", len(form[1]))]++
		if bytes.Contains(step.Body, []byte("{agent.sourceId}")) {
			seen["placeholder"]++
		}
	}
	for _, form := range []string{"application/json", "application/json; charset=utf-8", "application/x-www-form-urlencoded", "time of 5", "time of 10", "time of 13", "placeholder"} {
		require.NotZero(t, seen[form], form)
	}
	require.Greater(t, seen["application/json"], 40, "mostly nested")
}

func TestOneAgentSufficesForMostCalls(t *testing.T) {
	for n := range agents[1:] {
		for _, story := range someStories(t, 7, agents[:n+1], aDeck()) {
			hands := make(map[string]bool)
			for _, event := range decodeSteps(t, story) {
				hands[event.Agent.ID] = true
			}
			delete(hands, "")
			require.LessOrEqual(t, len(hands), n+1, story.Title)
		}
	}
}

func TestOmittedKindsAreNotPlayed(t *testing.T) {
	for _, left := range []Simulator{{Incoming: true}, {Unrecorded: true}, {Incoming: true, Unrecorded: true}} {
		sim, err := New(1, agents, nil)
		require.NoError(t, err)
		sim.Incoming, sim.Unrecorded = left.Incoming, left.Unrecorded
		var placed, recorded bool
		for range 2 * aDeck() {
			played := names(sim.Next(storyStart))
			placed = placed || slices.Contains(played, babelforce.CallOutbound)
			recorded = recorded || slices.Contains(played, babelforce.RecordingFinished)
		}
		require.Equal(t, !left.Incoming, placed)
		require.Equal(t, !left.Unrecorded, recorded)
	}
}

func TestSimulatorNeedsAgentsThatKustomerKnows(t *testing.T) {
	for _, agents := range [][]babelforce.Agent{nil, {{ID: "a1", Name: "Ada"}}, {{ID: "a1", SourceID: "5f0c"}}, {{Name: "Ada", SourceID: "5f0c"}}} {
		_, err := New(1, agents, nil)
		require.Error(t, err)
	}
}
