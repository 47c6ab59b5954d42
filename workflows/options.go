package workflows

import (
	"cmp"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/callthread/callthread/activities"
)

// DefaultPatience is how long a call waits unless its starter says otherwise.
var DefaultPatience = Patience{
	// Queues of half an hour happen; an hour without an agent or an end means that the events were lost.
	Bridge: time.Hour,
	// Nobody talks longer; the end of the call was lost.
	End: 8 * time.Hour,
	// Longer than the receiver takes to refuse a webhook while Temporal is away (5 s) and the
	// sender then waits to send it again (5 s): starter/webhook. Those that race differ by less.
	Settle: 15 * time.Second,
	// A recording is stored within a minute or two of the end; one that takes longer has failed.
	Recording: 15 * time.Minute,
}

// calledPatience is how long the conversation of a call that is placed may wait
// for the leg that tells who is called: the agent's own phone rings first.
const calledPatience = 2 * time.Minute

// callerPatience is how long the conversation may wait for an event that says
// who calls. An agent may be waiting for it.
const callerPatience = 5 * time.Second

// transferPatience is how long the agent to whom a call was transferred may
// let it ring: the caller's leg has ended by then, but not the call.
const transferPatience = 5 * time.Minute

// transferTime is how long the last agent of a call that was transferred may
// talk, where the end of that leg is not heard of. The outcome is not written before.
const transferTime = time.Hour

// announcedWithin is how far apart the two legs of one bridge tell of it.
const announcedWithin = 5 * time.Second

// oldNews is how old a call is when it is first heard of, if Temporal may have
// forgotten an earlier run of it: no call lasts as long, and no namespace forgets sooner.
const oldNews = 12 * time.Hour

// withDefaults fills in what the starter left open.
func (p Patience) withDefaults() Patience {
	return Patience{
		Bridge:    cmp.Or(p.Bridge, DefaultPatience.Bridge),
		End:       cmp.Or(p.End, DefaultPatience.End),
		Settle:    cmp.Or(p.Settle, DefaultPatience.Settle),
		Recording: cmp.Or(p.Recording, DefaultPatience.Recording),
	}
}

// kustomerStep is for every step that talks to Kustomer. How soon a failed
// attempt is repeated is said by the failure itself (activities/failures.go);
// the policy here is for failures that say nothing, such as a lost worker.
func kustomerStep(ctx workflow.Context, summary string, priority int) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		HeartbeatTimeout: activities.HeartbeatTimeout,
		// A handful of requests that take well under a second each, their turns in the budget
		// included (internal/config bounds how many steps share it). Longer means that the worker is
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
