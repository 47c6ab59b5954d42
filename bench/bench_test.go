package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// programs is the folder that they are built into, once for all tests.
var programs string

func TestMain(m *testing.M) {
	os.Exit(buildAndRun(m))
}

func buildAndRun(m *testing.M) int {
	if flag.Parse(); testing.Short() {
		return m.Run()
	}
	var err error
	if programs, err = os.MkdirTemp("", "callthread-bench-test-"); err == nil {
		err = build(programs, false)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(programs) }()
	return m.Run()
}

// few is the benchmark in miniature. Times it measures are nothing to go by.
var few = settings{calls: 6, warmup: 2, closed: 3, rounds: 1, rate: 4, ringing: time.Second}

func TestEveryContestantDoesTheWholeJob(t *testing.T) {
	needsTemporal(t)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute) // or a call that is lost is waited for much longer
	defer cancel()
	measured, err := measure(ctx, few, programs)
	require.NoError(t, err)

	for _, c := range contestants {
		of := measured.Medians[c.name]
		for _, name := range []string{"closed.calls_per_s", "open.ack_p50", "open.ring_p50", "open.bridge_p99", "history.bytes", "history.workflow_tasks"} {
			require.Positive(t, of[name], "%s of %s", name, c.name)
		}
		if runtime.GOOS == "linux" {
			require.Positive(t, of["closed.cpu"])
		}
		require.Equal(t, 1.0, of["event.WorkflowExecutionCompleted"], "each call of %s comes to its end", c.name)
		require.Equal(t, measured.Medians[baseline]["requests.known"], of["requests.known"], "%s asks as much of Kustomer as the baseline", c.name)
		require.Equal(t, measured.Medians[baseline]["requests.new"], of["requests.new"], "%s asks as much of Kustomer as the baseline", c.name)
	}
	require.Equal(t, 4.0, measured.Medians[baseline]["history.actions"], "start, activity, signal, activity")
	require.LessOrEqual(t, measured.Medians[withWorker]["history.actions"], 8.0)
	require.LessOrEqual(t, measured.Medians[withWorker]["history.events"], 20.0) // 16 where nothing overlaps
	require.LessOrEqual(t, measured.Medians[full]["requests.afterwards"], 2.0)
	require.NoError(t, measured.print(t.Output()))
}

// The baseline is one only as long as it asks the same of Kustomer: when this
// fails, let it follow the product.
func TestContestantsAskTheSameOfKustomer(t *testing.T) {
	known, unknown := asks(t, baseline)
	ofKnown, ofUnknown := asks(t, withWorker)
	require.Equal(t, known, ofKnown)
	require.Equal(t, unknown, ofUnknown)
	require.Contains(t, unknown, "POST customers")
	require.NotContains(t, known, "POST customers")
}

// asks plays a call of a known and one of a new caller, and returns what each asks of Kustomer until its update.
func asks(t *testing.T, contestant string) (known, unknown []string) {
	t.Helper()
	s := setTestStage(t, contestant)
	calls, err := s.newCalls(t.Context(), 2)
	require.NoError(t, err)
	_, err = s.closedLoop(t.Context(), calls, 1)
	require.NoError(t, err)
	return slices.Sorted(slices.Values(calls[1].untilUpdate)), slices.Sorted(slices.Values(calls[0].untilUpdate))
}

func needsTemporal(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("needs a real Temporal server, which -short does without")
	}
}

func setTestStage(t *testing.T, name string) *stage {
	t.Helper()
	needsTemporal(t)
	field, err := chosen(name, false)
	require.NoError(t, err)
	s, err := setStage(context.WithoutCancel(t.Context()), field[0], few, programs)
	require.NoError(t, err)
	t.Cleanup(s.Stop)
	return s
}

func TestWaitingCallsAreTakenOverByAFreshWorker(t *testing.T) {
	s := setTestStage(t, apart)
	s.waiting, s.takeover = 4, 3
	into := make(figures)
	require.NoError(t, s.wait(t.Context(), programs, into))
	require.Positive(t, into["takeover.all_s"])
	if runtime.GOOS == "linux" {
		require.Positive(t, into["waiting.worker_mib"])
	}
}

func TestUnknownContestantIsRefused(t *testing.T) {
	_, err := chosen("with-worker,tutorial", false)
	require.ErrorContains(t, err, "with-worker, apart, bare, baseline, full")
}

func TestMissingDatabaseIsSaid(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := parse([]string{"-postgres"})
	require.ErrorContains(t, err, "-postgres: not on PATH: temporal-server")
}

func TestPercentileAndMedian(t *testing.T) {
	of := []time.Duration{4, 1, 3, 2, 5}
	require.Equal(t, time.Duration(1), percentile(of, 0))
	require.Equal(t, time.Duration(3), percentile(of, 0.5))
	require.Equal(t, time.Duration(5), percentile(of, 0.99))
	require.Equal(t, figures{"a": 2, "b": 1.5}, medians([]figures{{"a": 9, "b": 1}, {"a": 2, "b": 2}, {"a": 1}}))
}

func TestMarksSayWhatIsMissed(t *testing.T) {
	of := map[string]figures{
		withWorker: {"closed.calls_per_s": 50, "open.bridge_p50": 10},
		baseline:   {"closed.calls_per_s": 40, "open.bridge_p50": 20},
	}
	met := make(map[string]bool)
	for _, m := range marks(of, settings{}) {
		met[m.Name] = m.Met
	}
	require.Equal(t, map[string]bool{
		"calls a second, of the baseline's":      false, // 1.25
		"bridge → update p50, of the baseline's": true,  // 0.5, just
	}, met)
}
