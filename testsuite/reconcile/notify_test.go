package reconcile

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/babelforce/sandbox"
	"github.com/callthread/callthread/internal/demo"
	crm "github.com/callthread/callthread/kustomer/sandbox"
	"github.com/callthread/callthread/notify"
	"github.com/callthread/callthread/reconcile"
	"github.com/callthread/callthread/testsuite/stage"
)

// hook is the webhook that receives messages.
type hook struct {
	mu       sync.Mutex
	down     bool
	messages []notify.Message
}

func (h *hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var message notify.Message
	if err := json.NewDecoder(r.Body).Decode(&message); err != nil || h.down {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	h.messages = append(h.messages, message)
}

// goes makes the webhook fail, or work again.
func (h *hook) goes(down bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.down = down
}

// of returns the messages of a kind.
func (h *hook) of(kind notify.Kind) []notify.Message {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(h.messages), func(m notify.Message) bool { return m.Kind != kind })
}

// notified is a stage with a worker that sends notifications when the test triggers it.
type notified struct {
	*compared
	hook     hook
	looks    *notify.Activities
	schedule client.ScheduleHandle
	logFile  string   // of the worker
	runs     []string // the ids of the triggered workflows
}

func newNotified(t *testing.T) *notified {
	t.Helper()
	file := "callers: { withheld: park }\n" + string(automation.DefaultFile)
	n := &notified{compared: newCompared(t, sandbox.Faults{}, func(options *demo.StageOptions) { options.Automations = []byte(file) })}
	n.looks = &notify.Activities{Temporal: n.Temporal, TaskQueue: n.TaskQueue}
	n.startWorker(t, file)
	n.schedule = n.Temporal.ScheduleClient().GetHandle(t.Context(), notify.TaskQueue(n.TaskQueue))
	require.Eventually(t, func() bool {
		_, err := n.schedule.Describe(t.Context())
		return err == nil
	}, stage.WaitLimit, 100*time.Millisecond, "the worker schedules its work")
	require.NoError(t, n.schedule.Pause(t.Context(), client.SchedulePauseOptions{}))
	t.Cleanup(func() { require.NoError(t, notify.Remove(context.WithoutCancel(t.Context()), n.Temporal, n.TaskQueue)) })
	return n
}

// startWorker starts the program with the webhook's address.
func (n *notified) startWorker(t *testing.T, automations string) {
	t.Helper()
	web := httptest.NewServer(&n.hook)
	t.Cleanup(web.Close)
	inFile := func(name, content string) string {
		path := filepath.Join(t.TempDir(), name)
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		return path
	}
	n.logFile = inFile("worker.log", "")
	log, err := os.OpenFile(n.logFile, os.O_WRONLY, 0)
	require.NoError(t, err)
	program := exec.CommandContext(t.Context(), stage.Programs(t).Worker[0])
	program.Cancel = func() error { return program.Process.Signal(os.Interrupt) }
	program.Stdout, program.Stderr = log, log
	program.Env = append(program.Environ(), "TEMPORAL_ADDRESS="+n.TemporalAddress, "CALLTHREAD_TASK_QUEUE="+n.TaskQueue,
		"KUSTOMER_URL="+n.KustomerURL, "KUSTOMER_API_KEY="+stage.SandboxKey, "CALLTHREAD_METRICS_LISTEN=", "CALLTHREAD_LOG_LEVEL=debug",
		"CALLTHREAD_AUTOMATIONS="+inFile("mine.yaml", automations), "CALLTHREAD_NOTIFY_URL_FILE="+inFile("url", web.URL+"/of-the-secret"))
	require.NoError(t, program.Start())
	t.Cleanup(func() {
		_ = program.Wait()
		require.NoError(t, log.Close())
	})
}

// run triggers one check.
func (n *notified) run(t *testing.T) (seen notify.Seen) {
	t.Helper()
	var before, newest string
	look := func() bool { // on a busy machine, Temporal may not answer in time
		described, err := n.schedule.Describe(t.Context())
		if err != nil {
			return false
		}
		if actions := described.Info.RecentActions; len(actions) > 0 {
			newest = actions[len(actions)-1].StartWorkflowResult.WorkflowID
		}
		return true
	}
	require.Eventually(t, look, stage.WaitLimit, 300*time.Millisecond)
	before = newest
	require.Eventually(t, func() bool { // Temporal starts one workflow of a Schedule per second and skips a second one
		if look() && newest == before {
			_ = n.schedule.Trigger(t.Context(), client.ScheduleTriggerOptions{})
		}
		return look() && newest != before
	}, stage.WaitLimit, 300*time.Millisecond)
	n.runs = append(n.runs, newest)
	require.NoError(t, n.Temporal.GetWorkflow(t.Context(), newest, "").Get(t.Context(), &seen))
	return seen
}

