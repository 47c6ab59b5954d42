// Package faults plays random calls while processes are killed and Kustomer, webhooks and
// babelforce's log fail, and checks every call at the end. It runs on Temporal's development
// server, as the demo does, and on PostgreSQL, as production does.
package faults

import (
	"flag"
	"log/slog"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/internal/demo"
	"github.com/callthread/callthread/testsuite/stage"
)

func TestMain(m *testing.M) { os.Exit(stage.Run(m)) }

// The flags of the fault run. The same seed plays the same calls, faults and kills, as far as
// processes that run at their own pace allow.
var (
	faultSeed  = flag.Int64("seed", 1, "seed of the fault run")
	faultCalls = flag.Int("calls", 40, "calls of the fault run; thousands need a longer -timeout")
	faultRate  = flag.Float64("rate", 10, "calls a second of the fault run")
)

// Every call must end as its script states, although its events arrive in any order and more than
// once, four in ten of Kustomer's answers fail, and each process is killed and restarted.
func TestFaultsLoseAndDoubleNothing(t *testing.T) {
	t.Parallel()
	report := survives(t, func(o *demo.Options) { o.Programs = stage.Programs(t) })
	require.Empty(t, report.Causeless)
	require.GreaterOrEqual(t, report.DisturbedShare(), 0.30)
	for _, part := range []demo.Part{demo.Receiver, demo.Worker, demo.Temporal} {
		require.Positive(t, report.Kills[part], part)
	}
}

// In addition, a tenth of the webhooks is lost, no webhook arrives during an outage, the worker is
// killed in the midst of repairs, and babelforce's log fails. At the end, what the log contains
// about each call must be in its conversation.
func TestLostWebhooksAreRepaired(t *testing.T) {
	t.Parallel()
	report := survives(t, func(o *demo.Options) {
		o.Programs = stage.Programs(t)
		// This worker knows the short time limits of the run's calls.
		o.Programs.Worker = []string{o.Programs.Receiver[0], "serve", "--with-worker", "--listen", "127.0.0.1:0"}
		o.Lose = 0.1
	})
	require.Positive(t, report.Repaired)
	require.Positive(t, report.RepairsKilled)
	require.Contains(t, report.Statement, "; 0 missing")
}

// survives plays the calls of the flags with faults. No call may be lost, doubled or wrong.
func survives(t *testing.T, change func(*demo.Options)) demo.Report {
	t.Helper()
	stage.NeedsTemporal(t)
	t.Logf("seed %d", *faultSeed)
	options := demo.Options{
		Calls: *faultCalls, Rate: *faultRate, Seed: *faultSeed, Faults: &demo.Faults{},
		Out: os.Stdout, Log: slog.New(slog.DiscardHandler),
	}
	change(&options)
	report, err := demo.Run(t.Context(), options)
	require.NoError(t, err)
	require.Equal(t, *faultCalls, report.Calls)
	require.Empty(t, report.Lost)
	require.Empty(t, report.Doubled)
	require.Empty(t, report.Wrong)
	return report
}
