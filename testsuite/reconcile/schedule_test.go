package reconcile

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/callthread/callthread/babelforce/sandbox"
	"github.com/callthread/callthread/reconcile"
	"github.com/callthread/callthread/testsuite/stage"
)

// Each task queue of calls has its own Schedules, so that installations and tests do not collide.
func TestScheduledPassContinuesTheLast(t *testing.T) {
	stage.NeedsTemporal(t)
	t.Parallel()
	c := newCompared(t, sandbox.Faults{})
	c.log.Log(sandbox.Row{ID: "never-received", SessionID: "s", Type: "inbound", Source: "queue", State: "completed", Created: time.Now().Add(-time.Minute), Finished: time.Now().Add(-30 * time.Second)})
	plan := reconcile.Plan{Calls: c.TaskQueue, Every: time.Hour, Zone: "Europe/Berlin", Settings: reconcile.Settings{Late: time.Second}}
	schedule := c.schedules(t, plan)

	first := c.pass(t, schedule, 1)
	require.Equal(t, []reconcile.Verdict{{CallID: "never-received", Rang: first.Listed[0].Rang, Result: reconcile.Missed}}, first.Listed)
	second := c.pass(t, schedule, 2)
	require.Equal(t, first.Until, second.From)
	require.Zero(t, second.Calls, "a call is judged once")

	require.NoError(t, schedule.Pause(t.Context(), client.SchedulePauseOptions{}))
	plan.Every = 2 * time.Hour
	require.NoError(t, plan.Apply(t.Context(), c.Temporal))
	changed, err := schedule.Describe(t.Context())
	require.NoError(t, err)
	require.True(t, changed.Schedule.State.Paused, "an operator has paused it")
	require.Equal(t, 2*time.Hour, changed.Schedule.Spec.Intervals[0].Every)
}

// schedules creates the Schedules of a plan until the test ends, and returns the one of passes.
func (c *compared) schedules(t *testing.T, plan reconcile.Plan) client.ScheduleHandle {
	t.Helper()
	require.NoError(t, plan.Apply(t.Context(), c.Temporal))
	passes := c.Temporal.ScheduleClient().GetHandle(t.Context(), reconcile.PassSchedule(c.TaskQueue))
	statements := c.Temporal.ScheduleClient().GetHandle(t.Context(), reconcile.StatementSchedule(c.TaskQueue))
	t.Cleanup(func() {
		require.NoError(t, passes.Delete(context.WithoutCancel(t.Context())))
		require.NoError(t, statements.Delete(context.WithoutCancel(t.Context())))
	})
	return passes
}

// pass triggers the nth pass and waits for its result.
func (c *compared) pass(t *testing.T, schedule client.ScheduleHandle, nth int) (pass reconcile.Pass) {
	t.Helper()
	require.NoError(t, schedule.Trigger(t.Context(), client.ScheduleTriggerOptions{}))
	var id string
	require.Eventually(t, func() bool {
		described, err := schedule.Describe(t.Context())
		if err != nil || len(described.Info.RecentActions) < nth {
			return false
		}
		id = described.Info.RecentActions[nth-1].StartWorkflowResult.WorkflowID
		return true
	}, stage.WaitLimit, 100*time.Millisecond)
	require.NoError(t, c.Temporal.GetWorkflow(t.Context(), id, "").Get(t.Context(), &pass))
	return pass
}

func TestStatementOfADayIsPrinted(t *testing.T) {
	stage.NeedsTemporal(t)
	t.Parallel()
	c := newCompared(t, sandbox.Faults{})
	rang := time.Now().UTC().Add(-20 * time.Minute)
	day := rang.Format(time.DateOnly)
	c.log.Log(sandbox.Row{ID: "never-received", SessionID: "s", Type: "inbound", Source: "queue", State: "completed", Created: rang, Finished: rang.Add(time.Minute)},
		sandbox.Row{ID: "a-test", SessionID: "s2", Type: "inbound", Source: "test", State: "completed", Created: rang})
	printed, complaint, err := c.OperateAs(t, "", "statement", "--day", day, "--task-queue", c.TaskQueue)
	require.Error(t, err, printed)
	require.Contains(t, complaint, "calls are missing")
	require.Contains(t, printed, day+": 2 calls in babelforce's log: 1 test calls; 1 missing\n")
	require.Regexp(t, `\nnever-received +`+rang.Format("2006-01-02T15:04")+`.+ +missed`, printed)
	require.NotContains(t, printed, "a-test")

	printed, _, err = c.OperateAs(t, "", "statement", "--day", day, "--task-queue", c.TaskQueue, "--csv")
	require.Error(t, err)
	require.True(t, strings.HasPrefix(printed, "call,rang,result,why\nnever-received,"), printed)

	_, complaint, err = c.OperateAs(t, "", "statement", "--task-queue", "nobody-serves-this")
	require.Error(t, err)
	require.Contains(t, complaint, "no worker compares calls")
}
