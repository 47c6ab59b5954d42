package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/callthread/callthread/activities"
)

// oldCall is the age at which a call that is first reported may have had a run that
// Temporal has forgotten: no call lasts as long, and no namespace forgets sooner.
const oldCall = 12 * time.Hour

// stepOptions is for every step that talks to Kustomer. How soon a failed
// attempt is repeated is said by the failure itself (activities/failures.go);
// the policy here is for failures that say nothing, such as a lost worker.
func stepOptions(ctx workflow.Context, summary string, priority int) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		HeartbeatTimeout: activities.HeartbeatTimeout,
		// A handful of requests that take well under a second each, their turns in the budget
		// included (internal/app bounds how many steps share it). Longer means that the worker is
		// gone, or Kustomer as slow as if it were: a ringing call should not wait for either.
		StartToCloseTimeout: 30 * time.Second,
		// An outage of Kustomer is waited out; after a week nobody needs the conversation any more
		// without looking at the call first, so it parks.
		ScheduleToCloseTimeout: 7 * 24 * time.Hour,
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval:    time.Second,
			BackoffCoefficient: 1.5,
			MaximumInterval:    time.Minute,
		},
		Summary:  summary,
		Priority: temporal.Priority{PriorityKey: priority},
	})
}
