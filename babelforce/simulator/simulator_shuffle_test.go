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

// deliveries counts how often each event is delivered.
func deliveries(steps []Step) map[string]int {
	times := make(map[string]int)
	for _, step := range steps {
		times[string(step.Event)+string(step.Body)]++
	}
	return times
}

func TestShufflingDeliversEveryStepSomeTwiceAndChangesNothingElse(t *testing.T) {
	simulator := newSimulator(t, 8)
	shuffled, reordered, repeated := 0, 0, 0
	for range 400 {
		told := simulator.Next(storyStart)
		before := slices.Clone(told.Steps)
		story := simulator.Shuffle(told)
		require.Equal(t, before, told.Steps, "the story that was handed in stays as it is")
		if story.Title == told.Title {
			require.Equal(t, told, story)
			continue
		}
		shuffled++
		require.Equal(t, []any{told.Title + ", shuffled", told.Key, told.Want}, []any{story.Title, story.Key, story.Want})
		once, now := deliveries(told.Steps), deliveries(story.Steps)
		require.Equal(t, slices.Sorted(maps.Keys(once)), slices.Sorted(maps.Keys(now)))
		for event, times := range once {
			require.GreaterOrEqual(t, now[event], times)
			require.LessOrEqual(t, now[event], 2*times)
		}
		require.NotEqual(t, babelforce.RecordingFinished, story.Steps[0].Event, "it begins no call")
		for i := range story.Steps[1:] {
			require.LessOrEqual(t, story.Steps[i].After, story.Steps[i+1].After)
		}
		require.LessOrEqual(t, story.Steps[len(story.Steps)-1].After, 2*time.Second)
		if string(story.Steps[0].Body) != string(told.Steps[0].Body) {
			reordered++
		}
		if len(story.Steps) > len(told.Steps) {
			repeated++
		}
	}
	require.InDelta(t, 200, shuffled, 40)
	require.Greater(t, reordered, shuffled/2)
	require.Greater(t, repeated, shuffled/2)
}

func TestSameSeedShufflesAlike(t *testing.T) {
	tell := func() (stories []Story) {
		simulator := newSimulator(t, 9)
		for range 50 {
			stories = append(stories, simulator.Shuffle(simulator.Next(storyStart)))
		}
		return stories
	}
	require.Equal(t, tell(), tell())
}
