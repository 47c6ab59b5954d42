package reconcile

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/babelforce/sandbox"
	"github.com/callthread/callthread/call"
)

// waits returns calls of the log that were not over at the last pass.
func waits(ids ...string) (waiting []Verdict) {
	for i, id := range ids {
		waiting = append(waiting, Verdict{CallID: id, Rang: noon.Add(time.Duration(i) * time.Second), Result: NotYet})
	}
	return waiting
}

func TestWaitingCallsAreReadCheaply(t *testing.T) {
	var ids []string
	for n := range maxOld + 1 {
		ids = append(ids, fmt.Sprintf("call-%03d", n))
	}
	for name, c := range map[string]struct {
		calls    int
		recently time.Time
		requests int
	}{
		"a few":               {3, noon.Add(-time.Hour), 8},
		"many":                {40, noon.Add(-time.Hour), 8},
		"many after an hour":  {maxOld + 1, noon.Add(time.Hour), 8},
		"a few after an hour": {30, noon.Add(time.Hour), 70},
	} {
		t.Run(name, func(t *testing.T) {
			a, temporal, log := comparing(t, ids...)
			for _, id := range ids[:c.calls] {
				temporal.has(id, nil)
			}
			before := log.Requests()
			is, err := a.CompareWaiting(t.Context(), waits(ids[:c.calls]...), c.recently)
			require.NoError(t, err)
			require.Equal(t, map[Result]int{Matched: c.calls}, is.Counts)
			require.Less(t, log.Requests()-before, c.requests)
		})
	}
}

// Only the agents' legs show that the caller waited in a queue.
func TestWaitingCallWithoutItsQueueIsFound(t *testing.T) {
	a, temporal, log := comparing(t)
	log.Log(
		sandbox.Row{ID: "a", SessionID: "s", Type: "inbound", Source: "queue", Domain: "external", State: "completed", FinishReason: "hangup", Created: noon, Finished: noon.Add(time.Minute), Logged: noon},
		sandbox.Row{ID: "leg", ParentID: "a", SessionID: "s", Type: "outbound", Source: "queue", Domain: "internal", State: "no-answer", Created: noon.Add(time.Second), Finished: noon.Add(time.Minute), Logged: noon},
	)
	temporal.has("a", map[string]any{"AgentId": "", "CallOutcome": string(call.AbandonedInFlow)})
	c, err := a.CompareWaiting(t.Context(), waits("a"), noon)
	require.NoError(t, err)
	require.Equal(t, map[Result]int{Incomplete: 1}, c.Counts)
	require.Equal(t, NoQueue, c.Listed[0].Why)
}

func TestUnreadableWaitingCallKeepsNoOtherWaiting(t *testing.T) {
	a, temporal, log := comparing(t, "a")
	temporal.has("a", nil)
	log.Log(sandbox.Row{ID: "unreadable", Logged: noon}) // without the time of its ring
	c, err := a.CompareWaiting(t.Context(), waits("unreadable", "gone", "a"), noon)
	require.NoError(t, err)
	require.Equal(t, map[Result]int{Matched: 1, NotYet: 1}, c.Counts)
	require.Equal(t, []Verdict{{CallID: "unreadable", Rang: noon, Result: NotYet, Why: Unread}}, c.Listed)
	require.Len(t, c.Gaps, 1)
	require.Contains(t, c.Gaps[0].Why, "call unreadable: ")
}

// A call whose repair failed was counted when it was found.
func TestCallIsCountedOnceAlthoughItsRepairFailed(t *testing.T) {
	a, _, _ := comparing(t, "a")
	c, err := a.CompareWaiting(t.Context(), []Verdict{{CallID: "a", Rang: noon, Result: Missed}}, noon)
	require.NoError(t, err)
	require.Zero(t, c.Calls)
	require.Equal(t, []Verdict{{CallID: "a", Rang: noon, Result: Missed}}, c.Listed)
}
