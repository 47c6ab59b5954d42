// Package notify posts to a webhook what needs somebody: calls that are parked or
// missing, agents whom Kustomer does not know, an API key that Kustomer refuses,
// comparisons that do not come to an end.
//
// A Schedule looks once a minute and compares what it finds with what it found before.
// So there is nothing that workers would have to agree on: each kind of message is sent
// at most once a minute. Histories hold counts and call ids, and never the webhook's
// address, which is a secret.
package notify

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// TaskQueue is where it is looked, beside the task queue of calls: only workers that
// know the address take part. It is also the id of the Schedule, and what the ids of
// its runs begin with, so that two installations in one namespace stay apart.
func TaskQueue(calls string) string { return calls + "-notify" }

// Seen is what the last run has found, and has sent messages about: the result of
// NotifyWorkflow, and where the next run begins.
type Seen struct {
	// Parked are the calls that were parked, the first ones of too many; ParkedCount is how many.
	Parked      []string `json:"parked,omitempty"`
	ParkedCount int      `json:"parkedCount,omitempty"`
	// Unassigned is how many of the calls that began since a time are with an agent whom
	// Kustomer does not know.
	Unassigned      int       `json:"unassigned,omitempty"`
	UnassignedSince time.Time `json:"unassignedSince,omitzero"`
	KeyRefused      bool      `json:"keyRefused,omitempty"`
	// Passes are known that ended until then.
	Passes  time.Time `json:"passes,omitzero"`
	Overdue bool      `json:"overdue,omitempty"`
}

const (
	// Calls get the mark of an unassigned agent until hours after they began. Temporal
	// forgets none of them before a day has passed.
	countedFor   = 24 * time.Hour
	countedAfter = 12 * time.Hour
)

// NotifyWorkflow looks what needs somebody, and sends a message about what is new. What
// cannot be sent is new for the next run too.
func NotifyWorkflow(ctx workflow.Context) (Seen, error) {
	last, err := lastSeen(ctx)
	if err != nil {
		return last, err
	}
	now := workflow.Now(ctx)
	look := Look{UnassignedSince: last.UnassignedSince, Passes: last.Passes, Now: now}
	if now.Sub(last.UnassignedSince) > countedFor {
		look.UnassignedNext = now.Add(-countedAfter)
	}
	var a *Activities
	var found Found
	lookCtx := workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{
		StartToCloseTimeout: lookTimeout, RetryPolicy: &temporal.RetryPolicy{MaximumAttempts: 1}, // there is another run in a minute
	})
	if err := workflow.ExecuteLocalActivity(lookCtx, a.Look, look).Get(ctx, &found); err != nil {
		return last, err
	}
	seen := found.seen(look)
	messages := found.messages(last, workflow.GetInfo(ctx).Namespace)
	for i, message := range messages {
		if err := send(ctx, message); err != nil {
			workflow.GetLogger(ctx).Warn("a notification was not sent: it is tried again in a minute", "kind", message.Kind, "problem", err)
			for _, unsent := range messages[i:] {
				seen.keep(last, unsent.Kind)
			}
			break
		}
	}
	return seen, ctx.Err()
}

// lastSeen is what the last run has found. Nothing that was before the first run is new,
// but for what needs somebody now.
func lastSeen(ctx workflow.Context) (last Seen, err error) {
	if workflow.HasLastCompletionResult(ctx) {
		return last, workflow.GetLastCompletionResult(ctx, &last)
	}
	now := workflow.Now(ctx)
	return Seen{UnassignedSince: now, Passes: now}, nil
}

const (
	lookTimeout = 20 * time.Second
	// Three tries within half a minute, and then again with the next run.
	sendTries = 3
	sendAgain = 2 * time.Second
)

func send(ctx workflow.Context, message Message) error {
	var a *Activities
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: 2 * postTimeout, Summary: string(message.Kind),
		RetryPolicy: &temporal.RetryPolicy{InitialInterval: sendAgain, MaximumAttempts: sendTries},
	})
	return workflow.ExecuteActivity(ctx, a.Send, message).Get(ctx, nil)
}

// keep has the next run find a kind as new as this one has.
func (s *Seen) keep(last Seen, kind Kind) {
	switch kind {
	case CallsParked:
		s.Parked, s.ParkedCount = last.Parked, last.ParkedCount
	case AgentsUnassigned:
		s.Unassigned, s.UnassignedSince = last.Unassigned, last.UnassignedSince
	case KeyRefused:
		s.KeyRefused = last.KeyRefused
	case CallsMissed:
		s.Passes = last.Passes
	case ComparisonOverdue:
		s.Overdue = last.Overdue
	}
}
