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

// The types of failure that the Web UI shows and that workflows tell apart.
const (
	// Unavailable: Kustomer did not answer, or not understandably; retried with backoff.
	Unavailable = "KustomerUnavailable"
	// RateLimited: the org's request budget is used up; retried when it resets.
	RateLimited = "KustomerRateLimited"
	// Credentials: the key or its roles are wrong for every call; retried slowly until somebody has put it right.
	Credentials = "KustomerCredentials"
	// Refused: Kustomer understood and said no; a repeat would get the same answer, so a person has to decide.
	Refused = "KustomerRefused"
	// NotStarted: the step failed within the workflow task before it changed anything.
	NotStarted = "NotStarted"
	// NotTried: it was not tried there, because it needs to be a regular activity or there was no slot.
	NotTried = "NotTried"
	// CallerUnknown: a person has to decide whose conversation it is.
	CallerUnknown = "CallerUnknown"
)

const (
	// From a second to a minute: a short hiccup costs a ringing call a second, an
	// outage costs Kustomer one request a minute for each call. Growing by half
	// and not doubling lets a call through soon where only some answers fail.
	firstBackoff  = time.Second
	backoffGrowth = 1.5
	maxBackoff    = time.Minute
	// A wrong key is put right by a person, which takes minutes at best; what was
	// only a hiccup is over in seconds.
	credentialsBackoff = 30 * time.Second
	// Lateness is how long Kustomer may take to write what it has not answered
	// for. Nothing makes a note unique: it is looked for only after that.
	Lateness = 10 * time.Second
	// What conflicts with a change that another makes, or that Kustomer's look-ups
	// do not show yet, does so no more after some seconds.
	conflictTries = 5
	// A conversation that cannot be found for some seconds was deleted.
	goneTries = 4
	// Kustomer's budget window is a minute (developer site, "Rate limits").
	rateWindow = time.Minute
)

// failure is the only place where a Kustomer error becomes a Temporal error:
// the client says what kind of failure it was, this says when to try again.
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
		// A 503 may say for how long.
		options.NextRetryDelay = max(options.NextRetryDelay, time.Until(answer.RetryAt))
		if errors.Is(err, errMayComeLate) {
			options.NextRetryDelay += Lateness
		}
	default:
		failureType = Refused
		options.NonRetryable = answer.Kind != kustomer.Conflict || met(ctx, conflicts) >= conflictTries
		last = conflicts
	}
	rememberTry(ctx, last)
	return temporal.NewApplicationErrorWithOptions(answer.Error(), failureType, options)
}

// notTried says that a step did nothing within the workflow task, and why.
func notTried(because string) error { return temporal.NewApplicationError(because, NotTried) }

// notStarted is the failure of a step before it has sent anything that could
// change a call's conversation. Tried again, it need not look for that.
func notStarted(ctx context.Context, err error) error {
	failed := failure(ctx, err)
	if application := (*temporal.ApplicationError)(nil); isLocal(ctx) && !isAmbiguous(err) && errors.As(failed, &application) && !application.NonRetryable() {
		return temporal.NewApplicationError("not done yet: "+application.Message(), NotStarted)
	}
	return failed
}

// ownFailure is the failure of a step for what it has found out by itself.
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

// isForOperators reports whether an operator has to decide whose the conversation is.
func isForOperators(err error) bool { return errors.As(err, new(undecided)) }

// isGone reports whether people have deleted the conversation, as far as can be told by looking several times.
func isGone(ctx context.Context, err error) bool {
	return errors.Is(err, errGone) || errors.Is(err, errMissing) && met(ctx, missing) >= goneTries
}

// refused reports whether Kustomer definitely did not do what it was asked.
func refused(err error) bool {
	return kustomer.IsKind(err, kustomer.Conflict) || kustomer.IsKind(err, kustomer.Rejected)
}

func backoff(attempt int32) time.Duration {
	grown := float64(firstBackoff) * math.Pow(backoffGrowth, float64(attempt-1))
	return time.Duration(min(float64(maxBackoff), grown))
}

// untilReset waits for the budget's reset, which the client gives as a minute
// ahead at most, spread over some seconds so that the calls that wait for it do not
// use up the next window in one burst.
func untilReset(reset, now time.Time) time.Duration {
	wait := reset.Sub(now)
	if reset.IsZero() {
		wait = rateWindow
	}
	return max(wait, 0) + time.Second + rand.N(5*time.Second)
}

// jitter spreads calls that failed together, which Temporal's retry policy alone does not.
func jitter(d time.Duration) time.Duration {
	return d/2 + rand.N(d)
}
