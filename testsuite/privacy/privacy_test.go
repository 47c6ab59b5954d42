// Package privacy checks that personal data is readable only where it is meant to be: not in
// Temporal's database, logs, metrics, traces or answers. It also checks encryption, and that a
// caller can be forgotten.
package privacy

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/proto"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/internal/codec"
	"github.com/callthread/callthread/internal/demo"
	"github.com/callthread/callthread/testsuite/personal"
	"github.com/callthread/callthread/testsuite/stage"
)

func TestPersonalDataIsNotLegible(t *testing.T) {
	t.Parallel()
	stage.NeedsTemporal(t)
	key, err := codec.NewKey("test")
	require.NoError(t, err)
	s, files := privateStage(t, key)
	answers := playPersonalCalls(t, s)

	held := places(t, s, files, answers)
	for place, text := range held {
		require.Empty(t, personal.Legible(text), place)
	}
	for place, words := range map[string]string{
		"database":          "binary/encrypted",
		"log of worker":     "Activity error.", // failed attempts are logged without Kustomer's message
		"metrics of worker": "callthread_kustomer_request_seconds",
	} {
		require.True(t, bytes.Contains(held[place], []byte(words)), "%s does not contain %s", place, words)
	}
	requireSummariesEncrypted(t, s, "answered")
	t.Run("and who has the key finds and forgets a caller", func(t *testing.T) { requireForgotten(t, s, key) })
}

// This is the control of the test above: without encryption, the search finds the words.
func TestWithoutEncryptionDatabaseIsLegible(t *testing.T) {
	t.Parallel()
	s, files := privateStage(t, "")
	held := places(t, s, files, playPersonalCalls(t, s))
	found := personal.Legible(held["database"])
	for _, mark := range personal.Marks() {
		if !strings.ContainsAny(mark, " /") && !strings.HasPrefix(mark, "0") { // notation for people
			require.Contains(t, found, mark)
		}
	}
	delete(held, "database")
	for place, text := range held {
		require.Empty(t, personal.Legible(text), "%s must not contain names either", place)
	}
	t.Run("and callers are found and forgotten too", func(t *testing.T) { requireForgotten(t, s, "") })
}

// files are the files that the programs of a stage write.
type files struct{ database, receiverLog, workerLog string }

// privateStage is a stage with the real programs, which log as much as they can, and with its own
// Temporal that keeps its state in a file.
func privateStage(t *testing.T, keys string) (*stage.Stage, files) {
	t.Helper()
	written := files{receiverLog: filepath.Join(t.TempDir(), "receiver.log"), workerLog: filepath.Join(t.TempDir(), "worker.log")}
	s := stage.Set(t, func(options *demo.StageOptions) {
		options.Existing, options.Programs, options.Keys = nil, stage.Programs(t), keys
		options.Programs.Receiver = loggingTo(written.receiverLog, options.Programs.Receiver)
		options.Programs.Worker = loggingTo(written.workerLog, options.Programs.Worker)
		options.Limits.Recording = 2 * time.Second
		options.Automations = slices.Concat(automation.DefaultFile, []byte(personalAutomations))
	})
	written.database = filepath.Join(s.Folder, "temporal.db")
	return s, written
}

// loggingTo is the command line with a log file and metrics on any port.
func loggingTo(file string, line []string) []string {
	shell := []string{"sh", "-c", `log=$1; shift; exec "$@" 2>>"$log"`, "sh", file}
	return slices.Concat(shell, line, []string{"--log-level", "debug", "--metrics-listen", "127.0.0.1:0"})
}

var metricsAddress = regexp.MustCompile(`msg="serving metrics" address=(\S+)`)

// places returns everything that a person who must not know the caller might read.
func places(t *testing.T, s *stage.Stage, written files, answers []byte) map[string][]byte {
	t.Helper()
	held := map[string][]byte{"answers to refused webhooks": answers}
	kept, err := filepath.Glob(written.database + "*") // including the write-ahead log
	require.NoError(t, err)
	require.NotEmpty(t, kept)
	for _, file := range kept {
		held["database"] = append(held["database"], readFile(t, file)...)
	}
	for name, file := range map[string]string{"receiver": written.receiverLog, "worker": written.workerLog} {
		log := readFile(t, file)
		held["log of "+name] = log
		serving := metricsAddress.FindSubmatch(log)
		require.NotNil(t, serving, name)
		held["metrics of "+name] = fetch(t, "http://"+string(serving[1])+"/metrics")
	}
	var listed *workflowservice.ListWorkflowExecutionsResponse
	require.Eventually(t, func() bool { // the workflow list is eventually consistent
		listed, err = s.Temporal.ListWorkflow(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{Query: "CallPhase != ''"})
		return err == nil && len(listed.GetExecutions()) >= personal.Numbers
	}, stage.WaitLimit, 50*time.Millisecond)
	for _, run := range listed.GetExecutions() {
		shown, err := proto.Marshal(run) // search attributes, ids, memo
		require.NoError(t, err)
		held["list of runs"] = append(held["list of runs"], shown...)
	}
	return held
}

func readFile(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	return text
}

func fetch(t *testing.T, url string) []byte {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer func() { require.NoError(t, response.Body.Close()) }()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return text
}
