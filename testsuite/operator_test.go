package testsuite

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The commands as they are shipped, on a real server: whether it understands
// what they ask is what the unit tests' fake cannot tell.
func TestOperatorFindsACallByWhatIsKnownOfIt(t *testing.T) {
	const key, another = "call of O'Brien", "call of nobody"
	accepts(t, "call-inbound", inbound(another))
	accepts(t, "call-finished", abandoned(another))
	result(t, another)
	ring := time.Now().UTC().Format(time.RFC3339)
	accepts(t, "call-inbound", inbound(key))
	accepts(t, "call-bridged", strings.Replace(bridged(key), `"Support"`, `"O'Brien"`, 1))
	accepts(t, "call-finished", finished(key))
	state := result(t, key)
	starter := builtPrograms(t).Receiver[0]

	flags := []string{"calls", "--phase", "finished", "--outcome", "answered", "--direction", "in", "--agent", "4711", "--queue", "O'Brien", "--since", ring}
	listed := func() bool { return strings.Contains(operate(t, starter, flags...), state.ConversationID) } // the list lags behind
	require.Eventually(t, listed, 10*time.Second, 50*time.Millisecond)
	require.Contains(t, operate(t, starter, "calls", "--limit", "1"), "more are not shown")
	require.NotContains(t, operate(t, starter, "calls", "--running", "--queue", "O'Brien"), key)

	for _, id := range []string{key, state.ConversationID} {
		shown := operate(t, starter, "show", id)
		for _, line := range []string{"Outcome +answered", "Spoke with +Amira Haddad", "Waited +7 s", "Log .+ ringing", "outcome written: answered"} {
			require.Regexp(t, line, shown)
		}
	}
}

// operate runs a command on the stage's Temporal and returns what it prints.
func operate(t *testing.T, starter string, args ...string) string {
	t.Helper()
	printed, complaint, err := operateAs(t, "", starter, args...)
	require.NoError(t, err, "%s%s", printed, complaint)
	return printed
}

// operateAs is the same with encryption keys, and for commands that may fail.
func operateAs(t *testing.T, keys, starter string, args ...string) (printed, complaint string, err error) {
	t.Helper()
	command := exec.CommandContext(t.Context(), starter, args...)
	command.Env = append(command.Environ(), "TEMPORAL_ADDRESS="+stage.TemporalAddress, "CALLTHREAD_ENCRYPTION_KEYS="+keys)
	var out, complaints bytes.Buffer
	command.Stdout, command.Stderr = &out, &complaints
	err = command.Run()
	return out.String(), complaints.String(), err
}
