// Package telemetry checks the metrics and traces of the programs as they are shipped, and that
// the dashboard, the alerts and the documents name only metrics that exist.
package telemetry

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/callthread/callthread/internal/child"
	"github.com/callthread/callthread/internal/demo"
	"github.com/callthread/callthread/kustomer/sandbox"
	"github.com/callthread/callthread/testsuite/stage"
	"github.com/callthread/callthread/workflows"
)

func TestMain(m *testing.M) { os.Exit(stage.Run(m)) }

// programs are the receiver and the worker as they are shipped besides the stage's.
type programs struct {
	*stage.Stage
	queue            string // their own, so that the stage's worker does not take their calls
	receiver, worker *child.Process
	webhooks         string // address of the receiver
	pages            map[string]string
}

// startedPrograms starts both programs with these settings, and waits until the worker reports
// that it is ready.
func startedPrograms(t *testing.T, settings ...string) *programs {
	t.Helper()
	p, built := &programs{Stage: stage.Set(t), queue: t.Name()}, stage.Programs(t)
	p.receiver = p.start(t, settings, append(built.Receiver, "--listen", "127.0.0.1:0", "--settle", "50ms")...)
	p.worker = p.start(t, settings, built.Worker...)
	p.webhooks = "http://" + addressOf(t, p.receiver, "listening") + "/webhooks/babelforce/"
	p.pages = map[string]string{
		"receiver": "http://" + addressOf(t, p.receiver, "serving metrics"),
		"worker":   "http://" + addressOf(t, p.worker, "serving metrics"),
	}
	require.Eventually(t, func() bool { return status(t, p.pages["worker"]+"/readyz") == http.StatusOK }, stage.WaitLimit, 20*time.Millisecond)
	require.Equal(t, http.StatusOK, status(t, p.pages["worker"]+"/healthz"))
	return p
}

func (p *programs) start(t *testing.T, settings []string, line ...string) *child.Process {
	t.Helper()
	command := exec.Command(line[0], append(line[1:], "--task-queue", p.queue, "--log-format", "json", "--metrics-listen", "127.0.0.1:0")...)
	command.Env = append(os.Environ(), "TEMPORAL_CONFIG_FILE="+os.DevNull, "TEMPORAL_NAMESPACE=default", "TEMPORAL_ADDRESS="+p.TemporalAddress,
		"KUSTOMER_URL="+p.KustomerURL, "KUSTOMER_API_KEY="+stage.SandboxKey, "CALLTHREAD_WEBHOOK_SECRET="+demo.Secret)
	command.Env = append(command.Env, settings...)
	process, err := child.Start(command)
	require.NoError(t, err)
	t.Cleanup(func() { process.Stop(stage.WaitLimit) })
	return process
}

// addressOf returns the address that a program has logged with the message.
func addressOf(t *testing.T, process *child.Process, message string) (address string) {
	t.Helper()
	logged := regexp.MustCompile(`"msg":"` + message + `","address":"([^"]+)"`)
	require.Eventually(t, func() bool {
		found := logged.FindStringSubmatch(process.Output())
		if found != nil {
			address = found[1]
		}
		return found != nil
	}, stage.WaitLimit, 20*time.Millisecond, message)
	return address
}

func status(t *testing.T, url string) int {
	t.Helper()
	response, err := http.Get(url)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	return response.StatusCode
}

// page returns the metrics page of a program.
func (p *programs) page(t *testing.T, program string) string {
	t.Helper()
	response, err := http.Get(p.pages[program] + "/metrics")
	require.NoError(t, err)
	defer func() { require.NoError(t, response.Body.Close()) }()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return string(text)
}

// eventually waits until a program's page has a line.
func (p *programs) eventually(t *testing.T, program, line string) {
	t.Helper()
	shown := func() bool { return strings.Contains(p.page(t, program), "\n"+line+"\n") }
	require.Eventually(t, shown, stage.WaitLimit, 200*time.Millisecond, line)
}

// send posts an event to the receiver.
func (p *programs) send(t *testing.T, event, body string, wants int) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.webhooks+event, strings.NewReader(body))
	require.NoError(t, err)
	if wants != http.StatusUnauthorized {
		request.Header.Set("Authorization", "Bearer "+demo.Secret)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, wants, response.StatusCode)
}

