package activities

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"time"

	"go.temporal.io/sdk/temporal"

	"github.com/callthread/callthread/kustomer"
)

// The types of errors that activities return. The Web UI shows them, and workflows
// distinguish them.
const (
	// Unavailable means that Kustomer did not answer, or not as documented. It is retried
	// with backoff.
	Unavailable = "KustomerUnavailable"
	// RateLimited means that the org's request budget is used up. It is retried after the
	// reset.
	RateLimited = "KustomerRateLimited"
	// Credentials means that the API key or its roles are wrong for every call. It is
	// retried slowly until an operator has corrected the key.
	Credentials = "KustomerCredentials"
	// Refused means that Kustomer rejected the request. A retry would get the same answer,
	// so an operator has to decide.
	Refused = "KustomerRefused"
	// NotStarted means that a local activity failed before it changed anything.
	NotStarted = "NotStarted"
	// NotTried means that a local activity was not attempted, because the step must be a
	// regular activity or no slot was free.
	NotTried = "NotTried"
	// CallerUnknown means that an operator has to choose the customer.
	CallerUnknown = "CallerUnknown"
)

const (
	// The backoff grows from a second to a minute. A short failure delays a ringing call by
	// a second; in an outage each call costs Kustomer one request a minute. A growth of 1.5
	// instead of 2 lets a call through sooner if only some requests fail.
	firstBackoff  = time.Second
	backoffGrowth = 1.5
	maxBackoff    = time.Minute
	// An operator needs minutes at best to correct a key. A temporary failure is over in
	// seconds.
	credentialsBackoff = 30 * time.Second
	// Lateness is how long Kustomer may take to carry out a request that it has not
	// answered. Kustomer does not make notes unique, so a note is looked up only after this
	// time.
	Lateness = 10 * time.Second
	// A conflict with another change, or with an object that look-ups do not show yet, ends
	// after a few seconds. So does a 404 for an object that was merged or created just now.
	conflictTries = 5
	// A conversation that is not found in several attempts was deleted.
	goneTries = 4
	// Kustomer's budget window is a minute (developer site, "Rate limits").
	rateWindow = time.Minute
)

// failure converts a Kustomer error into a Temporal error, and is the only place that does.
// The client says what kind of failure it was; failure decides when to retry.
func failure(ctx context.Context, err error) error {
	var answer *kustomer.Error
	if !errors.As(err, &answer) {
		return ownFailure(ctx, err)
	}
	options := temporal.ApplicationErrorOptions{Details: []any{answer.Brief()}, NextRetryDelay: jitter(backoff(tries(ctx)))}
	var failureType string
	var last problem
	switch answer.Kind {
	case kustomer.RateLimited:
		failureType = RateLimited
		options.NextRetryDelay = untilReset(answer.RetryAt, time.Now())
		options.Category = temporal.ApplicationErrorCategoryBenign
	case kustomer.Credentials:
		failureType = Credentials
		options.NextRetryDelay = max(jitter(min(credentialsBackoff, backoff(tries(ctx)))), time.Until(answer.RetryAt))
	case kustomer.Unavailable, kustomer.NotUnderstood:
		failureType = Unavailable
		// A 503 may contain Retry-After.
		options.NextRetryDelay = max(options.NextRetryDelay, time.Until(answer.RetryAt))
		if errors.Is(err, errMayComeLate) {
			options.NextRetryDelay += Lateness
		}
	default:
		failureType = Refused
		options.NonRetryable = answer.Kind == kustomer.Rejected || met(ctx, conflicts) >= conflictTries
		last = conflicts
	}
	rememberTry(ctx, last)
	return temporal.NewApplicationErrorWithOptions(answer.Error(), failureType, options)
}

// notTried returns the error of a local activity that did nothing.
func notTried(because string) error { return temporal.NewApplicationError(because, NotTried) }

// notStarted returns the error of a step that has sent nothing that could change the call's
// conversation. The next attempt need not look for changes.
func notStarted(ctx context.Context, err error) error {
	failed := failure(ctx, err)
	if application := (*temporal.ApplicationError)(nil); isLocal(ctx) && !isAmbiguous(err) && errors.As(failed, &application) && !application.NonRetryable() {
		return temporal.NewApplicationError("not done yet: "+application.Message(), NotStarted)
	}
	return failed
}

// ownFailure returns the error for a problem that Callthread itself found.
func ownFailure(ctx context.Context, err error) error {
	options := temporal.ApplicationErrorOptions{NextRetryDelay: jitter(backoff(tries(ctx)))}
	failureType := Unavailable
	var last problem
	if errors.Is(err, errMissing) {
		last = missing
	}
	rememberTry(ctx, last)
	switch {
	case isForOperators(err):
		failureType, options.NonRetryable, options.Details = CallerUnknown, true, []any{err.Error()}
	case errors.Is(err, errCircle):
		failureType, options.NonRetryable = Refused, true
	}
	return temporal.NewApplicationErrorWithOptions(err.Error(), failureType, options)
}

// isForOperators reports whether an operator has to choose the customer.
func isForOperators(err error) bool { return errors.As(err, new(undecided)) }

// isGone reports whether people deleted the conversation. A conversation that is not found
// counts as deleted after several attempts.
func isGone(ctx context.Context, err error) bool {
	return errors.Is(err, errGone) || errors.Is(err, errMissing) && met(ctx, missing) >= goneTries
}

// refused reports whether Kustomer definitely did not carry out the request.
func refused(err error) bool {
	return kustomer.IsKind(err, kustomer.Conflict) || kustomer.IsKind(err, kustomer.Rejected)
}

func backoff(attempt int32) time.Duration {
	grown := float64(firstBackoff) * math.Pow(backoffGrowth, float64(attempt-1))
	return time.Duration(min(float64(maxBackoff), grown))
}

// untilReset returns the time until the budget's reset, which the client limits to a
// minute. It adds some seconds at random, so that waiting calls do not use up the next
// window in one burst.
func untilReset(reset, now time.Time) time.Duration {
	wait := reset.Sub(now)
	if reset.IsZero() {
		wait = rateWindow
	}
	return max(wait, 0) + time.Second + rand.N(5*time.Second)
}

// jitter spreads the retries of calls that failed together. Temporal's retry policy does
// not.
func jitter(d time.Duration) time.Duration {
	return d/2 + rand.N(d)
}
