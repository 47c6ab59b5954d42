package testsuite

import (
	"bytes"
	"context"
	"encoding/base64"
	"io"
	"log/slog"
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
	"github.com/callthread/callthread/workflows"
)

func TestNothingPersonalIsLegibleInDatabaseLogsMetricsAndAnswers(t *testing.T) {
	key, err := codec.NewKey("test")
	require.NoError(t, err)
	starter, files := privateStage(t, key)
	answers := playPersonalCalls(t)

	held := places(t, files, answers)
	for place, text := range held {
		require.Empty(t, legible(text, allMarks()), place)
	}
	require.Contains(t, string(held["database"]), "binary/encrypted")
	require.Contains(t, string(held["log of worker"]), "Activity error.", "failed attempts are logged, without Kustomer's words")
	require.Contains(t, string(held["metrics of worker"]), "callthread_kustomer_request_seconds")
	requireSummariesEncrypted(t, "answered")
	t.Run("and who has the key finds and forgets a caller", func(t *testing.T) { requireForgotten(t, key, starter) })
}

// What the test above looks for would be found: it is where it is looked for.
func TestWithoutEncryptionTheSameSearchFindsEverythingInTheDatabase(t *testing.T) {
	starter, files := privateStage(t, "")
	held := places(t, files, playPersonalCalls(t))
	found := legible(held["database"], allMarks())
	for _, mark := range allMarks() {
		if !strings.ContainsAny(mark, " /") && !strings.HasPrefix(mark, "0") { // as numbers are written for people
			require.Contains(t, found, mark)
		}
	}
	delete(held, "database")
	for place, text := range held {
		require.Empty(t, legible(text, allMarks()), "%s must not name anybody even so", place)
	}
	t.Run("and callers are found and forgotten too", func(t *testing.T) { requireForgotten(t, "", starter) })
}

// files are those that the programs of a stage write.
type files struct{ database, receiverLog, workerLog string }

// privateStage takes the place of the usual stage: with the real programs, which
// log all that they can, and a Temporal that keeps its state in a file.
func privateStage(t *testing.T, keys string) (starter string, _ files) {
	t.Helper()
	written := files{receiverLog: filepath.Join(t.TempDir(), "receiver.log"), workerLog: filepath.Join(t.TempDir(), "worker.log")}
	programs := builtPrograms(t)
	starter = programs.Receiver[0]
	programs.Receiver = loggingTo(written.receiverLog, programs.Receiver)
	programs.Worker = loggingTo(written.workerLog, programs.Worker)
	usual := stage
	t.Cleanup(func() { stage = usual })
	var err error
	stage, err = demo.SetStage(context.Background(), demo.StageOptions{
		Programs: programs, Keys: keys, Budget: 100_000,
		Patience:    workflows.Patience{Settle: 2 * time.Second, Recording: 2 * time.Second},
		Automations: slices.Concat(automation.DefaultFile, []byte(personalAutomations)),
		Progress:    io.Discard, Log: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	t.Cleanup(stage.Close)
	written.database = filepath.Join(stage.Folder, "temporal.db")
	return starter, written
}

// loggingTo is the command line with a log file, and metrics at some port.
func loggingTo(file string, line []string) []string {
	shell := []string{"sh", "-c", `log=$1; shift; exec "$@" 2>>"$log"`, "sh", file}
	return slices.Concat(shell, line, []string{"--log-level", "debug", "--metrics-listen", "127.0.0.1:0"})
}

var metricsAddress = regexp.MustCompile(`msg="serving metrics" address=(\S+)`)

// places is everything that might be read by somebody who is not meant to know who calls.
func places(t *testing.T, written files, answers []byte) map[string][]byte {
	t.Helper()
	held := map[string][]byte{"answers to refused webhooks": answers}
	kept, err := filepath.Glob(written.database + "*") // with what is written ahead
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
	listed, err := stage.Temporal.ListWorkflow(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{Query: "CallPhase != ''"})
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(listed.GetExecutions()), personalCalls)
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

// legible is which of the marks a text holds: as they are, in any case, or in base64.
func legible(text []byte, marks []string) (found []string) {
	folded := bytes.ToLower(text)
	for _, mark := range marks {
		if bytes.Contains(folded, []byte(strings.ToLower(mark))) || slices.ContainsFunc(inBase64(mark), func(form string) bool { return bytes.Contains(text, []byte(form)) }) {
			found = append(found, mark)
		}
	}
	return found
}

// inBase64 is what a text looks like inside of a longer one in base64, which
// depends on where in it the text begins. The ends depend on what is beside it.
func inBase64(text string) (forms []string) {
	for offset := range 3 {
		form := base64.StdEncoding.EncodeToString([]byte(strings.Repeat(" ", offset) + text))
		begin := []int{0, 2, 3}[offset]
		forms = append(forms, strings.TrimRight(form[begin:], "=")[:(8*len(text)-6)/6])
	}
	return forms
}
