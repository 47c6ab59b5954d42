package workflows

import (
	"go.temporal.io/sdk/worker"

	"github.com/callthread/callthread/activities"
)

// Register tells a worker all that it needs to serve calls.
func Register(r worker.Registry, steps *activities.Activities) {
	r.RegisterWorkflow(CallWorkflow)
	r.RegisterActivity(steps)
}