// play causes every event that the metrics count, and returns the calls' keys.
func (p *programs) play(t *testing.T) (keys []string) {
	t.Helper()
	for n := range 4 {
		keys = append(keys, fmt.Sprintf("%s-%d", t.Name(), n))
	}
	p.send(t, "call-inbound", stage.Inbound(keys[0]), http.StatusUnauthorized)
	p.send(t, "call-inbound", "{", http.StatusBadRequest)
	p.send(t, "call-begun", stage.Inbound(keys[0]), http.StatusNotFound)
	p.send(t, "call-inbound", strings.Repeat(" ", 65<<10), http.StatusRequestEntityTooLarge)

	p.Sandbox.Inject(sandbox.Fault{Method: "POST", Route: "/v1/conversations", Kind: sandbox.FaultStatus, Status: 503, Times: 1})
	p.send(t, "call-inbound", stage.Inbound(keys[0]), http.StatusAccepted)
	p.AwaitConversation(t, keys[0])
	p.send(t, "call-bridged", stage.Bridged(keys[0]), http.StatusAccepted)
	p.send(t, "call-finished", stage.Finished(keys[0]), http.StatusAccepted)
	require.Equal(t, workflows.Finished, p.Result(t, keys[0]).Phase)
	p.send(t, "call-finished", stage.Finished(keys[0]), http.StatusAccepted) // a repeated event has no effect

	p.send(t, "call-inbound", stage.Inbound(keys[1]), http.StatusAccepted)
	p.send(t, "call-bridged", stage.ParentLeg(keys[1], "")+`,"agent":{"id":"4799","name":"Nobody in Kustomer"}}`, http.StatusAccepted)
	p.send(t, "call-finished", stage.Finished(keys[1]), http.StatusAccepted)
	p.Result(t, keys[1])

	p.send(t, "call-finished", stage.Abandoned(keys[2]), http.StatusAccepted)
	p.Result(t, keys[2])

	p.Sandbox.Inject(sandbox.Fault{Method: "POST", Route: "/v1/conversations", Kind: sandbox.FaultStatus, Status: 400, Times: 2}) // the full request and the reduced one
	p.send(t, "call-inbound", stage.Inbound(keys[3]), http.StatusAccepted)
	p.AwaitParked(t, keys[3])
	return keys
}

// misguide starts a workflow that the worker cannot run, such as one of a newer release.
func (p *programs) misguide(t *testing.T) {
	t.Helper()
	run, err := p.Temporal.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: t.Name(), TaskQueue: p.queue}, "NoSuchWorkflow")
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, p.Temporal.TerminateWorkflow(context.Background(), run.GetID(), "", "a test"))
	})
}

// Calls are counted on the whole server, so no other test runs on it at the same time.
func TestProgramsCountCalls(t *testing.T) {
	p := startedPrograms(t)
	fresh := ownCounters(p.page(t, "receiver") + p.page(t, "worker"))
	keys := p.play(t)
	for _, line := range []string{
		`callthread_ring_to_conversation_seconds_count 3`,
		`callthread_bridge_to_update_seconds_count 2`,
		`callthread_calls_total{direction="in",outcome="answered"} 2`,
		`callthread_calls_total{direction="in",outcome="abandoned_in_flow"} 1`,
		`callthread_calls_unassigned_total 1`,
		`callthread_step_attempts_total{result="KustomerUnavailable",step="CreateConversation"} 1`,
		`callthread_step_attempts_total{result="KustomerRefused",step="CreateConversation"} 1`,
		`callthread_calls_running{phase="parked"} 1`,
	} {
		p.eventually(t, "worker", line)
	}
	p.eventually(t, "receiver", `callthread_webhooks_total{event="call-inbound",status="401"} 1`)
	p.eventually(t, "receiver", `callthread_events_without_effect_total{event="call-finished"} 1`)

	p.Reset(t, keys[0], slices.Min[[]int64])
	p.Result(t, keys[0])
	for _, line := range []string{ // a repeated step is neither another call nor a slow one
		`callthread_step_attempts_total{result="done",step="CreateConversation"} 4`,
		`callthread_ring_to_conversation_seconds_count 3`,
		`callthread_bridge_to_update_seconds_count 2`,
		`callthread_calls_total{direction="in",outcome="answered"} 2`,
	} {
		p.eventually(t, "worker", line)
	}

	p.Decide(t, keys[3], workflows.UpdateRetry)
	p.send(t, "call-finished", stage.Abandoned(keys[3]), http.StatusAccepted)
	p.Result(t, keys[3])

	p.misguide(t)
	failed := func() bool {
		return strings.Contains(p.page(t, "worker"), "\ntemporal_workflow_task_execution_failed_total{")
	}
	require.Eventually(t, failed, stage.WaitLimit, 200*time.Millisecond)
	everything := p.page(t, "worker") + p.page(t, "receiver")
	labels := strings.Join(regexp.MustCompile(`(?m)^\w+\{.*\}`).FindAllString(everything, -1), "\n")
	for _, marked := range append(keys, "3023125042", "Amira", "Nobody in Kustomer", "4711", "4799", stage.Amira) {
		require.NotContains(t, labels, marked)
	}
	requireNamedMetricsAreAmong(t, everything)
	require.Equal(t, fresh, ownCounters(everything), "a series that appears with its first increment shows no increase")
}

// ownCounters returns the product's counters with their labels, except those that depend on
// Kustomer's answers.
func ownCounters(pages string) []string {
	shown := regexp.MustCompile(`(?m)^callthread_\w+_total(\{.*\})?`).FindAllString(pages, -1)
	slices.Sort(shown)
	return shown
}
