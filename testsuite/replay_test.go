package testsuite

import (
	"flag"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/internal/demo"
	"github.com/callthread/callthread/testsuite/histories"
	"github.com/callthread/callthread/testsuite/stage"
	"github.com/callthread/callthread/workflows"
)

// Histories are recorded once and kept. Their names begin with the version of CallWorkflow, and
// testsuite/histories replays them. To record new ones:
// go test ./testsuite ./testsuite/shadow -run 'TestPlayedCalls|SideBySide' -record v2
var record = flag.String("record", "", "record histories under this version's name")

const recorded = "histories"

// playsAndReplays plays each call on its own stage on the real server, replays its history, and
// saves it if -record is set.
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
			require.NoError(t, histories.Keep(recorded, *record+"-"+name+".json", history))
		})
	}
}
