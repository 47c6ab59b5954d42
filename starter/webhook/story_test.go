package webhook

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/babelforce"
	"github.com/callthread/callthread/call"
)

// told is what the call's own rules make of a story's events, in the order given.
func told(t *testing.T, story babelforce.Story) (over call.Over, summary call.Summary) {
	t.Helper()
	var bridges []call.Event
	heard := make(map[string]bool)
	over.Facts.Key = story.Key
	for _, step := range story.Steps {
		decoded, err := babelforce.Decode(step.Event, step.ContentType, step.Body)
		require.NoError(t, err)
		require.NoError(t, attributable(decoded))
		event := Translate(decoded, time.Now())
		if heard[event.ID] {
			continue
		}
		heard[event.ID] = true
		over.Facts = over.Facts.Learn(event)
		switch {
		case event.Kind == call.Bridged:
			over.Bridged, bridges = true, append(bridges, event)
		case event.Kind == call.Finished && event.Leg.IsChild():
			over.Attempts = append(over.Attempts, call.Attempt{Leg: event.Leg, Agent: event.Agent, Queue: event.Queue})
		case event.Kind == call.Finished:
			over.Ended = true
		}
	}
	return over, over.Summary(bridges)
}

func TestWhatASimulatedCallWantsIsWhatItsEventsTellInWhateverOrder(t *testing.T) {
	agents := []babelforce.Agent{{ID: "a1", Name: "Ada", SourceID: "1"}, {ID: "a2", Name: "Bob", SourceID: "2"}, {ID: "a3", Name: "Cem", SourceID: "3"}}
	simulator, err := babelforce.NewSimulator(1, agents, nil)
	require.NoError(t, err)
	rng := rand.New(rand.NewPCG(1, 1))
	for range 500 {
		story := simulator.Next(time.Now())
		want := call.Summary{WaitSeconds: &story.Want.Waited, EndedBy: story.Want.EndedBy}
		if story.Want.Answered() {
			want.TalkSeconds = &story.Want.Talked
		}
		for _, bridge := range story.Want.Bridges {
			want.Agents = append(want.Agents, bridge.Agent.Name)
		}
		for range 5 {
			over, is := told(t, story)
			if story.Want.Outcome == "unreached" {
				is.Agents = nil // who has placed it is not always told
			}
			require.Equal(t, story.Want.Outcome, string(over.Outcome()), order(story))
			require.Equal(t, want, is, order(story))
			require.Equal(t, story.Want.Total, *over.Facts.Leg.Seconds, order(story))
			require.Equal(t, story.Want.Direction == "out", over.Facts.Outgoing)
			if story.Want.Customer != "anonymous" {
				require.Equal(t, story.Want.Customer, over.Facts.CustomersNumber())
			}
			rng.Shuffle(len(story.Steps), func(i, j int) { story.Steps[i], story.Steps[j] = story.Steps[j], story.Steps[i] })
		}
	}
}

// order says which story failed, and in which order of its events.
func order(story babelforce.Story) (order []string) {
	order = append(order, story.Title)
	for _, step := range story.Steps {
		order = append(order, string(step.Event))
	}
	return order
}
