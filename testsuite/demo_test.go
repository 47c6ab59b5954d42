package testsuite

import (
	"bufio"
	"bytes"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/internal/demo"
	"github.com/callthread/callthread/testsuite/stage"
)

// The first command of the README must work if the usual ports are in use.
func TestDemoPlaysAndJudgesCalls(t *testing.T) {
	t.Parallel()
	stage.NeedsTemporal(t)
	inUse := demo.Ports{Temporal: occupied(t), UI: occupied(t), Webhooks: occupied(t), Sandbox: occupied(t)}
	var out bytes.Buffer
	report, err := demo.Run(t.Context(), demo.Options{
		Calls: 4, Rate: 20, Seed: 1, Ports: inUse, NewReceiver: stage.Receiver, Out: &out, Log: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	require.Equal(t, 4, report.Calls)
	require.Contains(t, out.String(), "4 of 4 calls right")
	require.Contains(t, out.String(), "0 lost, 0 doubled, 0 wrong")
	require.Contains(t, out.String(), "Temporal Web UI")
}

// The reader of `starter demo --faults | head -1` ends before the demo does.
func TestDemoWithoutReaderEndsAndCleansUp(t *testing.T) {
	t.Parallel()
	s, folder := stage.Set(t), t.TempDir()
	command := exec.Command(stage.Programs(t).Receiver[0], "demo", "--faults")
	command.Env = append(command.Environ(), "TMPDIR="+folder, "TEMPORAL_ADDRESS="+s.TemporalAddress)
	output, err := command.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, command.Start())
	t.Cleanup(func() { _ = command.Process.Kill() })
	_, err = bufio.NewReader(output).ReadString('\n')
	require.NoError(t, err)
	files, err := os.ReadDir(folder)
	require.NoError(t, err)
	require.Len(t, files, 1)
	require.NoError(t, output.Close())
	_ = command.Wait()
	require.True(t, command.ProcessState.Exited(), "it was not ended by a signal")
	files, err = os.ReadDir(folder)
	require.NoError(t, err)
	require.Empty(t, files)
}

// occupied returns a port that is in use until the test ends.
func occupied(t *testing.T) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, listener.Close()) })
	return listener.Addr().(*net.TCPAddr).Port
}
