package workflows

import (
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/callthread/callthread/activities"
)

// Register tells a worker all that it needs to serve calls: those in shadow if the steps
// write nothing, and otherwise live ones.
func Register(r worker.Registry, steps *activities.Activities) {
	inShadow := activities.InShadow(steps)
	serve := func(ctx workflow.Context, in CallInput) (Ended, error) {
		if in.Shadow != inShadow {
			// The run waits for a worker of its mode, which a failed run could not.
			panic("a worker of the other mode has the task queue of this call: live calls and those in shadow need one each")
		}
		return ownCall(ctx, in)
	}
	r.RegisterWorkflowWithOptions(serve, workflow.RegisterOptions{Name: "CallWorkflow"})
	r.RegisterActivity(steps)
}
