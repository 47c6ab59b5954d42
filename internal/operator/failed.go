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

// FailedStep is a step of a call that has failed, and that Temporal tries again.
type FailedStep struct {
	// Failure is why the last attempt failed.
	Failure  string `json:"failure"`
	Attempts int    `json:"attempts"`
	// Next is when it is tried next, zero while it is being tried.
	Next time.Time `json:"next,omitzero"`
}

// failedStep reads what Temporal knows of a step whose last attempt failed.
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

// inWords is the failure, and how it goes on.
func (f FailedStep) inWords() string {
	next := "is being tried again"
	if !f.Next.IsZero() {
		next = "is tried again at " + moment(f.Next)
	}
	return fmt.Sprintf("%s (attempt %d; %s)", f.Failure, f.Attempts, next)
}
