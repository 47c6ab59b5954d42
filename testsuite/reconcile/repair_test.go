package reconcile

import (
	"cmp"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/callthread/callthread/babelforce"
	"github.com/callthread/callthread/babelforce/sandbox"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/reconcile"
	"github.com/callthread/callthread/testsuite/stage"
	"github.com/callthread/callthread/workflows"
)

const callersNumber = "+493023125042"

// has adds a call to the log. It rang some minutes ago and, if it was answered, Amira picked up.
func (c *compared) has(key string, ago time.Duration, isAnswered bool) {
	rang := time.Now().Add(-ago).Truncate(time.Second)
	row := sandbox.Row{
		ID: key, SessionID: "session-" + key, Type: "inbound", Source: "queue", Domain: "external", State: "completed", FinishReason: "hangup",
		From: cmp.Or(c.caller, callersNumber), To: "+493023125001", Created: rang, Finished: rang.Add(20 * time.Second), Duration: new(20), Logged: rang,
	}
	if !isAnswered {
		c.log.Log(row)
		return
	}
	row.FinishReason, row.Finished, row.Duration = "passive-hangup", rang.Add(95*time.Second), new(95)
	row.Bridged = &sandbox.Bridged{ID: "4711", Name: "Amira Haddad", QueueName: "Support"}
	leg := sandbox.Row{
		ID: key + "-leg", ParentID: key, SessionID: row.SessionID, Type: "outbound", Source: "queue", Domain: "internal", State: "completed", FinishReason: "hangup",
		Created: rang.Add(3 * time.Second), Established: rang.Add(7 * time.Second), Finished: rang.Add(95 * time.Second), Duration: new(88), Bridged: row.Bridged, Logged: rang,
	}
	c.log.Agents(babelforce.Agent{ID: "4711", Name: "Amira Haddad", SourceID: stage.Amira})
	c.log.Log(row, leg)
}

// backfills repairs the calls of the last hours.
func (c *compared) backfills(t *testing.T) (progress reconcile.Progress) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), stage.WaitLimit)
	defer cancel()
	now := time.Now().Truncate(time.Second)
	in := reconcile.Backfill{Window: reconcile.Window{From: now.Add(-3 * time.Hour), To: now}, Repair: true}
	run, err := c.Temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{TaskQueue: reconcile.TaskQueue(c.TaskQueue)}, reconcile.BackfillWorkflow, in)
	require.NoError(t, err)
	require.NoError(t, run.Get(ctx, &progress))
	return progress
}

// webhook posts a webhook of the same call.
func (c *compared) webhook(t *testing.T, ago time.Duration, event, body string) {
	t.Helper()
	rang := time.Now().Add(-ago).UTC().Truncate(time.Second).Format(time.RFC3339)
	status, answer := c.Post(t, event, strings.Replace(body, `"call":{`, `"call":{"dateCreated":"`+rang+`",`, 1))
	require.Equal(t, http.StatusAccepted, status, answer)
}

func TestMissedCallIsAddedOnce(t *testing.T) {
	stage.NeedsTemporal(t)
	t.Parallel()
	c := newCompared(t, sandbox.Faults{})
	const ago = 8 * time.Minute
	c.has("lost", ago, true)
	require.Equal(t, 1, c.backfills(t).Repaired)
	state := c.Result(t, "lost")
	require.Equal(t, call.Answered, state.Outcome)
	require.Equal(t, "4711", state.AgentID)
	require.False(t, state.AddedFromLog.IsZero())

	for event, body := range map[string]string{"call-inbound": stage.Inbound("lost"), "call-bridged": stage.Bridged("lost"), "call-finished": stage.Finished("lost")} {
		c.webhook(t, ago, event, body)
	}
	require.Zero(t, c.backfills(t).ToRepair)
	is := c.OnlyConversation(t, "lost")
	require.Len(t, stage.Notes(t, is), 2)
	require.Equal(t, []string{stage.Amira}, is.AssignedUsers)
	require.Contains(t, is.Tags, "call_from_log")
	require.Contains(t, stage.Notes(t, is)["babelforce:lost:finished"], "Added from babelforce's call log: ")

	shown, _, err := c.OperateAs(t, "", "show", "lost")
	require.NoError(t, err)
	require.Regexp(t, `From the log +.+ but no variables of the call flow`, shown)
}

