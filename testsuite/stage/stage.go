// Package stage sets up the whole product for a test, on a real Temporal server
// that the tests of a package share: it sends webhooks, waits, and looks at what
// came of them. Each test has a stage of its own. So tests wait side by side,
// and what goes wrong on one stage does not disturb another.
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

// atOnce is how many tests of a package run at once: they wait much more than they work.
const atOnce = "8"

// stages counts those that were set.
var stages atomic.Int64

// Stage is the product with a sandbox of its own.
type Stage struct{ *demo.Stage }

// Run runs the tests of a package, and then stops the Temporal server that they
// have shared. All servers of the package have these settings besides the usual ones.
func Run(m *testing.M, settings ...string) int {
	waitTogether()
	shared.settings = settings
	defer stopServer()
	defer removePrograms()
	return m.Run()
}

// waitTogether has more tests run at once than there are processors, unless -parallel says otherwise.
func waitTogether() {
	flag.Parse()
	if parallel := flag.Lookup("test.parallel"); parallel.Value.String() == parallel.DefValue {
		if err := parallel.Value.Set(atOnce); err != nil {
			panic(err) // the flag is the testing package's, and takes numbers
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

// Set sets a stage until the test ends: the usual one, unless it is changed.
func Set(t *testing.T, change ...func(*demo.StageOptions)) *Stage {
	t.Helper()
	NeedsTemporal(t)
	options := demo.StageOptions{
		NewReceiver: Receiver,
		Existing:    &demo.Existing{},
		Limits:      call.Limits{Settle: 2 * time.Second}, // a busy machine takes its time between two webhooks
		Budget:      100_000,                              // what is proven here is not the budget
		Seed:        stages.Add(1),                        // or conversations on two stages might have the same id
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
