// Package histories contains one recorded history of a call for each path through CallWorkflow.
// If they replay, calls that run under an earlier version survive the current one. After v1.0.0 no
// history is deleted or changed.
package histories

import (
	"fmt"
	"log/slog"
	"strings"

	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

// maxReason limits the reason to a few lines of a terminal, because the SDK may quote whole events.
const maxReason = 300

// Replay replays a call's history with a workflow. The error is one line that names what the change
// breaks and what to read.
func Replay(call any, name string, history *historypb.History) error {
	replayer := worker.NewWorkflowReplayer()
	replayer.RegisterWorkflowWithOptions(call, workflow.RegisterOptions{Name: "CallWorkflow"})
	err := replayer.ReplayWorkflowHistory(log.NewStructuredLogger(slog.New(slog.DiscardHandler)), history) // its log contains stack traces
	if err == nil {
		return nil
	}
	reason, _, _ := strings.Cut(err.Error(), "\n")
	if len(reason) > maxReason {
		reason = reason[:maxReason] + " …"
	}
	return fmt.Errorf(`the change breaks running calls: %s does not replay: %s; see "Change the workflow" in CONTRIBUTING.md`, name, reason)
}
