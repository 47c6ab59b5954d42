package demo

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/internal/child"
)

var parts = []Part{Receiver, Temporal, Worker}

// shell is a part that runs a shell script.
func shell(script string) *part {
	return &part{start: func(context.Context) (*child.Process, error) { return child.Start(exec.Command("sh", "-c", script)) }}
}

func TestPartThatEndsByItselfFailsTheRun(t *testing.T) {
	stage := &Stage{parts: map[Part]*part{Worker: shell("echo no such table >&2; exit 7")}, failed: make(chan error, 1)}
	ctx, stop := stage.untilFailure(t.Context())
	defer stop()
	require.NoError(t, stage.Restart(ctx, Worker))
	<-ctx.Done()
	err := failure(ctx)
	require.ErrorContains(t, err, "worker ended by itself: exit status 7")
	require.ErrorContains(t, err, "no such table")
}

func TestKilledPartIsNoFailure(t *testing.T) {
	stage := &Stage{parts: map[Part]*part{Worker: shell("exec sleep 600")}, failed: make(chan error, 1)}
	for range 3 {
		require.NoError(t, stage.Restart(t.Context(), Worker))
		process := stage.parts[Worker].process
		stage.Kill(Worker)
		require.Equal(t, "signal: killed", process.End())
	}
	require.Empty(t, stage.failed)
}

func TestRunThatWasStoppedIsNoFailure(t *testing.T) {
	ctx, stop := (&Stage{failed: make(chan error, 1)}).untilFailure(t.Context())
	stop()
	<-ctx.Done()
	require.NoError(t, failure(ctx))
}

// The test binary itself is the receiver whose first port is taken.
func TestReceiverRetriesAnotherPort(t *testing.T) {
	const role = "DEMO_TEST_RECEIVER"
	if first := os.Getenv(role); first != "" {
		if os.Mkdir(first, 0o700) == nil {
			os.Exit(1)
		}
		_ = http.ListenAndServe(os.Getenv("CALLTHREAD_LISTEN"), nil)
		os.Exit(2)
	}
	t.Setenv(role, filepath.Join(t.TempDir(), "first"))
	stage := &Stage{parts: make(map[Part]*part), failed: make(chan error, 1)}
	defer stage.Close()
	options := StageOptions{Programs: &Programs{Receiver: []string{os.Args[0], "-test.run", "^" + t.Name() + "$"}}}
	address, err := stage.startReceiverProgram(t.Context(), Receiver, "", options)
	require.NoError(t, err)
	response, err := http.Get("http://" + address)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Empty(t, stage.failed)
}

func TestFailedReceiverReportsItsOutput(t *testing.T) {
	stage := &Stage{parts: make(map[Part]*part), failed: make(chan error, 1)}
	defer stage.Close()
	options := StageOptions{Programs: &Programs{Receiver: []string{"sh", "-c", "echo no such setting >&2; exit 7"}}}
	_, err := stage.startReceiverProgram(t.Context(), Receiver, "", options)
	require.ErrorContains(t, err, "receiver ended by itself: exit status 7")
	require.ErrorContains(t, err, "no such setting")
}

func TestServerTakesAFreePort(t *testing.T) {
	free, err := listen(0)
	require.NoError(t, err)
	port := free.Addr().(*net.TCPAddr).Port
	other, err := listen(port)
	require.NoError(t, err)
	require.NotEqual(t, port, other.Addr().(*net.TCPAddr).Port)
	require.NoError(t, free.Close())
	same, err := listen(port)
	require.NoError(t, err)
	require.Equal(t, port, same.Addr().(*net.TCPAddr).Port)
	require.NoError(t, errors.Join(same.Close(), other.Close()))
}

