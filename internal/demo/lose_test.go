package demo

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/babelforce"
	"github.com/callthread/callthread/babelforce/simulator"
	"github.com/callthread/callthread/reconcile"
)

func TestOnlyWebhooksReportAfterHours(t *testing.T) {
	invented, err := simulator.New(1, []babelforce.Agent{{ID: "a1", Name: "Ada", SourceID: "s1"}}, nil)
	require.NoError(t, err)
	invented.Incoming, invented.Unrecorded = true, true
	for range 60 {
		whole := invented.Next(time.Now())
		same, err := asLogged(whole, whole)
		require.NoError(t, err)
		require.Equal(t, whole.Want, same.Want)
		none := whole
		none.Steps = nil
		lost, err := asLogged(whole, none)
		require.NoError(t, err)
		if whole.Want.Outcome == "after_hours" {
			require.Equal(t, map[string]string{"caller": "abandoned_in_flow", "flow": "ended_by_flow"}[whole.Want.EndedBy], lost.Want.Outcome)
		} else {
			require.Equal(t, whole.Want, lost.Want)
		}
	}
}

func TestCallIsCompleteOnceComparisonFindsNothing(t *testing.T) {
	now := time.Now().Truncate(time.Second)
	var said []reconcile.Verdict
	one := &lossy{logged: now.Add(-time.Minute), whole: make(chan struct{})}
	l := &losses{lossy: map[string]*lossy{"a": one}, say: func(v reconcile.Verdict) { said = append(said, v) }}
	isWhole := func() bool {
		select {
		case <-one.whole:
			return true
		default:
			return false
		}
	}
	var lacks reconcile.Comparison
	lacks.Add(reconcile.Verdict{CallID: "a", Result: reconcile.Missed})
	l.note(now, lacks)
	l.note(now, lacks)
	require.Len(t, said, 1)
	require.False(t, isWhole())
	l.note(now, reconcile.Comparison{Gaps: []reconcile.Gap{{Why: "the log was away"}}})
	l.note(now.Add(-2*time.Minute), reconcile.Comparison{})
	require.False(t, isWhole(), "its row was not there yet, or not everything was seen")
	l.note(now, reconcile.Comparison{})
	require.True(t, isWhole())
	l.note(now, reconcile.Comparison{})
}
