package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/bench/job"
)

// programs is the folder of the programs, built once for all tests.
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

// few is a miniature benchmark. Its times are meaningless.
var few = settings{calls: 6, warmup: 2, closed: 3, rounds: 1, rate: 4, ringing: time.Second}

func TestEveryContestantDoesTheWholeJob(t *testing.T) {
	needsTemporal(t)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute) // a lost call would be awaited for much longer
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
		require.Equal(t, measured.Medians[withWorker]["requests.known"], of["requests.known"], "%s asks as much of Kustomer", c.name)
		require.Equal(t, measured.Medians[withWorker]["requests.new"], of["requests.new"], "%s asks as much of Kustomer", c.name)
	}
	require.Equal(t, 4.0, measured.Medians[baseline]["history.actions"], "start, activity, signal, activity")
	require.Equal(t, 4.0, measured.Medians[bare]["history.actions"], "start, local activity, signal, local activity")
	require.LessOrEqual(t, measured.Medians[withWorker]["history.actions"], 8.0)
	require.LessOrEqual(t, measured.Medians[withWorker]["history.events"], 20.0) // 16 if nothing overlaps
	require.LessOrEqual(t, measured.Medians[full]["requests.afterwards"], 2.0)
	require.NoError(t, measured.print(t.Output()))
}

// The contestants are comparable only if they send the same requests to Kustomer. If this test
// fails, adapt bench/job to the product.
func TestContestantsAskTheSameOfKustomer(t *testing.T) {
	ofKnown, ofUnknown := asks(t, withWorker)
	require.Contains(t, ofUnknown, "POST customers")
	require.NotContains(t, ofKnown, "POST customers")
	for _, other := range []string{baseline, bare, bare + "+" + allGuarantees} {
		known, unknown := asks(t, other)
		require.Equal(t, ofKnown, known, other)
		require.Equal(t, ofUnknown, unknown, other)
	}
}

// With all guarantees, bare is what Callthread should cost: its history may differ by a tenth.
func TestBareWithAllGuaranteesHasOurHistory(t *testing.T) {
	product, all := historyOf(t, withWorker), historyOf(t, bare+"+"+allGuarantees)
	require.InEpsilon(t, product["history.bytes"], all["history.bytes"], 0.1)
	require.Equal(t, product["history.actions"], all["history.actions"])
	for name := range product {
		if strings.HasPrefix(name, "event.") {
			require.Equal(t, product[name], all[name], name)
		}
	}
}

func historyOf(t *testing.T, contestant string) figures {
	t.Helper()
	s := setTestStage(t, contestant)
	calls, err := s.newCalls(t.Context(), 1)
	require.NoError(t, err)
	require.NoError(t, s.openLoop(t.Context(), calls, 1, time.Second))
	require.NoError(t, s.rest(t.Context()))
	into := make(figures)
	require.NoError(t, s.histories(t.Context(), calls, into))
	return into
}

func TestEachGuaranteeAddsItsEvents(t *testing.T) {
	of := historyOf(t, bare)
	for name, events := range map[string]float64{job.Attributes: 2, job.Timer: 1, job.Once: 0} {
		require.Equal(t, of["history.events"]+events, historyOf(t, bare+"+"+name)["history.events"], name)
	}
	require.Greater(t, historyOf(t, bare+"+"+job.Words)["history.bytes"], of["history.bytes"]+400)
	require.Greater(t, historyOf(t, bare+"+"+job.Record)["history.bytes"], of["history.bytes"]+1500)
}

// asks plays a call of a known caller and one of a new caller, and returns the requests of each
// until its update.
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
		t.Skip("needs a real Temporal server; skipped with -short")
	}
}

func setTestStage(t *testing.T, name string) *stage {
	t.Helper()
	needsTemporal(t)
	field, err := chosen(name, strings.HasPrefix(name, bare+"+"))
	require.NoError(t, err)
	s, err := setStage(context.WithoutCancel(t.Context()), field[0], few, programs)
	require.NoError(t, err)
	t.Cleanup(s.Stop)
	return s
}

func TestNewWorkerTakesOverWaitingCalls(t *testing.T) {
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

func TestPricesAreDifferencesWithinARound(t *testing.T) {
	slow, fast := figures{"closed.calls_per_s": 50, "closed.cpu": 20, "closed.cpu_temporal": 15, "history.events": 11}, figures{"closed.calls_per_s": 100, "closed.cpu": 10, "closed.cpu_temporal": 8, "history.events": 11}
	priced := bare + "+" + job.Timer
	r := report{Prices: prices(map[string][]figures{
		bare:   {slow, fast},
		priced: {{"closed.calls_per_s": 45, "closed.cpu_temporal": 16, "history.events": 12}, {"closed.calls_per_s": 90, "closed.cpu_temporal": 8.5, "history.events": 12}},
	})}
	require.Len(t, r.Prices, 1)
	require.InDelta(t, -10, r.Prices[priced]["closed.calls_per_s"], 1e-9)
	require.InDelta(t, 5, r.Prices[priced]["closed.cpu_temporal"], 1e-9, "of all that a call costs bare")
	require.InDelta(t, 1, r.Prices[priced]["history.events"], 1e-9)
	var table bytes.Buffer
	require.NoError(t, r.printPrices(&table))
	require.Regexp(t, `bare\+timer +\+1\.0 +– +– +\+5 % +– +-10 %`, table.String())
}

func TestUnknownGuaranteeIsRefused(t *testing.T) {
	_, err := job.ParseGuarantees("timer,speed")
	require.ErrorContains(t, err, `no guarantee "speed"`)
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
		bare:       {"closed.calls_per_s": 52},
	}
	met := make(map[string]bool)
	for _, m := range marks(of, settings{}) {
		met[m.Name] = m.Met
	}
	require.Equal(t, map[string]bool{
		"calls a second, of the baseline's":      false, // 1.25
		"bridge → update p50, of the baseline's": true,  // 0.5, the limit
		"calls a second, of bare's":              true,  // 0.96
	}, met)
}
