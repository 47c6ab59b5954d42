package reconcile

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/babelforce"
	"github.com/callthread/callthread/babelforce/simulator"
	"github.com/callthread/callthread/reconcile"
)

// resultOf is what a comparison with babelforce's log must say of a call, by the webhooks
// that were delivered. It looks at no run and at no comparison.
func resultOf(whole, delivered simulator.Story) (reconcile.Result, error) {
	var isKnown, hasEnded, agentsLegEnded, isQueued bool
	pickUps := make(map[string]bool) // by agent and time
	for _, step := range delivered.Steps {
		event, err := babelforce.Decode(step.Event, step.ContentType, step.Body)
		if err != nil {
			return "", err
		}
		isChild := event.Call.ParentID != ""
		switch event.Name {
		case babelforce.RecordingFinished:
			continue // begins no call
		case babelforce.CallBridged:
			pickUps[event.Agent.ID+event.Call.DateCreated.Add(time.Duration(*event.Call.Duration)*time.Second).String()] = true
		case babelforce.CallFinished:
			hasEnded = hasEnded || !isChild
			agentsLegEnded = agentsLegEnded || isChild && !event.Call.DateEstablished.IsZero()
		}
		isKnown, isQueued = true, isQueued || isChild
	}
	hasAll := len(pickUps) == len(whole.Want.Bridges)
	if len(whole.Want.Bridges) == 1 { // the end of the agent's leg says as much
		hasAll = hasAll || agentsLegEnded
	}
	waitedInQueue := whole.Want.Outcome == "abandoned_in_queue" || whole.Want.Outcome == "no_agent" // which only agents' legs show
	switch {
	case !isKnown:
		return reconcile.Missed, nil
	case !hasEnded, !hasAll, waitedInQueue && !isQueued:
		return reconcile.Incomplete, nil
	}
	return reconcile.Matched, nil
}

func TestResultFollowsFromWhatWasDelivered(t *testing.T) {
	agents := []babelforce.Agent{{ID: "a1", Name: "Ada", SourceID: "s1"}, {ID: "a2", Name: "Bo", SourceID: "s2"}, {ID: "a3", Name: "Cy", SourceID: "s3"}}
	invented, err := simulator.New(1, agents, nil)
	require.NoError(t, err)
	invented.Incoming, invented.Unrecorded = true, true
	only := func(story simulator.Story, keep func(babelforce.Event) bool) simulator.Story {
		var steps []simulator.Step
		for _, step := range story.Steps {
			event, err := babelforce.Decode(step.Event, step.ContentType, step.Body)
			require.NoError(t, err)
			if keep(event) {
				steps = append(steps, step)
			}
		}
		story.Steps = steps
		return story
	}
	isEnd := func(e babelforce.Event) bool { return e.Name == babelforce.CallFinished && e.Call.ParentID == "" }
	for range 60 {
		story := invented.Next(time.Now())
		for name, c := range map[string]struct {
			keep func(babelforce.Event) bool
			want reconcile.Result
		}{
			"all":          {func(babelforce.Event) bool { return true }, reconcile.Matched},
			"nothing":      {func(babelforce.Event) bool { return false }, reconcile.Missed},
			"without end":  {func(e babelforce.Event) bool { return !isEnd(e) }, reconcile.Incomplete},
			"without ring": {func(e babelforce.Event) bool { return e.Name != babelforce.CallInbound }, reconcile.Matched},
		} {
			is, err := resultOf(story, only(story, c.keep))
			require.NoError(t, err)
			require.Equal(t, c.want, is, "%s: %s", story.Title, name)
		}
		is, err := resultOf(story, only(story, isEnd))
		require.NoError(t, err)
		reachedAgents := story.Want.Answered() || story.Want.Outcome == "abandoned_in_queue" || story.Want.Outcome == "no_agent"
		require.Equal(t, reachedAgents, is == reconcile.Incomplete, story.Title)
	}
}
