package workflows

import (
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/callthread/callthread/activities"
)

// Register tells a worker all that it needs to serve calls.
func Register(r worker.Registry, steps *activities.Activities) {
	r.RegisterWorkflowWithOptions(ownCall, workflow.RegisterOptions{Name: "CallWorkflow"})
	r.RegisterActivity(steps)
}
