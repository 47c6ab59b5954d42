package devserver

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"

	"github.com/callthread/callthread/workflows"
)

func TestServerThatDiesAtOnceSaysWhy(t *testing.T) {
	t.Setenv("TEMPORAL_CLI", script(t, "temporal", `echo "unknown flag: $1 $2"; echo "second line" >&2; exit 1`))
	began := time.Now()
	_, err := Start(t.Context(), Options{})
	require.ErrorContains(t, err, "exit status 1")
	require.ErrorContains(t, err, "unknown flag: server start-dev\nsecond line")
	require.Less(t, time.Since(began), startTimeout)
}

func TestServerThatCannotRunSaysWhy(t *testing.T) {
	program := filepath.Join(t.TempDir(), "temporal")
	require.NoError(t, os.WriteFile(program, []byte("no program"), 0o755))
	t.Setenv("TEMPORAL_CLI", program)
	_, err := Start(t.Context(), Options{})
	require.ErrorContains(t, err, "start the Temporal server")
	require.ErrorContains(t, err, "exec format error")
}

func TestServerThatNeverAnswersIsStoppedWithThoseWhoWait(t *testing.T) {
	// It says its process id to whoever reads the pipe, and then nothing.
	pipe, said := filepath.Join(t.TempDir(), "pipe"), make(chan string, 1)
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	t.Setenv("TEMPORAL_CLI", script(t, "temporal", `echo $$ > "`+pipe+`"; exec sleep 600`))
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		text, _ := os.ReadFile(pipe)
		said <- strings.TrimSpace(string(text))
		cancel()
	}()
	_, err := Start(ctx, Options{})
	require.ErrorIs(t, err, context.Canceled)
	require.NotContains(t, err.Error(), startTimeout.String())
	id, err := strconv.Atoi(<-said)
	require.NoError(t, err)
	require.ErrorIs(t, syscall.Kill(id, 0), syscall.ESRCH, "it is gone")
}

// frontend answers clients as a Temporal server does, until the test ends.
func frontend(t *testing.T) (port int) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := grpc.NewServer()
	workflowservice.RegisterWorkflowServiceServer(server, workflowservice.UnimplementedWorkflowServiceServer{})
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	return listener.Addr().(*net.TCPAddr).Port
}

func TestServerIsReadyWhenItsWebUIReachesIt(t *testing.T) {
	t.Setenv("TEMPORAL_CLI", script(t, "temporal", "exec sleep 600"))
	var asked atomic.Int32
	ui := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) < 3 { // as long as it has not reached the server
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer ui.Close()
	server, err := Start(t.Context(), Options{Port: frontend(t), UIPort: ui.Listener.Addr().(*net.TCPAddr).Port})
	require.NoError(t, err)
	require.Equal(t, ui.URL, server.UI)
	require.EqualValues(t, 3, asked.Load())
	server.Stop()

	require.NoError(t, server.Restart(t.Context()))
	require.EqualValues(t, 3, asked.Load(), "calls go on without the Web UI")
	server.Stop()
}

func TestServerIsStartedAsItWasAskedFor(t *testing.T) {
	line := func(options Options) string { return strings.Join(arguments(options), " ") }
	require.Equal(t, "server start-dev --ip 127.0.0.1 --port 7233 --log-level error --dynamic-config-value matching.useNewMatcher=true --dynamic-config-value matching.numTaskqueueReadPartitions=1 --dynamic-config-value matching.numTaskqueueWritePartitions=1 --dynamic-config-value history.transferProcessorMaxPollRPS=200 --headless", line(Options{Port: 7233}))
	full := line(Options{Port: 1, UIPort: 8233, UICodec: "http://127.0.0.1:8091", Database: "calls.db", SearchAttributes: workflows.SearchAttributes})
	for _, part := range []string{"--ui-port 8233", "--ui-codec-endpoint http://127.0.0.1:8091", "--db-filename calls.db", "--search-attribute CallPhase=Keyword", "--search-attribute AgentId=Keyword", "--search-attribute CallMarks=KeywordList", "system.forceSearchAttributesCacheRefreshOnRead=false"} {
		require.Contains(t, full, part)
	}
	require.NotContains(t, full, "--headless")
}
