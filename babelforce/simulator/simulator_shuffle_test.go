package simulator

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/callthread/callthread/babelforce"
	"github.com/stretchr/testify/require"
)

func newSimulator(t *testing.T, seed int64) *Simulator {
	t.Helper()
	simulator, err := New(seed, agents, nil)
	require.NoError(t, err)
	return simulator
}

// deliveries counts the deliveries of each event.
func deliveries(steps []Step) map[string]int {
	times := make(map[string]int)
	for _, step := range steps {
		times[string(step.Event)+string(step.Body)]++
	}
	return times
}

func TestShuffleKeepsEveryStep(t *testing.T) {
	simulator := newSimulator(t, 8)
	shuffled, reordered, repeated := 0, 0, 0
	for range 400 {
		original := simulator.Next(storyStart)
		before := slices.Clone(original.Steps)
		story := simulator.Shuffle(original)
		require.Equal(t, before, original.Steps, "the argument is not changed")
		if story.Title == original.Title {
			require.Equal(t, original, story)
			continue
		}
		shuffled++
		require.Equal(t, []any{original.Title + ", shuffled", original.Key, original.Want}, []any{story.Title, story.Key, story.Want})
		once, now := deliveries(original.Steps), deliveries(story.Steps)
		require.Equal(t, slices.Sorted(maps.Keys(once)), slices.Sorted(maps.Keys(now)))
		for event, times := range once {
			require.GreaterOrEqual(t, now[event], times)
			require.LessOrEqual(t, now[event], 2*times)
		}
		require.NotEqual(t, babelforce.RecordingFinished, story.Steps[0].Event, "a recording is never the first step")
		for i := range story.Steps[1:] {
			require.LessOrEqual(t, story.Steps[i].After, story.Steps[i+1].After)
		}
		require.LessOrEqual(t, story.Steps[len(story.Steps)-1].After, 2*time.Second)
		if string(story.Steps[0].Body) != string(original.Steps[0].Body) {
			reordered++
		}
		if len(story.Steps) > len(original.Steps) {
			repeated++
		}
	}
	require.InDelta(t, 200, shuffled, 40)
	require.Greater(t, reordered, shuffled/2)
	require.Greater(t, repeated, shuffled/2)
}

func TestSameSeedShufflesAlike(t *testing.T) {
	invent := func() (stories []Story) {
		simulator := newSimulator(t, 9)
		for range 50 {
			stories = append(stories, simulator.Shuffle(simulator.Next(storyStart)))
		}
		return stories
	}
	require.Equal(t, invent(), invent())
}
