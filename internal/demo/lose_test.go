package demo

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/babelforce"
	"github.com/callthread/callthread/babelforce/simulator"
	"github.com/callthread/callthread/reconcile"
)

func TestWhatAComparisonMustSayFollowsFromWhatWasDelivered(t *testing.T) {
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
			is, err := Told(story, only(story, c.keep))
			require.NoError(t, err)
			require.Equal(t, c.want, is, "%s: %s", story.Title, name)
		}
		is, err := Told(story, only(story, isEnd))
		require.NoError(t, err)
		require.Equal(t, story.Want.Answered(), is == reconcile.Incomplete, story.Title)
	}
}

func TestStatementThatIsNotTheListOfWhatWasLostIsAProblem(t *testing.T) {
	l := &losses{expected: map[string]reconcile.Result{"a": reconcile.Missed, "b": reconcile.Incomplete, "c": reconcile.Matched}}
	add := func(verdicts ...reconcile.Verdict) {
		l.statement = reconcile.Comparison{}
		for _, v := range verdicts {
			l.statement.Add(v)
		}
	}
	missed, incomplete := reconcile.Verdict{CallID: "a", Result: reconcile.Missed}, reconcile.Verdict{CallID: "b", Result: reconcile.Incomplete}
	add(missed, incomplete, reconcile.Verdict{CallID: "c", Result: reconcile.Matched})
	require.Empty(t, l.problems())
	add(missed)
	require.Len(t, l.problems(), 1, "one that is not found")
	add(missed, reconcile.Verdict{CallID: "b", Result: reconcile.Missed})
	require.Len(t, l.problems(), 1, "one that is found to be something else")
	add(missed, incomplete, reconcile.Verdict{CallID: "d", Result: reconcile.Missed})
	require.Len(t, l.problems(), 1, "one that was not lost")
	add(missed, incomplete)
	l.statement.Gaps = []reconcile.Gap{{Why: "the log was away"}}
	require.Equal(t, []string{"not compared: the log was away"}, l.problems())
}
