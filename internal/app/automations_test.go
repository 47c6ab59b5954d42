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
)

// The files of one deployment, before and after a change; both open a
// conversation for callers from Britain only. Broken has two mistakes.
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

func TestAutomationsAreThoseOfTheFileElseTheBuiltInOnes(t *testing.T) {
	set, _, err := new(Automations).Load("")
	require.NoError(t, err)
	require.Equal(t, load.Default().Version, set.Version)

	set, _, err = (&Automations{File: writeFile(t, before)}).Load("")
	require.NoError(t, err)
	require.Equal(t, versionOf(t, before), set.Version)
}

func TestFileIsRefusedWithEveryMistakeAtOnce(t *testing.T) {
	file := writeFile(t, broken)
	_, _, err := (&Automations{File: file}).Load("")
	var problems load.Problems
	require.ErrorAs(t, err, &problems)
	require.Len(t, problems, 2)
	require.ErrorContains(t, err, file+`:6:5: unknown key "labell"`)
	require.ErrorContains(t, err, file+":7:15: ")
}

func TestFileThatIsNotThereIsNamedWithItsSetting(t *testing.T) {
	_, _, err := (&Automations{File: "/no/such.yaml"}).Load("")
	require.ErrorContains(t, err, "--automations (CALLTHREAD_AUTOMATIONS): open /no/such.yaml")
	require.ErrorIs(t, err, os.ErrNotExist)
}

// workerWith is a worker of some automations, made as both programs make it.
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
	_, err = w.New(lazy, nil, nil)
	return w, err
}

// used is the version of the automations that calls use. That of a withheld number needs no Kustomer.
func (w *Worker) used(t *testing.T) string {
	t.Helper()
	ring := call.Step{Causes: []call.Cause{call.Rang}}
	opened, err := w.steps.CreateConversation(t.Context(), activities.StepInput{Step: ring})
	require.NoError(t, err)
	require.Empty(t, opened.Conversation.ID)
	return opened.Automations
}

func TestWorkerDoesNotStartWithABrokenFile(t *testing.T) {
	_, err := workerWith(t, writeFile(t, broken))
	var problems load.Problems
	require.ErrorAs(t, err, &problems)
	require.Len(t, problems, 2)
}

// lines passes on what is logged, a line at a time.
type lines chan string

func (l lines) Write(line []byte) (int, error) {
	l <- string(line)
	return len(line), nil
}

// await returns the next line that holds the text.
func (l lines) await(t *testing.T, text string) string {
	t.Helper()
	for {
		select {
		case line := <-l:
			if strings.Contains(line, text) {
				return line
			}
		case <-time.After(20 * time.Second):
			require.FailNow(t, "not logged", text)
		}
	}
}

func hangUp() error { return syscall.Kill(os.Getpid(), syscall.SIGHUP) }

// runs runs a worker with a Temporal of its own until the test ends.
func runs(t *testing.T, w *Worker, temporal client.Client) lines {
	t.Helper()
	logs, ended := make(lines, 100), make(chan error, 1)
	ctx, stop := context.WithCancel(t.Context())
	go func() { ended <- w.Run(ctx, temporal, new(runner), slog.New(slog.NewTextHandler(logs, nil))) }()
	t.Cleanup(func() { stop(); require.NoError(t, <-ended) })
	return logs
}

func TestHangupTakesUpAChangedFileAndNeverABrokenOne(t *testing.T) {
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
	require.Contains(t, reload(after, "was taken up"), "version="+versionOf(t, after))
	require.Equal(t, versionOf(t, after), w.used(t))
	require.Equal(t, versionOf(t, after), w.InForce().Version)

	line := reload(broken, "was not taken up: calls go on with the one before")
	require.Contains(t, line, "level=ERROR")
	require.Contains(t, line, ":6:5: unknown key")
	require.Contains(t, line, ":7:15: ")
	require.Equal(t, versionOf(t, after), w.used(t))

	require.NoError(t, os.Remove(file))
	require.NoError(t, hangUp())
	require.Contains(t, logs.await(t, "was not taken up"), "no such file")
	require.Equal(t, versionOf(t, after), w.used(t))

	reload(before, "was taken up")
	require.Equal(t, versionOf(t, before), w.used(t))
}

func TestWhatLooksWrongInTheFileIsLoggedWhenItIsTakenUp(t *testing.T) {
	file := writeFile(t, "fields: [vip]\n"+strings.Replace(before, "call.from", "vip", 1))
	w, err := workerWith(t, file)
	require.NoError(t, err)
	logs := runs(t, w, &namespace{})
	said := func() string { return logs.await(t, "looks wrong") }
	require.Regexp(t, `level=WARN .*:4:43: \{vip\} is known on call\.inbound only if`, said())
	logs.await(t, "worker serves calls")
	require.NoError(t, hangUp())
	require.Contains(t, said(), ":4:43: ")
}

// late is a Temporal during whose wait something else happens.
type late struct {
	namespace
	meanwhile func()
}

func (l *late) OperatorService() operatorservice.OperatorServiceClient {
	l.meanwhile()
	return l.namespace.OperatorService()
}

func TestHangupWhileTemporalIsWaitedForIsHeededAndDoesNotEndTheWorker(t *testing.T) {
	file := writeFile(t, before)
	w, err := workerWith(t, file)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file, []byte(after), 0o600))
	var hungUp error
	logs := runs(t, w, &late{meanwhile: func() { hungUp = hangUp() }})
	logs.await(t, "the automations file was taken up")
	require.NoError(t, hungUp)
	require.Equal(t, versionOf(t, after), w.used(t))
}
