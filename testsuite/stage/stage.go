// Package stage runs the whole product for a test, on a real Temporal server that the tests of a
// package share. It sends webhooks, waits, operates calls, and reads the results. Each test has its
// own stage, so that tests can run in parallel and a failure on one stage does not disturb another.
package stage

import (
	"context"
	"flag"
	"io"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/internal/demo"
)

// SandboxKey is the API key of every stage's sandbox.
const SandboxKey = "sandbox-key"

// atOnce is the number of tests of a package that run in parallel. They mostly wait.
const atOnce = "8"

// stages counts the stages.
var stages atomic.Int64

// Stage is the product with its own sandbox.
type Stage struct{ *demo.Stage }

// Run runs the tests of a package and then stops the Temporal server that they share. The settings
// are added to the dynamic configuration of all servers of the package.
func Run(m *testing.M, settings ...string) int {
	waitTogether()
	shared.settings = settings
	defer stopServer()
	defer removePrograms()
	return m.Run()
}

// waitTogether sets -parallel above the number of processors, unless the flag is given.
func waitTogether() {
	flag.Parse()
	if parallel := flag.Lookup("test.parallel"); parallel.Value.String() == parallel.DefValue {
		if err := parallel.Value.Set(atOnce); err != nil {
			panic(err) // the flag belongs to the testing package and accepts numbers
		}
	}
}

// NeedsTemporal skips a test in short mode.
func NeedsTemporal(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("needs a real Temporal server; skipped with -short")
	}
}

// Set sets up a stage until the test ends. The changes adjust its usual options.
func Set(t *testing.T, change ...func(*demo.StageOptions)) *Stage {
	t.Helper()
	NeedsTemporal(t)
	options := demo.StageOptions{
		NewReceiver: Receiver,
		Existing:    &demo.Existing{},
		Limits:      call.Limits{Settle: 2 * time.Second}, // a busy machine may delay the second of two webhooks
		Budget:      100_000,                              // the rate limit is not under test
		Seed:        stages.Add(1),                        // so that conversations on two stages have different ids
		Progress:    io.Discard,
		Log:         slog.New(slog.DiscardHandler),
	}
	for _, f := range change {
		f(&options)
	}
	require.NoError(t, findCLI())
	if options.Existing != nil {
		require.NoError(t, startServer())
	}
	s, err := demo.SetStage(context.Background(), options)
	require.NoError(t, err)
	t.Cleanup(s.Close)
	return &Stage{s}
}