func TestProgramsGetOnlyTheStagesSettings(t *testing.T) {
	for _, name := range []string{"TEMPORAL_NAMESPACE", "KUSTOMER_URL", "CALLTHREAD_AUTOMATIONS", "BABELFORCE_TOKEN"} {
		t.Setenv(name, "the user's")
	}
	t.Setenv("HARMLESS", "stays")
	stage := &Stage{TemporalAddress: "127.0.0.1:1", KustomerURL: "http://127.0.0.1:2"}
	environment := stage.environment("127.0.0.1:3", "/some/automations.yaml", StageOptions{
		Budget: 1000, Keys: "demo:key", Country: "DE", Limits: call.Limits{Settle: 20 * time.Second, Recording: 10 * time.Second},
	})
	for _, setting := range []string{
		"HARMLESS=stays", "TEMPORAL_ADDRESS=127.0.0.1:1", "KUSTOMER_URL=http://127.0.0.1:2", "KUSTOMER_BUDGET=800",
		"CALLTHREAD_LISTEN=127.0.0.1:3", "CALLTHREAD_SETTLE=20s", "CALLTHREAD_RECORDING_TIMEOUT=10s",
		"CALLTHREAD_AUTOMATIONS=/some/automations.yaml", "CALLTHREAD_METRICS_LISTEN=", "CALLTHREAD_ENCRYPTION_KEYS=demo:key", "CALLTHREAD_COUNTRY=DE",
	} {
		require.Contains(t, environment, setting)
	}
	require.False(t, slices.ContainsFunc(environment, func(setting string) bool { return strings.HasSuffix(setting, "=the user's") }))
}

func TestShortRunKillsAndRestartsEveryPart(t *testing.T) {
	if testing.Short() {
		t.Skip("takes four seconds, which -short does without")
	}
	stage := &Stage{parts: make(map[Part]*part), failed: make(chan error, 1)}
	for _, name := range parts {
		stage.parts[name] = shell("exec sleep 600")
		require.NoError(t, stage.Restart(t.Context(), name))
		t.Cleanup(func() { stage.Kill(name) })
	}
	var said []string
	s := newStorm(stage, Options{Seed: 1, Rate: 1, Faults: &Faults{Pause: time.Millisecond}}, func(line string) { said = append(said, line) })
	close(s.played)
	s.kill(t.Context())
	require.Equal(t, map[Part]int{Receiver: 1, Temporal: 1, Worker: 1}, s.kills)
	require.Len(t, said, 3)
	require.Equal(t, "3 kills (Temporal 1, receiver 1, worker 1)", killed(s.kills))
	require.Empty(t, stage.failed)
	for _, name := range parts {
		select {
		case <-stage.parts[name].process.Exited():
			require.Fail(t, "does not run", name)
		default:
		}
	}
}

func TestFailedRestartFailsTheRun(t *testing.T) {
	stage := &Stage{parts: make(map[Part]*part), failed: make(chan error, 1)}
	for _, name := range parts {
		stage.parts[name] = shell("exec sleep 600")
		require.NoError(t, stage.Restart(t.Context(), name))
		t.Cleanup(func() { stage.Kill(name) })
		stage.parts[name].start = func(context.Context) (*child.Process, error) { return nil, errors.New("no memory") }
	}
	s := newStorm(stage, Options{Seed: 1, Faults: &Faults{Pause: time.Millisecond}}, func(string) {})
	s.kill(t.Context())
	require.ErrorContains(t, <-stage.failed, "no memory")
}

func TestProgramsReachAnExistingTemporal(t *testing.T) {
	t.Setenv("TEMPORAL_API_KEY", "the user's")
	t.Setenv("CALLTHREAD_AUTOMATIONS", "none of theirs")
	stage := &Stage{TemporalAddress: "127.0.0.1:1", TaskQueue: "of this run"}
	environment := stage.environment("127.0.0.1:3", "/some/automations.yaml", StageOptions{Existing: &Existing{}})
	require.Contains(t, environment, "TEMPORAL_API_KEY=the user's")
	require.Contains(t, environment, "CALLTHREAD_TASK_QUEUE=of this run", "or workers of theirs carry its calls out")
	require.NotContains(t, environment, "CALLTHREAD_AUTOMATIONS=none of theirs")
	environment = stage.environment("127.0.0.1:3", "/some/automations.yaml", StageOptions{})
	require.NotContains(t, environment, "TEMPORAL_API_KEY=the user's")
}

func TestLoadBalancerAlternatesReceivers(t *testing.T) {
	var answered [2]atomic.Int32
	var receivers []string
	for i := range answered {
		receiver := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { answered[i].Add(1) }))
		t.Cleanup(receiver.Close)
		receivers = append(receivers, strings.TrimPrefix(receiver.URL, "http://"))
	}
	balancer := httptest.NewServer(balance(receivers))
	defer balancer.Close()
	for range 6 {
		response, err := http.Get(balancer.URL)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
	}
	require.EqualValues(t, 3, answered[0].Load())
	require.EqualValues(t, 3, answered[1].Load())
}
