package main

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// timeout limits waits in tests, which usually take milliseconds. Only a test that fails takes longer.
const timeout = time.Minute

// TestMain removes the developer's settings from the environment and makes Temporal unreachable.
func TestMain(m *testing.M) {
	for _, setting := range os.Environ() {
		name, _, _ := strings.Cut(setting, "=")
		for _, prefix := range []string{"CALLTHREAD_", "KUSTOMER_", "TEMPORAL_"} {
			if strings.HasPrefix(name, prefix) {
				_ = os.Unsetenv(name)
			}
		}
	}
	_ = os.Setenv("TEMPORAL_CONFIG_FILE", os.DevNull)
	_ = os.Setenv("TEMPORAL_ADDRESS", "127.0.0.1:1") // no server listens there
	os.Exit(m.Run())
}

// entry is a line of the log.
type entry struct{ Msg, Address string }

// journal sends each line that a program logs as JSON to a channel.
type journal chan entry

func (j journal) Write(line []byte) (int, error) {
	var logged entry
	if err := json.Unmarshal(line, &logged); err != nil {
		return 0, err
	}
	j <- logged
	return len(line), nil
}

// screen collects the output of a program.
type screen chan string

func (s screen) Write(text []byte) (int, error) {
	s <- string(text)
	return len(text), nil
}

// program is a running instance of this command.
type program struct {
	logs   journal
	logged []entry // entries that await has already read
	output screen
	stop   context.CancelFunc // has the effect of SIGTERM
	ended  chan error
}

// launch runs the program until it is stopped, at the latest when the test ends.
func launch(t *testing.T, args ...string) *program {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	p := &program{logs: make(journal, 100), output: make(screen, 100), stop: cancel, ended: make(chan error, 1)}
	go func() {
		p.ended <- run(ctx, append([]string{"starter"}, args...), p.output, p.logs)
		close(p.ended)
	}()
	t.Cleanup(func() { cancel(); <-p.ended })
	return p
}

// serving launches the receiver at free ports and returns its address once it listens.
func serving(t *testing.T, args ...string) (p *program, url string) {
	t.Helper()
	p = launch(t, append(args, "--log-format", "json", "--metrics-listen", "127.0.0.1:0")...)
	return p, "http://" + p.await(t, "listening").Address
}

// await waits until a message is logged, or returns an entry that already was.
func (p *program) await(t *testing.T, msg string) entry {
	t.Helper()
	for i := 0; ; i++ {
		if i == len(p.logged) {
			select {
			case logged := <-p.logs:
				p.logged = append(p.logged, logged)
			case err := <-p.ended:
				require.FailNow(t, "the program ended", "before it logged %q: %v", msg, err)
			}
		}
		if strings.HasPrefix(p.logged[i].Msg, msg) {
			return p.logged[i]
		}
	}
}

func (p *program) requireEnded(t *testing.T) {
	t.Helper()
	select {
	case err := <-p.ended:
		require.NoError(t, err)
	case <-time.After(timeout):
		require.FailNow(t, "still running")
	}
}

// fetch sends an HTTP request and returns status and body.
func fetch(t *testing.T, request *http.Request) (int, string) {
	t.Helper()
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, string(body)
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	return fetch(t, request)
}

// post sends an event, with the secret as a bearer token if there is one.
func post(t *testing.T, url, secret, body string) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/webhooks/babelforce/call-bridged", strings.NewReader(body))
	require.NoError(t, err)
	if secret != "" {
		request.Header.Set("Authorization", "Bearer "+secret)
	}
	status, _ := fetch(t, request)
	return status
}

func writeFile(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

// taken returns an address that is in use.
func taken(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, listener.Close()) })
	return listener.Addr().String()
}
