package testsuite

import (
	"bytes"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/internal/demo"
)

// The README's first command, beside a stage that holds the usual ports.
func TestDemoPlaysCallsAndSaysWhatItProved(t *testing.T) {
	var out bytes.Buffer
	report, err := demo.Run(t.Context(), demo.Options{
		Calls: 4, Rate: 20, Seed: 1, Out: &out, Log: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	require.Equal(t, 4, report.Calls)
	require.Contains(t, out.String(), "4 of 4 calls right")
	require.Contains(t, out.String(), "0 lost, 0 doubled, 0 wrong")
	require.Contains(t, out.String(), "Temporal Web UI")
}
