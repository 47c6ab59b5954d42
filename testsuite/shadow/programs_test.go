package shadow

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/internal/demo"
	"github.com/callthread/callthread/kustomer/sandbox"
	"github.com/callthread/callthread/testsuite/stage"
	"github.com/callthread/callthread/workflows"
)

// The programs run as they are shipped: one program that receives and serves, or two.
func TestProgramsInShadowWriteNothing(t *testing.T) {
	stage.NeedsTemporal(t)
	for name, arguments := range map[string][]string{"one process": {"--with-worker"}, "two processes": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShadowed(t, sandbox.Config{})
			s.TaskQueue += "-programs" // the stage has its own shadow
			programs, webhooks, metrics := stage.Programs(t), freeAddress(t), freeAddress(t)
			logs := s.runs(t, append(programs.Receiver, append(arguments, "--shadow", "--listen", webhooks, "--metrics-listen", metrics)...))
			if arguments == nil {
				metrics = freeAddress(t)
				logs = s.runs(t, append(programs.Worker, "--shadow", "--metrics-listen", metrics))
			}
			require.Eventually(t, func() bool { return get(t, "http://"+webhooks+"/readyz") != "" }, stage.WaitLimit, 50*time.Millisecond)

			receiver := s.ReceiveAt("http://" + webhooks)
			key := "by-" + name[:3]
			receiver.Accepts(t, "call-inbound?wait=conversation", stage.Inbound(key))
			receiver.Accepts(t, "call-bridged", stage.Bridged(key))
			receiver.Accepts(t, "call-finished", stage.Finished(key))
			require.Len(t, s.result(t, key).Shadow.Steps, 3)
			require.Empty(t, s.Sandbox.State().Writes)

			s.requireNamesNobody(t, key, logs, metrics)
			page := get(t, "http://"+metrics+"/metrics")
			require.Contains(t, page, `callthread_shadow_calls_total{direction="in",outcome="answered"} 1`)
			require.Contains(t, page, "callthread_shadow_kustomer_budget 200")
			require.NotRegexp(t, `(?m)^callthread_[^s]`, page)
			said, err := os.ReadFile(logs)
			require.NoError(t, err)
			require.Contains(t, string(said), "worker serves calls in shadow: nothing is written to Kustomer")
			for line := range bytes.Lines(said) {
				require.Contains(t, string(line), "shadow")
			}
		})
	}
}

// requireNamesNobody searches for the caller and the agent in what Temporal never encrypts, and in
// the log and the metrics of a program.
func (s *shadowed) requireNamesNobody(t *testing.T, key, logs, metrics string) {
	t.Helper()
	log, err := os.ReadFile(logs)
	require.NoError(t, err)
	places := []string{string(log), get(t, "http://"+metrics+"/metrics")}
	listed, err := s.Temporal.DescribeWorkflowExecution(t.Context(), workflows.ShadowID(key), "")
	require.NoError(t, err)
	places = append(places, listed.GetWorkflowExecutionInfo().GetSearchAttributes().String(), listed.GetExecutionConfig().GetUserMetadata().String())
	for _, event := range s.history(t, key).GetEvents() {
		places = append(places, event.GetUserMetadata().String())
	}
	require.Contains(t, strings.Join(places, ""), "shadow: open the conversation")
	for _, place := range places {
		for _, name := range []string{"3023125042", "3023125001", "Amira", stage.Amira} {
			require.NotContains(t, place, name)
		}
	}
}

// runs starts a program until the test ends, and returns the file of its log.
func (s *shadowed) runs(t *testing.T, command []string) (logs string) {
	t.Helper()
	file, err := os.CreateTemp(t.TempDir(), "log")
	require.NoError(t, err)
	program := exec.CommandContext(t.Context(), command[0], command[1:]...)
	program.Env = append(program.Environ(), "TEMPORAL_ADDRESS="+s.TemporalAddress, "KUSTOMER_URL="+s.KustomerURL, "KUSTOMER_API_KEY="+stage.SandboxKey,
		"CALLTHREAD_WEBHOOK_SECRET="+demo.Secret, "CALLTHREAD_TASK_QUEUE="+s.TaskQueue, "CALLTHREAD_SETTLE=2s")
	program.Stderr = file
	program.Cancel = func() error { return program.Process.Signal(os.Interrupt) }
	require.NoError(t, program.Start())
	t.Cleanup(func() {
		_ = program.Wait()
		_ = file.Close()
	})
	return file.Name()
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	return listener.Addr().String()
}

// get returns a page, or "" if there is none.
func get(t *testing.T, url string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return ""
	}
	defer func() { require.NoError(t, response.Body.Close()) }()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	if response.StatusCode != http.StatusOK {
		return ""
	}
	return string(text)
}
