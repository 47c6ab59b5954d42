package operator

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
)

// FailedStep is an activity whose last attempt failed and that Temporal retries.
type FailedStep struct {
	// Failure is the message of the last attempt. Attempts is the number of failed attempts.
	Failure  string `json:"failure"`
	Attempts int    `json:"attempts"`
	// Next is the time of the next attempt, zero while an attempt runs.
	Next time.Time `json:"next,omitzero"`
}

// failedStep reads a pending activity whose last attempt failed.
func (o *Operator) failedStep(pending *workflowpb.PendingActivityInfo) FailedStep {
	var options client.Options
	o.Keys.Protect(&options)
	err := options.FailureConverter.FailureToError(pending.GetLastFailure())
	step := FailedStep{Failure: err.Error(), Attempts: int(pending.GetAttempt()) - 1}
	if application := (*temporal.ApplicationError)(nil); errors.As(err, &application) {
		step.Failure = cmp.Or(application.Message(), step.Failure)
	}
	if next := pending.GetNextAttemptScheduleTime(); next != nil {
		step.Next = next.AsTime()
	}
	return step
}

// inWords is the failure with the time of the next attempt.
func (f FailedStep) inWords() string {
	next := "is being tried again"
	if !f.Next.IsZero() {
		next = "is tried again at " + moment(f.Next)
	}
	return fmt.Sprintf("%s (attempt %d; %s)", f.Failure, f.Attempts, next)
}
