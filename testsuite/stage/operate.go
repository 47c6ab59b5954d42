package stage

import (
	"bytes"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"

	"github.com/callthread/callthread/internal/codec"
	"github.com/callthread/callthread/internal/demo"
	"github.com/callthread/callthread/workflows"
)

// Decide sends an operator's decision on a parked call.
func (s *Stage) Decide(t *testing.T, key, decision string, with ...any) {
	t.Helper()
	handle, err := s.Temporal.UpdateWorkflow(t.Context(), client.UpdateWorkflowOptions{
		WorkflowID: workflows.WorkflowID(key), UpdateName: decision, Args: with, WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	require.NoError(t, err)
	require.NoError(t, handle.Get(t.Context(), nil))
}

// Reset resets a call's workflow to one of its workflow tasks.
func (s *Stage) Reset(t *testing.T, key string, to func(decisions []int64) int64) {
	t.Helper()
	var decisions []int64
	for _, event := range s.History(t, key).Events {
		if event.GetWorkflowTaskCompletedEventAttributes() != nil {
			decisions = append(decisions, event.EventId)
		}
	}
	_, err := s.Temporal.ResetWorkflowExecution(t.Context(), &workflowservice.ResetWorkflowExecutionRequest{
		Namespace: client.DefaultNamespace, WorkflowExecution: &commonpb.WorkflowExecution{WorkflowId: workflows.WorkflowID(key)},
		Reason: "a test", RequestId: key, WorkflowTaskFinishEventId: to(decisions),
	})
	require.NoError(t, err)
}

// Operate runs a command of the starter on the stage's Temporal and returns its output.
func (s *Stage) Operate(t *testing.T, args ...string) string {
	t.Helper()
	printed, complaint, err := s.OperateAs(t, "", args...)
	require.NoError(t, err, "%s%s", printed, complaint)
	return printed
}

// OperateAs runs a command with encryption keys. The command may fail.
func (s *Stage) OperateAs(t *testing.T, keys string, args ...string) (printed, complaint string, err error) {
	t.Helper()
	command := exec.CommandContext(t.Context(), Programs(t).Receiver[0], args...)
	command.Env = append(command.Environ(), "TEMPORAL_ADDRESS="+s.TemporalAddress, "CALLTHREAD_ENCRYPTION_KEYS="+keys)
	var out, complaints bytes.Buffer
	command.Stdout, command.Stderr = &out, &complaints
	err = command.Run()
	return out.String(), complaints.String(), err
}

// Connect returns a client of the stage's Temporal with the given keys.
func (s *Stage) Connect(t *testing.T, keys string) client.Client {
	t.Helper()
	parsed, err := codec.ParseKeys(keys)
	require.NoError(t, err)
	options := client.Options{HostPort: s.TemporalAddress, Logger: sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler))}
	parsed.Protect(&options)
	c, err := client.DialContext(t.Context(), options)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

// Programs returns the two programs as they are shipped, built once for all tests of a package.
func Programs(t *testing.T) *demo.Programs {
	t.Helper()
	built.Lock()
	defer built.Unlock()
	if built.folder == "" {
		folder, err := os.MkdirTemp("", "callthread-programs-")
		require.NoError(t, err)
		const module = "github.com/callthread/callthread/"
		output, err := exec.CommandContext(t.Context(), "go", "build", "-o", folder, module+"starter", module+"worker").CombinedOutput()
		require.NoError(t, err, string(output))
		built.folder = folder
	}
	return &demo.Programs{
		Receiver: []string{filepath.Join(built.folder, "starter"), "serve"},
		Worker:   []string{filepath.Join(built.folder, "worker")},
	}
}

var built struct {
	sync.Mutex
	folder string // of the programs, once they are built
}

func removePrograms() { _ = os.RemoveAll(built.folder) }
