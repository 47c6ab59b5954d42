package testsuite

import (
	"bytes"
	"log/slog"
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/internal/demo"
	"github.com/callthread/callthread/testsuite/stage"
)

// The README's first command, where the usual ports are in use.
func TestDemoPlaysCallsAndSaysWhatItProved(t *testing.T) {
	t.Parallel()
	stage.NeedsTemporal(t)
	for _, usual := range []string{"7233", "8233", "8080", "8090"} {
		occupy(t, "127.0.0.1:"+usual)
	}
	var out bytes.Buffer
	report, err := demo.Run(t.Context(), demo.Options{
		Calls: 4, Rate: 20, Seed: 1, NewReceiver: stage.Receiver, Out: &out, Log: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	require.Equal(t, 4, report.Calls)
	require.Contains(t, out.String(), "4 of 4 calls right")
	require.Contains(t, out.String(), "0 lost, 0 doubled, 0 wrong")
	require.Contains(t, out.String(), "Temporal Web UI")
}

// occupy takes an address until the test ends, unless another program has it already.
func occupy(t *testing.T, address string) {
	t.Helper()
	if listener, err := net.Listen("tcp", address); err == nil {
		t.Cleanup(func() { require.NoError(t, listener.Close()) })
	}
}