// A workflow whose pick-up was never reported has ended as missed.
func TestCompletedCallIsCorrected(t *testing.T) {
	stage.NeedsTemporal(t)
	t.Parallel()
	c := newCompared(t, sandbox.Faults{})
	const ago = 8 * time.Minute
	c.webhook(t, ago, "call-inbound", stage.Inbound("half"))
	c.webhook(t, ago, "call-finished", stage.Abandoned("half"))
	require.Equal(t, call.AbandonedInFlow, c.Result(t, "half").Outcome)
	c.has("half", ago, true)

	require.Equal(t, 1, c.backfills(t).Repaired)
	require.Equal(t, call.Answered, c.Result(t, "half").Outcome)
	require.Zero(t, c.backfills(t).ToRepair)
	is := c.OnlyConversation(t, "half")
	require.Equal(t, []string{stage.Amira}, is.AssignedUsers)
	require.NotContains(t, is.Tags, "call_lost")
	require.NotContains(t, is.Tags, "call_from_log", "a webhook has reported the call")
	notes := stage.Notes(t, is)
	require.Contains(t, notes["babelforce:half:bridged"], "Answered by Amira Haddad.")
	require.Contains(t, notes["babelforce:half:finished-2"], "Call ended: answered.")
	require.Len(t, notes, 3)

	require.Eventually(t, func() bool {
		listed, _, err := c.OperateAs(t, "", "calls", "--outcome", "answered")
		return err == nil && strings.Count(listed, "\nhalf ") == 1
	}, stage.WaitLimit, 200*time.Millisecond)
	listed, _, err := c.OperateAs(t, "", "calls", "--outcome", "abandoned")
	require.NoError(t, err)
	require.NotContains(t, listed, "half ", "its earlier run is no call of its own")
}

func TestMissingEndIsAddedOnce(t *testing.T) {
	stage.NeedsTemporal(t)
	t.Parallel()
	c := newCompared(t, sandbox.Faults{})
	const ago = 8 * time.Minute
	c.webhook(t, ago, "call-inbound", stage.Inbound("open"))
	c.webhook(t, ago, "call-bridged", stage.Bridged("open"))
	c.has("open", ago, true)
	c.AwaitState(t, "open", func(s workflows.State) bool { return s.WaitsFor == call.WaitsForEnd })
	require.Equal(t, 1, c.backfills(t).Repaired)
	require.Equal(t, call.Answered, c.Result(t, "open").Outcome)
	c.webhook(t, ago, "call-finished", stage.Finished("open"))
	require.Zero(t, c.backfills(t).ToRepair)
	require.Len(t, stage.Notes(t, c.OnlyConversation(t, "open")), 2)
}

func TestForgottenCallIsNotRestored(t *testing.T) {
	stage.NeedsTemporal(t)
	t.Parallel()
	c := newCompared(t, sandbox.Faults{})
	c.caller = "+493023125077" // no other test uses this caller
	c.has("gone", 8*time.Minute, false)
	require.Equal(t, 1, c.backfills(t).Repaired)
	c.Result(t, "gone")
	require.Eventually(t, func() bool { // until the workflow list has the call
		found, _, _ := c.OperateAs(t, "", "find", "--phone", c.caller)
		return strings.Contains(found, "gone")
	}, stage.WaitLimit, 200*time.Millisecond)
	receipt, complaint, _ := c.OperateAs(t, "", "forget", "--phone", c.caller, "--yes")
	require.Contains(t, receipt, "gone", complaint)
	progress := c.backfills(t)
	require.Zero(t, progress.ToRepair)
	require.Equal(t, 1, progress.Found.Counts[reconcile.Forgotten])
}

func TestCommandRepairsAPeriod(t *testing.T) {
	stage.NeedsTemporal(t)
	t.Parallel()
	c := newCompared(t, sandbox.Faults{})
	c.has("x", time.Hour, true)
	c.has("y", 50*time.Minute, false)
	since := time.Now().UTC().Add(-2 * time.Hour).Format(time.RFC3339)
	printed, _, err := c.OperateAs(t, "", "reconcile", "--since", since, "--task-queue", c.TaskQueue)
	require.NoError(t, err)
	require.Contains(t, printed, ": 2 calls in babelforce's log; 2 missing\n")
	require.Contains(t, printed, "2 calls lack what the log contains. --repair repairs them, which takes about 1m0s.\n")
	require.Empty(t, c.Conversations("x"), "it only looks")

	printed, _, err = c.OperateAs(t, "", "reconcile", "--since", since, "--task-queue", c.TaskQueue, "--repair")
	require.NoError(t, err)
	require.Contains(t, printed, "2 calls were repaired, and 0 could not be.")
	for _, key := range []string{"x", "y"} {
		c.Result(t, key)
		require.Equal(t, "done", c.OnlyConversation(t, key).Status, "no notification is due any more")
		require.False(t, c.OnlyConversation(t, key).ImportedAt.IsZero())
	}
	require.NotContains(t, printed, callersNumber)
}

func TestScheduledPassRepairs(t *testing.T) {
	stage.NeedsTemporal(t)
	t.Parallel()
	c := newCompared(t, sandbox.Faults{})
	c.has("scheduled", 5*time.Minute, true)
	plan := reconcile.Plan{
		Calls: c.TaskQueue, Every: time.Hour, Zone: "UTC",
		Settings: reconcile.Settings{Late: time.Second, Repair: true, Since: time.Now().Add(-time.Hour)},
	}
	schedule := c.schedules(t, plan)
	pass := c.pass(t, schedule, 1)
	require.Equal(t, 1, pass.Repaired)
	require.Equal(t, call.Answered, c.Result(t, "scheduled").Outcome)
}
