// Package notify posts messages to a webhook when an operator is needed: for parked and missing
// calls, agents that Kustomer does not know, a refused Kustomer API key, and comparisons that do
// not complete.
//
// A Schedule runs [NotifyWorkflow] once a minute. The workflow compares what it finds with the
// result of the last run, so workers need no coordination and each kind of message is sent at most
// once a minute. Histories contain counts and call ids, but never the webhook's address, which is
// a secret.
package notify

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// TaskQueue returns the task queue of notifications, given the task queue of calls. They are
// separate because only some workers have the address. It is also the id of the Schedule and the
// prefix of its workflow ids, so that two installations in one namespace do not collide.
func TaskQueue(calls string) string { return calls + "-notify" }

// Seen is what a run has found and sent messages about. It is the result of [NotifyWorkflow] and
// the input of the next run.
type Seen struct {
	// Parked are the parked calls, up to a limit. ParkedCount is their number.
	Parked      []string `json:"parked,omitempty"`
	ParkedCount int      `json:"parkedCount,omitempty"`
	// Unassigned is the number of calls since UnassignedSince with an agent that Kustomer does not
	// know.
	Unassigned      int       `json:"unassigned,omitempty"`
	UnassignedSince time.Time `json:"unassignedSince,omitzero"`
	KeyRefused      bool      `json:"keyRefused,omitempty"`
	// Passes is when the last known pass of the comparison ended.
	Passes  time.Time `json:"passes,omitzero"`
	Overdue bool      `json:"overdue,omitempty"`
}

const (
	// A call may be marked as unassigned hours after it began. Temporal keeps every call for at
	// least a day.
	countedFor   = 24 * time.Hour
	countedAfter = 12 * time.Hour
)

// NotifyWorkflow looks for what needs an operator and sends messages about what is new. The next
// run sends a message again if it could not be sent.
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
		StartToCloseTimeout: lookTimeout, RetryPolicy: &temporal.RetryPolicy{MaximumAttempts: 1}, // the next run follows in a minute
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

// lastSeen returns what the last run found. For the first run, earlier calls and passes are not
// new, except for what needs an operator now.
func lastSeen(ctx workflow.Context) (last Seen, err error) {
	if workflow.HasLastCompletionResult(ctx) {
		return last, workflow.GetLastCompletionResult(ctx, &last)
	}
	now := workflow.Now(ctx)
	return Seen{UnassignedSince: now, Passes: now}, nil
}

const (
	lookTimeout = 20 * time.Second
	// Three attempts within half a minute. After them, the next run sends the message.
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

// keep restores the last state of a kind, so that the next run finds it new again.
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