// posts triggers checks until there is a message of a kind, and then requires that there is no
// second one.
func (n *notified) posts(t *testing.T, kind notify.Kind) notify.Message {
	t.Helper()
	require.Eventually(t, func() bool { // the workflow list is eventually consistent
		n.run(t)
		return len(n.hook.of(kind)) > 0
	}, stage.WaitLimit, 500*time.Millisecond, kind)
	n.run(t)
	require.Len(t, n.hook.of(kind), 1)
	return n.hook.of(kind)[0]
}

func TestNotificationsArePostedOnce(t *testing.T) {
	stage.NeedsTemporal(t)
	t.Parallel()
	n := newNotified(t)
	n.run(t)
	require.Empty(t, n.hook.messages)

	n.Accepts(t, "call-inbound", strings.Replace(stage.Inbound("nobody-s"), `"+493023125042"`, `"anonymous"`, 1))
	n.hook.goes(true)
	require.Eventually(t, func() bool {
		found, err := n.looks.Look(t.Context(), notify.Look{})
		require.NoError(t, err)
		return found.ParkedCount == 1
	}, stage.WaitLimit, 100*time.Millisecond)
	require.Empty(t, n.run(t).Parked, "what was not sent is new for the next run")
	n.hook.goes(false)
	parked := n.posts(t, notify.CallsParked)
	require.Equal(t, []string{"nobody-s"}, parked.Calls)
	require.Equal(t, []int{1, 1}, []int{parked.Count, parked.Total})

	n.Accepts(t, "call-inbound", stage.Inbound("of-a-stranger"))
	n.Accepts(t, "call-bridged", strings.Replace(stage.Bridged("of-a-stranger"), stage.Amira, "", 1))
	n.Accepts(t, "call-finished", stage.Finished("of-a-stranger"))
	require.Equal(t, 1, n.posts(t, notify.AgentsUnassigned).Count)

	n.Sandbox.Inject(crm.Fault{Kind: crm.FaultUnauthorized, Times: 1_000_000})
	n.Accepts(t, "call-inbound", stage.Inbound("waits"))
	require.Equal(t, 1, n.posts(t, notify.KeyRefused).Total)
	n.Sandbox.ClearFaults()

	requireComparisonsPosted(t, n)
	requireSecretKept(t, n)
	requireScheduledBySetup(t, n)
}

func requireScheduledBySetup(t *testing.T, n *notified) {
	t.Helper()
	schedule := notify.TaskQueue(n.TaskQueue)
	require.Contains(t, n.Operate(t, "setup", "--notify", "--task-queue", n.TaskQueue), "Schedule "+schedule+" exists.\n")
	for range 2 { // a second setup changes nothing
		require.Contains(t, n.Operate(t, "setup", "--notify=false", "--task-queue", n.TaskQueue), "Schedule "+schedule+" is removed.\n")
	}
	_, err := n.schedule.Describe(t.Context())
	require.Error(t, err)
}

func requireComparisonsPosted(t *testing.T, n *notified) {
	t.Helper()
	n.log.Log(sandbox.Row{ID: "never-received", SessionID: "s", Type: "inbound", Source: "queue", State: "completed", Created: time.Now().Add(-time.Minute), Finished: time.Now().Add(-30 * time.Second)})
	plan := reconcile.Plan{Calls: n.TaskQueue, Every: time.Hour, Zone: "UTC", Settings: reconcile.Settings{Late: time.Second}}
	passes := n.schedules(t, plan)
	n.log.Misbehave(sandbox.Faults{Every: 1, Status: http.StatusForbidden})
	require.Zero(t, n.pass(t, passes, 1).Until)
	found, err := n.looks.Look(t.Context(), notify.Look{Now: time.Now(), Passes: time.Now()})
	require.NoError(t, err)
	require.False(t, found.Overdue, "the first pass may fail")

	n.log.Misbehave(sandbox.Faults{})
	pass := n.pass(t, passes, 2)
	require.Equal(t, []string{"never-received"}, n.posts(t, notify.CallsMissed).Calls)

	for at, isOverdue := range map[time.Duration]bool{time.Hour: false, 4 * time.Hour: true} { // the Schedule runs every hour
		found, err := n.looks.Look(t.Context(), notify.Look{Now: pass.Until.Add(at), Passes: time.Now()})
		require.NoError(t, err)
		require.Equal(t, isOverdue, found.Overdue)
		require.WithinDuration(t, pass.Until, found.ComparedUntil, 0)
		require.Zero(t, found.Missed)
	}
}

// requireSecretKept searches for the webhook's address in the worker's log and in the histories.
func requireSecretKept(t *testing.T, n *notified) {
	t.Helper()
	logged, err := os.ReadFile(n.logFile)
	require.NoError(t, err)
	require.Contains(t, string(logged), "a notification was not sent")
	require.NotContains(t, string(logged), "of-the-secret")
	for _, run := range n.runs {
		history := n.Temporal.GetWorkflowHistory(t.Context(), run, "", false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
		events := 0
		for history.HasNext() {
			event, err := history.Next()
			require.NoError(t, err)
			events++
			require.NotContains(t, event.String(), "of-the-secret")
			require.NotContains(t, event.String(), "3023125042")
		}
		require.Greater(t, events, 4)
	}
}
