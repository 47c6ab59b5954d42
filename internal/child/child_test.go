package child

import (
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func start(t *testing.T, script string) *Process {
	t.Helper()
	process, err := Start(exec.Command("sh", "-c", script))
	require.NoError(t, err)
	t.Cleanup(process.Kill)
	return process
}

// await waits until the child has printed a line and returns it.
func await(t *testing.T, process *Process) (line string) {
	t.Helper()
	require.Eventually(t, func() bool {
		var whole bool
		line, _, whole = strings.Cut(process.Output(), "\n")
		return whole
	}, time.Minute, 5*time.Millisecond)
	return line
}

func TestChildReportsStateAndOutput(t *testing.T) {
	process := start(t, "echo out; echo err >&2; exit 3")
	require.Equal(t, "exit status 3", process.End())
	require.Equal(t, "out\nerr\n", process.Output())
}

func TestChildThatCannotStartIsAnError(t *testing.T) {
	_, err := Start(exec.Command("/nowhere/program"))
	require.ErrorContains(t, err, "/nowhere/program")
}

func TestStopLetsTheChildTidyUp(t *testing.T) {
	process := start(t, `trap 'echo tidy; exit 0' TERM; echo ready; while :; do sleep 0.01; done`)
	await(t, process)
	process.Stop(time.Minute)
	require.Equal(t, "exit status 0", process.End())
	require.Contains(t, process.Output(), "tidy")
}

func TestChildThatDoesNotStopIsKilled(t *testing.T) {
	process := start(t, `trap '' TERM; echo ready; while :; do sleep 0.01; done`)
	await(t, process)
	process.Stop(50 * time.Millisecond)
	require.Equal(t, "signal: killed", process.End())
}

func TestKilledChildMayBeKilledAgain(t *testing.T) {
	process := start(t, `echo $$; exec sleep 600`)
	id, err := strconv.Atoi(await(t, process))
	require.NoError(t, err)
	process.Kill()
	process.Kill()
	require.ErrorIs(t, syscall.Kill(id, 0), syscall.ESRCH)
}

func TestOnlyTheEndOfTheOutputIsKept(t *testing.T) {
	process := start(t, `head -c 200000 /dev/zero; echo last words`)
	process.End()
	require.Len(t, process.Output(), tailSize)
	require.True(t, strings.HasSuffix(process.Output(), "last words\n"))
}

// The test binary itself is the parent that gets killed.
func TestChildDiesWithAParentThatIsKilled(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("elsewhere nothing ties a child to its parent")
	}
	const role = "CHILD_TEST_PARENT"
	if os.Getenv(role) != "" {
		process, err := Start(exec.Command("sleep", "600"))
		require.NoError(t, err)
		_, _ = os.Stdout.WriteString(strconv.Itoa(process.command.Process.Pid) + "\n")
		select {}
	}
	command := exec.Command(os.Args[0], "-test.run", "^"+t.Name()+"$")
	command.Env = append(os.Environ(), role+"=1")
	parent, err := Start(command)
	require.NoError(t, err)
	t.Cleanup(parent.Kill)
	id, err := strconv.Atoi(await(t, parent))
	require.NoError(t, err)
	parent.Kill()
	require.Eventually(t, func() bool { return syscall.Kill(id, 0) != nil || isZombie(id) }, time.Minute, 5*time.Millisecond)
}

// isZombie reports whether a process has ended but was not reaped. In a container it may never be
// reaped.
func isZombie(id int) bool {
	status, err := os.ReadFile("/proc/" + strconv.Itoa(id) + "/stat")
	return err == nil && strings.Contains(string(status), ") Z ")
}
