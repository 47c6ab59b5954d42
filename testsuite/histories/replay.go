// Package histories holds one recorded history of a call for each path through
// CallWorkflow. As long as they replay, calls that run under an earlier version
// survive today's. No history is ever deleted or changed after v1.0.0.
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

// maxReason keeps what differs within a few lines of a terminal: the SDK may quote whole events.
const maxReason = 300

// Replay replays a history of a call under a workflow. The error is one line that says
// what a change breaks, and what to read then.
func Replay(call any, name string, history *historypb.History) error {
	replayer := worker.NewWorkflowReplayer()
	replayer.RegisterWorkflowWithOptions(call, workflow.RegisterOptions{Name: "CallWorkflow"})
	err := replayer.ReplayWorkflowHistory(log.NewStructuredLogger(slog.New(slog.DiscardHandler)), history) // its log has the stack traces
	if err == nil {
		return nil
	}
	reason, _, _ := strings.Cut(err.Error(), "\n")
	if len(reason) > maxReason {
		reason = reason[:maxReason] + " …"
	}
	return fmt.Errorf(`the change breaks running calls: %s does not replay: %s; see "Change the workflow" in CONTRIBUTING.md`, name, reason)
}
