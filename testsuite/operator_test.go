package testsuite

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/testsuite/stage"
)

// The commands run as they are shipped, because only a real server shows whether it accepts their
// queries. The unit tests use a fake.
func TestOperatorFindsACall(t *testing.T) {
	t.Parallel()
	s := stage.Set(t)
	const key, another = "call of O'Brien", "call of nobody"
	s.Accepts(t, "call-inbound", stage.Inbound(another))
	s.Accepts(t, "call-finished", stage.Abandoned(another))
	s.Result(t, another)
	ring := time.Now().UTC().Format(time.RFC3339)
	s.Accepts(t, "call-inbound", stage.Inbound(key))
	s.Accepts(t, "call-bridged", strings.Replace(stage.Bridged(key), `"Support"`, `"O'Brien"`, 1))
	s.Accepts(t, "call-finished", stage.Finished(key))
	state := s.Result(t, key)

	stage.Programs(t) // the build takes longer than the workflow list needs to show a call
	flags := []string{"calls", "--phase", "finished", "--outcome", "answered", "--direction", "in", "--agent", "4711", "--queue", "O'Brien", "--since", ring}
	listed := func() bool { return strings.Contains(s.Operate(t, flags...), state.ConversationID) } // the workflow list is eventually consistent
	require.Eventually(t, listed, stage.WaitLimit, 50*time.Millisecond)
	require.Contains(t, s.Operate(t, "calls", "--limit", "1"), "more are not shown")
	require.NotContains(t, s.Operate(t, "calls", "--running", "--queue", "O'Brien"), key)
	require.True(t, lineOf(s.Operate(t, "calls", "--queue", "o'brien", "--since", "1d"), key, "O'Brien"), "regardless of case")
	require.Regexp(t, `knows no call with queue obrien\. The queues of all calls are .*O'Brien`, s.Operate(t, "calls", "--queue", "obrien"))
	require.True(t, lineOf(s.Operate(t, "calls", "--outcome", "abandoned", "--since", "1w"), another, "abandoned_in_"))

	for _, id := range []string{key, state.ConversationID, "call of O'B"} {
		shown := s.Operate(t, "show", id)
		for _, line := range []string{"Outcome +answered", "Spoke with +Amira Haddad", "Waited +7 s", "Log .+ ringing", "outcome written: answered"} {
			require.Regexp(t, line, shown)
		}
	}
	_, complaint, err := s.OperateAs(t, "", "show", "call of")
	require.Error(t, err)
	require.Contains(t, complaint, `the ids of several calls begin with "call of": call of O'Brien, call of nobody. Name one of them`)
}

// lineOf reports whether a table has a row that begins with the call and contains the words.
func lineOf(table, call, words string) bool {
	for line := range strings.Lines(table) {
		if strings.HasPrefix(line, call+" ") && strings.Contains(line, words) {
			return true
		}
	}
	return false
}
