package devserver

import (
	"bytes"
	"context"
	"io"
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

// script makes a program of a shell script, in a folder of its own.
func script(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\n"+text+"\n"), 0o755))
	return path
}

// machine has nothing on PATH but the given programs, and no CLI in its cache.
func machine(t *testing.T, programs ...string) (cache string) {
	t.Helper()
	var path []string
	for _, program := range programs {
		path = append(path, filepath.Dir(program))
	}
	cache = t.TempDir()
	t.Setenv("PATH", strings.Join(path, string(filepath.ListSeparator)))
	t.Setenv("HOME", cache)
	t.Setenv("XDG_CACHE_HOME", cache)
	t.Setenv("TEMPORAL_CLI", "")
	return cache
}

func TestNamedCLIBeatsTheOneOnPath(t *testing.T) {
	named, onPath := script(t, "my-temporal", ""), script(t, "temporal", "")
	machine(t, onPath)
	found, err := CLI(t.Context(), io.Discard)
	require.NoError(t, err)
	require.Equal(t, onPath, found)

	t.Setenv("TEMPORAL_CLI", named)
	found, err = CLI(t.Context(), io.Discard)
	require.NoError(t, err)
	require.Equal(t, named, found)

	t.Setenv("TEMPORAL_CLI", "temporal")
	found, err = CLI(t.Context(), io.Discard)
	require.NoError(t, err)
	require.Equal(t, onPath, found, "a name without a folder is looked for on PATH")
}

func TestNameOfNoProgramIsRefusedRatherThanReplaced(t *testing.T) {
	machine(t, script(t, "temporal", ""))
	text := filepath.Join(t.TempDir(), "text")
	require.NoError(t, os.WriteFile(text, nil, 0o600))
	for _, named := range []string{"/nowhere/temporal", "no-such-program", t.TempDir(), text} {
		t.Setenv("TEMPORAL_CLI", named)
		_, err := CLI(t.Context(), io.Discard)
		require.ErrorContains(t, err, "TEMPORAL_CLI")
		require.ErrorContains(t, err, named)
	}
}

// goTool is a stand-in for the go command: it knows our module, and its build
// runs the given script, with the file to build in $out.
func goTool(t *testing.T, build string) string {
	t.Helper()
	module := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(module, "tools"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(module, "tools", "go.mod"), []byte("module tools\n"), 0o600))
	return script(t, "go", `case "$1" in list) echo "`+module+`" ;; build) out=$4; `+build+` ;; esac`)
}

func TestCLIIsBuiltOnceAndThenTakenFromTheCache(t *testing.T) {
	cache := machine(t, goTool(t, `echo one-package >&2; echo binary > "$out"`))
	var progress bytes.Buffer
	built, err := CLI(t.Context(), &progress)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(built, cache), built)
	require.FileExists(t, built)
	require.Contains(t, progress.String(), "Building the Temporal CLI")

	progress.Reset()
	again, err := CLI(t.Context(), &progress)
	require.NoError(t, err)
	require.Equal(t, built, again)
	require.Empty(t, progress.String())
}

func TestFailedBuildShowsWhyAndLeavesNothingThatLooksFinished(t *testing.T) {
	machine(t, goTool(t, `echo half > "$out"; echo "no space left on device" >&2; exit 1`))
	for range 2 { // the second does not take the first's rest for a CLI
		_, err := CLI(t.Context(), io.Discard)
		require.ErrorContains(t, err, "build the Temporal CLI")
		require.ErrorContains(t, err, "no space left on device")
	}
}

func TestOutsideAClonePeopleAreToldHowToGetACLI(t *testing.T) {
	machine(t, script(t, "go", "exit 1"))
	_, err := CLI(t.Context(), io.Discard)
	for _, way := range []string{"PATH", "TEMPORAL_CLI", "clone"} {
		require.ErrorContains(t, err, way)
	}
}

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
