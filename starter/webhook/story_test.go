package webhook

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/babelforce"
	"github.com/callthread/callthread/babelforce/simulator"
	"github.com/callthread/callthread/call"
)

// expected returns the facts that a call's record derives from the events in their order.
func expected(t *testing.T, story simulator.Story) call.Facts {
	t.Helper()
	record := call.Record{Key: story.Key, Started: time.Now(), Limits: call.DefaultLimits}
	for _, step := range story.Steps {
		decoded, err := babelforce.Decode(step.Event, step.ContentType, step.Body)
		require.NoError(t, err)
		require.NoError(t, attributable(decoded))
		record.Add(decoded.Report(time.Now()), time.Now())
	}
	return record.Expected()
}

func TestStoryDoesNotDependOnTheOrder(t *testing.T) {
	agents := []babelforce.Agent{{ID: "a1", Name: "Ada", SourceID: "1"}, {ID: "a2", Name: "Bob", SourceID: "2"}, {ID: "a3", Name: "Cem", SourceID: "3"}}
	sim, err := simulator.New(1, agents, nil)
	require.NoError(t, err)
	rng := rand.New(rand.NewPCG(1, 1))
	for range 500 {
		story := sim.Next(time.Now())
		want := call.Summary{WaitSeconds: &story.Want.Waited, EndedBy: story.Want.EndedBy}
		if story.Want.Answered() {
			want.TalkSeconds = &story.Want.Talked
		}
		for _, bridge := range story.Want.Bridges {
			want.Agents = append(want.Agents, bridge.Agent.Name)
		}
		for range 5 {
			is := expected(t, story)
			if story.Want.Outcome == "unreached" {
				is.Summary.Agents = nil // not every event names the agent who placed the call
			}
			require.Equal(t, story.Want.Outcome, string(is.Outcome), order(story))
			require.Equal(t, want, is.Summary, order(story))
			require.Equal(t, story.Want.Total, *is.Leg.Seconds, order(story))
			require.Equal(t, story.Want.Direction, is.Direction())
			if story.Want.Customer != "anonymous" {
				require.Equal(t, story.Want.Customer, is.CustomersNumber())
			}
			rng.Shuffle(len(story.Steps), func(i, j int) { story.Steps[i], story.Steps[j] = story.Steps[j], story.Steps[i] })
		}
	}
}

// order names a story and the order of its events, for failures.
func order(story simulator.Story) (order []string) {
	order = append(order, story.Title)
	for _, step := range story.Steps {
		order = append(order, string(step.Event))
	}
	return order
}
