package workflows

import (
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/callthread/callthread/activities"
)

// Register registers CallWorkflow and the activities with a worker. The worker serves calls
// in shadow if the activities write nothing, and live calls otherwise.
func Register(r worker.Registry, steps *activities.Activities) {
	inShadow := activities.InShadow(steps)
	serve := func(ctx workflow.Context, in CallInput) (*Ended, error) {
		if in.Shadow != inShadow {
			// A panic fails only the workflow task: the run then waits for a worker of its
			// mode.
			panic("a worker of the other mode polls the task queue of this call: live calls and calls in shadow need separate task queues")
		}
		return ownCall(ctx, in)
	}
	r.RegisterWorkflowWithOptions(serve, workflow.RegisterOptions{Name: "CallWorkflow"})
	r.RegisterActivity(steps)
}
