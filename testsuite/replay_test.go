package testsuite

import (
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/temporalproto"

	"github.com/callthread/callthread/internal/demo"
	"github.com/callthread/callthread/testsuite/histories"
	"github.com/callthread/callthread/testsuite/stage"
	"github.com/callthread/callthread/workflows"
)

// Histories are recorded once, by the version of CallWorkflow that their name begins
// with, and kept for good; testsuite/histories replays them. To record those of a new
// version: go test ./testsuite -run TestPlayedCalls -record v2
var record = flag.String("record", "", "record histories under this version's name")

const recorded = "histories"

// playsAndReplays plays calls on the real server, each with a stage of its own,
// replays what came of each, and keeps the histories where -record asks for them.
func playsAndReplays(t *testing.T, calls map[string]func(t *testing.T, s *stage.Stage, key string), change ...func(*demo.StageOptions)) {
	t.Parallel()
	for name, play := range calls {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, key := stage.Set(t, change...), "recorded-"+name
			play(t, s, key)
			s.Result(t, key)
			history := s.History(t, key)
			if err := histories.Replay(workflows.CallWorkflow, key, history); err != nil {
				t.Fatal(err)
			}
			if *record == "" {
				return
			}
			keep(t, history, *record+"-"+name+".json")
		})
	}
}

// keep records a history. One that exists is what running calls depend on, and stays as it is.
func keep(t *testing.T, history *historypb.History, name string) {
	t.Helper()
	text, err := temporalproto.CustomJSONMarshalOptions{Indent: " "}.Marshal(history)
	require.NoError(t, err)
	file, err := os.OpenFile(filepath.Join(recorded, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		require.Fail(t, "this history is recorded already", "%s: no history is ever overwritten; record under another version's name", name)
	}
	require.NoError(t, err)
	_, err = file.Write(text)
	require.NoError(t, errors.Join(err, file.Close()))
}
