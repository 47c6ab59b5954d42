package app

import (
	"context"
	"log/slog"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/callthread/callthread/activities"
	"github.com/callthread/callthread/automation/load"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/reconcile"
)

// Files before and after a change. Both open a conversation for callers from Britain only. Broken
// has two mistakes.
const (
	before = `automations:
  - event: call.inbound
    trigger: { conditions: [{ expression: call.from, operator: STARTS_WITH, expectation: "+44" }] }
    action: kustomer.conversation.create
    options: { name: "Call for Amira Haddad" }
`
	after  = before + "    label: changed\n"
	broken = before + "    labell: changed\n    priority: often\n"
)

func versionOf(t *testing.T, file string) string {
	t.Helper()
	set, _, err := load.Bytes("file", []byte(file))
	require.NoError(t, err)
	return set.Version
}

func TestDefaultAutomationsAreBuiltIn(t *testing.T) {
	set, _, err := new(Automations).Load("")
	require.NoError(t, err)
	require.Equal(t, load.Default().Version, set.Version)

	set, _, err = (&Automations{File: writeFile(t, before)}).Load("")
	require.NoError(t, err)
	require.Equal(t, versionOf(t, before), set.Version)
}

func TestErrorContainsEveryMistake(t *testing.T) {
	file := writeFile(t, broken)
	_, _, err := (&Automations{File: file}).Load("")
	var problems load.Problems
	require.ErrorAs(t, err, &problems)
	require.Len(t, problems, 2)
	require.ErrorContains(t, err, file+`:6:5: unknown key "labell"`)
	require.ErrorContains(t, err, file+":7:15: ")
}

func TestMissingFileIsNamedWithItsSetting(t *testing.T) {
	_, _, err := (&Automations{File: "/no/such.yaml"}).Load("")
	require.ErrorContains(t, err, "--automations (CALLTHREAD_AUTOMATIONS): open /no/such.yaml")
	require.ErrorIs(t, err, os.ErrNotExist)
}

// workerWith is a worker with an automations file, made as the programs make it.
func workerWith(t *testing.T, file string) (*Worker, error) {
	t.Helper()
	t.Setenv("TEMPORAL_CONFIG_FILE", os.DevNull)
	t.Setenv("KUSTOMER_API_KEY", "key")
	w := &Worker{
		Temporal: &Temporal{TaskQueue: "calls"}, Automations: Automations{File: file},
		Kustomer: Kustomer{URL: "https://acme.api.kustomerapp.com", Budget: 1},
	}
	lazy, err := w.Temporal.Client(slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(lazy.Close)
	_, err = w.New(lazy, nil, reconcile.Observer{}, nil)
	return w, err
}

// used returns the version of the automations that calls use. The call has a withheld number, so it
// needs no Kustomer.
func (w *Worker) used(t *testing.T) string {
	t.Helper()
	ring := call.Step{Causes: []call.Cause{call.Rang}}
	opened, err := w.steps.CreateConversation(t.Context(), activities.StepInput{Step: ring})
	require.NoError(t, err)
	require.Empty(t, opened.Conversation.ID)
	return opened.Automations
}

func TestWorkerNeedsAValidFile(t *testing.T) {
	_, err := workerWith(t, writeFile(t, broken))
	var problems load.Problems
	require.ErrorAs(t, err, &problems)
	require.Len(t, problems, 2)
}

// lines sends each line of the log to a channel.
type lines chan string

func (l lines) Write(line []byte) (int, error) {
	l <- string(line)
	return len(line), nil
}

// await returns the next line that contains the text.
func (l lines) await(t *testing.T, text string) string {
	t.Helper()
	for {
		select {
		case line := <-l:
			if strings.Contains(line, text) {
				return line
			}
		case <-time.After(time.Minute):
			require.FailNow(t, "not logged", text)
		}
	}
}

func hangUp() error { return syscall.Kill(os.Getpid(), syscall.SIGHUP) }

// runs runs a worker with a fake of Temporal until the test ends.
func runs(t *testing.T, w *Worker, temporal client.Client) lines {
	t.Helper()
	logs, ended := make(lines, 100), make(chan error, 1)
	ctx, stop := context.WithCancel(t.Context())
	go func() { ended <- w.Run(ctx, temporal, new(runner), slog.New(slog.NewTextHandler(logs, nil))) }()
	t.Cleanup(func() { stop(); require.NoError(t, <-ended) })
	return logs
}

func TestHangupLoadsOnlyAValidFile(t *testing.T) {
	file := writeFile(t, before)
	w, err := workerWith(t, file)
	require.NoError(t, err)
	require.Equal(t, versionOf(t, before), w.used(t))
	logs := runs(t, w, &namespace{})
	logs.await(t, "worker serves calls")

	reload := func(content, says string) string {
		require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
		require.NoError(t, hangUp())
		line := logs.await(t, "the automations file was ")
		require.Contains(t, line, says)
		require.NotContains(t, line, "Amira")
		return line
	}
	require.Contains(t, reload(after, "was loaded"), "version="+versionOf(t, after))
	require.Equal(t, versionOf(t, after), w.used(t))
	require.Equal(t, versionOf(t, after), w.InForce().Version)

	line := reload(broken, "was not loaded: calls go on with the previous one")
	require.Contains(t, line, "level=ERROR")
	require.Contains(t, line, ":6:5: unknown key")
	require.Contains(t, line, ":7:15: ")
	require.Equal(t, versionOf(t, after), w.used(t))

	require.NoError(t, os.Remove(file))
	require.NoError(t, hangUp())
	require.Contains(t, logs.await(t, "was not loaded"), "no such file")
	require.Equal(t, versionOf(t, after), w.used(t))

	reload(before, "was loaded")
	require.Equal(t, versionOf(t, before), w.used(t))
}

func TestWarningsAreLoggedWithTheFile(t *testing.T) {
	file := writeFile(t, "fields: [vip]\n"+strings.Replace(before, "call.from", "vip", 1))
	w, err := workerWith(t, file)
	require.NoError(t, err)
	logs := runs(t, w, &namespace{})
	said := func() string { return logs.await(t, "may contain a mistake") }
	require.Regexp(t, `level=WARN .*:4:43: \{vip\} is known on call\.inbound only if`, said())
	logs.await(t, "worker serves calls")
	require.NoError(t, hangUp())
	require.Contains(t, said(), ":4:43: ")
}

// late is a fake of Temporal that calls a function during the wait for it.
type late struct {
	namespace
	meanwhile func()
}

func (l *late) OperatorService() operatorservice.OperatorServiceClient {
	l.meanwhile()
	return l.namespace.OperatorService()
}

func TestHangupDuringTheWaitReloads(t *testing.T) {
	file := writeFile(t, before)
	w, err := workerWith(t, file)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file, []byte(after), 0o600))
	var hungUp error
	logs := runs(t, w, &late{meanwhile: func() { hungUp = hangUp() }})
	logs.await(t, "the automations file was loaded")
	require.NoError(t, hungUp)
	require.Equal(t, versionOf(t, after), w.used(t))
}
