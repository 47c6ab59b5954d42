package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/callthread/callthread/activities"
)

// oldCall is the age from which a newly reported call may have had a run that Temporal has
// deleted. No call lasts that long, and no namespace has a shorter retention period.
const oldCall = 12 * time.Hour

// stepOptions returns the activity options of every step that calls Kustomer. A failed
// attempt itself says when to retry (activities/failures.go). The retry policy applies only
// to failures that do not, such as a lost worker.
func stepOptions(ctx workflow.Context, summary string, priority int) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		HeartbeatTimeout: activities.HeartbeatTimeout,
		// A step sends a few requests that take well under a second each, including the
		// wait for the request budget (internal/app limits how many steps share it). If a
		// step takes longer, its worker is lost or Kustomer is very slow, and a ringing
		// call should not wait for either.
		StartToCloseTimeout: 30 * time.Second,
		// A step waits for the end of an outage of Kustomer. After a week the conversation
		// is useful only to someone who has checked the call, so the call is parked.
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
