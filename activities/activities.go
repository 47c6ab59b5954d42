// Package activities holds the steps of a call that touch Kustomer. Each may
// be carried out more than once: an attempt whose answer was lost, or whose
// worker died, is repeated, and a repeat finds what an earlier attempt has done
// instead of doing it again.
package activities

import (
	"context"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/kustomer"
)

// Activities are the steps with what they need. It is registered whole; every
// exported method is an activity of the same name.
type Activities struct {
	kustomer    *kustomer.Client
	automations func() *automation.Set
	country     string
}

// New makes the activities. Each step asks anew which automations are in
// force. Country (ISO 3166, two letters) is where numbers written without a
// country code are at home; empty refuses to guess.
func New(client *kustomer.Client, automations func() *automation.Set, country string) *Activities {
	return &Activities{kustomer: client, automations: automations, country: country}
}

// externalIDPrefix marks what we made in Kustomer, so that we recognise it.
const externalIDPrefix = "babelforce:"

// Priorities of steps, as task priorities of Temporal: of those that wait for
// a worker the lower goes first, and of those that wait for their turn in
// Kustomer's budget too.
const (
	// PriorityRing: a phone rings, and the agent's screen is empty.
	PriorityRing = 1
	// PriorityHandOver: an agent has the caller on the line.
	PriorityHandOver = 2
	// PriorityOutcome: the call is over; somebody may read of it any moment.
	PriorityOutcome = 3
	// PriorityCatchUp: the call was over before the step came to its turn.
	PriorityCatchUp = 4
)

// overdue is how old a step may be before nobody at a phone waits for it any
// more: it then makes room for calls that ring now.
const overdue = 2 * time.Minute

// HeartbeatTimeout is after how long a step that says nothing counts as dead
// with its worker, so that another takes it up while the phone still rings.
const HeartbeatTimeout = 10 * time.Second

// heartbeats are far enough apart for the usual step to end without one.
const heartbeats = 3 * time.Second

// begin makes a step's context: with its urgency for Kustomer's budget, and
// with signs of life for as long as the step is under way.
func begin(ctx context.Context) (_ context.Context, end func()) {
	if !activity.IsActivity(ctx) { // the check before the first call carries steps out by themselves
		return ctx, func() {}
	}
	info := activity.GetInfo(ctx)
	urgency := kustomer.Now
	switch {
	case info.Priority.PriorityKey >= PriorityCatchUp || time.Since(info.ScheduledTime) > overdue:
		urgency = kustomer.Later
	case info.Priority.PriorityKey >= PriorityHandOver:
		urgency = kustomer.Soon
	}
	alive := time.NewTicker(heartbeats)
	ended := make(chan struct{})
	go func() {
		for {
			select {
			case <-alive.C:
				activity.RecordHeartbeat(ctx)
			case <-ended:
				return
			}
		}
	}()
	return kustomer.WithUrgency(ctx, urgency), func() {
		alive.Stop()
		close(ended)
	}
}

// repeated reports whether an earlier attempt of this step may have written
// something already. Only then is a look-up worth a request of the budget
// that the whole Kustomer org shares.
func repeated(ctx context.Context) bool {
	return tries(ctx) > 1
}

// tries counts the tries of this step, from 1.
func tries(ctx context.Context) int32 {
	if !activity.IsActivity(ctx) {
		return 1
	}
	return activity.GetInfo(ctx).Attempt
}
