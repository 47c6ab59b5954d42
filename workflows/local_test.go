package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/callthread/callthread/activities"
	"github.com/callthread/callthread/workflows"
)

// unavailable is the error of a step that may have been done.
func unavailable(pause time.Duration) error {
	return temporal.NewApplicationErrorWithOptions("kustomer: no answer", activities.Unavailable, temporal.ApplicationErrorOptions{NextRetryDelay: pause})
}

// promptly is a call whose bridge is served on arrival.
func promptly(t *testing.T) *callUnderTest {
	t.Helper()
	c := newCall(t)
	c.opened.Conversation.Rev = 1
	c.starts(inbound)
	c.receives(time.Second, bridged)
	c.receives(60*time.Second, finished)
	return c
}

func TestUrgentStepsAreTriedLocally(t *testing.T) {
	c := promptly(t)
	c.plays()
	require.Equal(t, []string{"create", "bridged", "finished"}, c.steps)
	require.Equal(t, []string{"create", "bridged"}, c.locally)
	require.Equal(t, []int{activities.PriorityOutcome}, c.priorities, "the only one that is an activity of its own")
}

func TestFailedLocalStepBecomesAnActivity(t *testing.T) {
	c := promptly(t)
	c.fails["create"] = []error{unavailable(time.Second)}
	c.fails["bridged"] = []error{unavailable(11 * time.Second)}
	var looked []bool
	c.duringStep["create"] = func() { looked = append(looked, c.created.MayBeDone) }
	c.duringStep["bridged"] = func() { looked = append(looked, c.updates[len(c.updates)-1].MayBeDone) }
	state := c.plays()
	require.Equal(t, []string{"create", "create", "bridged", "bridged", "finished"}, c.steps)
	require.Equal(t, []bool{false, true, false, true}, looked)
	require.False(t, c.created.EarlierRun, "it was this one")
	require.False(t, c.updates[1].EarlierRun)
	require.Equal(t, []int{activities.PriorityRing, activities.PriorityHandOver, activities.PriorityOutcome}, c.priorities)
	require.Equal(t, workflows.Finished, state.Phase)
}

func TestLookUpWaitsForLateWrites(t *testing.T) {
	for name, tc := range map[string]struct {
		failure error
		pause   time.Duration
	}{
		"as the failure says":      {unavailable(7 * time.Second), 7 * time.Second},
		"where it says nothing":    {temporal.NewTimeoutError(0, nil), activities.Lateness},
		"where nothing was done":   {temporal.NewApplicationError("not done yet", activities.NotStarted), 0},
		"nor is it waited in vain": {temporal.NewApplicationError("conflict", activities.Refused), 0},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCall(t)
			c.starts(inbound)
			c.receives(60*time.Second, hungUp)
			c.fails["create"] = []error{tc.failure}
			var tried []time.Time
			c.duringStep["create"] = func() { tried = append(tried, c.env.Now()) }
			c.plays()
			require.Len(t, tried, 2)
			require.Equal(t, tc.pause, tried[1].Sub(tried[0]).Truncate(time.Second))
		})
	}
}

func TestUntriedStepNeedsNoLookUp(t *testing.T) {
	c := promptly(t)
	c.fails["create"] = []error{temporal.NewApplicationError("not done yet", activities.NotStarted)}
	c.plays()
	require.Equal(t, []string{"create", "create", "bridged", "finished"}, c.steps)
	require.False(t, c.created.MayBeDone)
}

func TestLocalRefusalParksTheCall(t *testing.T) {
	c := promptly(t)
	c.fails["create"] = []error{temporal.NewNonRetryableApplicationError("kustomer: no", activities.Refused, nil)}
	c.at(time.Minute, func() {
		require.Equal(t, workflows.Parked, c.asks().Phase)
		c.decides(workflows.UpdateRetry)
	})
	c.plays()
	require.Equal(t, []string{"create", "create", "bridged", "finished"}, c.steps)
	require.True(t, c.created.MayBeDone)
}

// Temporal does not say that a workflow task was tried before. Its place in the history
// does.
func TestOpeningThatMayHaveBeenTriedInAWorkflowTaskThatWasLostLooksFirst(t *testing.T) {
	for length, want := range map[int]struct{ local, looks bool }{
		firstTask: {local: true}, signalled: {}, signalled + 1: {}, repeatedTask: {looks: true}, repeatedTask + 5: {looks: true},
	} {
		c := newCall(t)
		c.env.SetCurrentHistoryLength(length)
		c.starts(inbound)
		c.receives(60*time.Second, hungUp)
		c.plays()
		require.Equal(t, want.looks, c.created.MayBeDone, length)
		require.Equal(t, want.local, len(c.priorities) == 1, length)
	}
}

func TestUnsafeStepIsNotTriedLocally(t *testing.T) {
	for name, change := range map[string]func(*callUnderTest){
		"a hand-over whose conversation others may have changed": func(c *callUnderTest) { c.opened.Conversation.Rev = 0 },
		"one that was opened before":                             func(c *callUnderTest) { c.opened.Conversation.Adopted = true },
	} {
		t.Run(name, func(t *testing.T) {
			c := promptly(t)
			change(c)
			c.plays()
			require.Equal(t, []int{activities.PriorityHandOver, activities.PriorityOutcome}, c.priorities)
		})
	}
}

// A backlog is dispatched by priority, which only regular activities have.
func TestBacklogIsServedByPriority(t *testing.T) {
	c := newCall(t)
	c.opened.Conversation.Rev = 1
	c.starts(inbound)
	c.receives(10*time.Second, bridged) // received when the call began
	c.receives(60*time.Second, finished)
	c.plays()
	require.Equal(t, []int{activities.PriorityHandOver, activities.PriorityOutcome}, c.priorities)
}
