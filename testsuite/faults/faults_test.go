// Package faults plays calls at random, has everything go wrong that can, and
// checks every call in the end: on Temporal as the demo runs it, and on
// PostgreSQL as companies do.
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

// What the fault run plays; the same seed plays the same calls, faults and
// kills, as far as processes that run at their own pace allow.
var (
	faultSeed  = flag.Int64("seed", 1, "seed of the fault run")
	faultCalls = flag.Int("calls", 40, "calls of the fault run; thousands need a longer -timeout")
	faultRate  = flag.Float64("rate", 10, "calls a second of the fault run")
)

// Every call ends as its script says, although its events come in any order
// and more than once, a third of Kustomer's answers go wrong, and each process
// is killed and comes back.
func TestFaultsLoseAndDoubleNothing(t *testing.T) {
	stage.NeedsTemporal(t)
	t.Logf("seed %d", *faultSeed)
	report, err := demo.Run(t.Context(), demo.Options{
		Calls: *faultCalls, Rate: *faultRate, Seed: *faultSeed,
		Programs: stage.Programs(t), Faults: &demo.Faults{},
		Out: os.Stdout, Log: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	require.Equal(t, *faultCalls, report.Calls)
	require.Empty(t, report.Lost)
	require.Empty(t, report.Doubled)
	require.Empty(t, report.Wrong)
	require.Empty(t, report.Causeless)
	require.GreaterOrEqual(t, report.DisturbedShare(), 0.30)
	for _, part := range []demo.Part{demo.Receiver, demo.Worker, demo.Temporal} {
		require.Positive(t, report.Kills[part], part)
	}
}

// The same while a tenth of the webhooks never arrives, nor any of a whole while, the
// reconciler is stopped in the middle of its work, and babelforce's log misbehaves: what
// the log knows of each call is in its conversation in the end.
func TestLostWebhooksAreRepairedWhateverElseGoesWrong(t *testing.T) {
	stage.NeedsTemporal(t)
	t.Logf("seed %d", *faultSeed)
	report, err := demo.Run(t.Context(), demo.Options{
		Calls: *faultCalls, Rate: *faultRate, Seed: *faultSeed, Lose: 0.1,
		Programs: stage.Programs(t), Faults: &demo.Faults{},
		Out: os.Stdout, Log: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	require.Equal(t, *faultCalls, report.Calls)
	require.Empty(t, report.Lost)
	require.Empty(t, report.Doubled)
	require.Empty(t, report.Wrong)
	require.Positive(t, report.Repaired)
	require.Contains(t, report.Statement, "; 0 missing")
}
