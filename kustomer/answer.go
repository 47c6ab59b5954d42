package kustomer

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"
)

// answer is the result of a call, including the case of no answer.
type answer struct {
	call   call
	sent   []byte // the request's body
	status int    // 0 if no answer came
	header http.Header
	body   []byte
	err    error // from sending or reading
	unsent bool  // no connection was established
}

// exchange describes the request for Config.Observe.
func (a *answer) exchange(started, now time.Time) Exchange {
	return Exchange{
		Op: a.call.op, Method: a.call.method, Route: a.call.route, Status: a.status, Duration: now.Sub(started),
		Wait: waitOf(a.status, a.header, now), RateLimit: count(a.header, "X-Ratelimit-Limit"), RateLimitRemaining: count(a.header, "X-Ratelimit-Remaining"),
	}
}

// check fails unless Kustomer reports success. Any 2xx is a success, unless the body is
// a page from another server or lists errors.
func (a *answer) check(now time.Time) error {
	switch {
	case a.err != nil || !a.isSuccess():
		return a.failure(now)
	case a.isPage() && !a.isKustomers():
		return a.fail(Unavailable, notKustomers)
	}
	if errors, isList := asList(at(a.body, "errors")); isList && len(errors) > 0 {
		failure := a.notUnderstood("a success that lists errors")
		failure.Reasons, _ = decodeReasons(a.body, newScrubber(a.call, a.sent))
		return failure
	}
	return nil
}

const notKustomers = "the answer is not one of Kustomer's"

func (a *answer) isSuccess() bool { return a.status/100 == 2 }

// isPage reports whether the body is HTML, from a proxy in front of Kustomer or a wrong host.
func (a *answer) isPage() bool { return strings.HasPrefix(strings.TrimSpace(string(a.body)), "<") }

// isKustomers reports whether an answer has headers of Kustomer (seen in recorded traffic).
func (a *answer) isKustomers() bool {
	return a.header.Get("X-Ratelimit-Limit") != "" || a.header.Get("X-Kustomer-Pod") != ""
}

func (a *answer) failure(now time.Time) *Error {
	e := a.fail(statusKind(a.status), "")
	wait := waitOf(a.status, a.header, now)
	if wait > 0 {
		e.RetryAt = now.Add(min(wait, longestWait))
	}
	if wait > longestWait {
		e.detail = "Kustomer asks for a wait of " + wait.Round(time.Second).String() + ", and is asked again after a minute"
	}
	e.cause = contextError(a.err)
	if a.status == 0 || a.isSuccess() {
		e.detail = transportDetail(a.err)
		return e
	}
	var fromKustomer bool
	e.Reasons, fromKustomer = decodeReasons(a.body, newScrubber(a.call, a.sent))
	if e.Kind == NotFound && !fromKustomer || (e.Kind == Conflict || e.Kind == Rejected) && a.isPage() {
		// The page of a proxy or a wrong host does not show what Kustomer contains or accepts.
		e.Kind, e.detail = Unavailable, notKustomers
	}
	return e
}

// notUnderstood is the failure of a success that lacks required data.
func (a *answer) notUnderstood(detail string) *Error { return a.fail(NotUnderstood, detail) }

func (a *answer) fail(kind Kind, detail string) *Error {
	return &Error{
		Op: a.call.op, Method: a.call.method, Route: a.call.route,
		Status: a.status, Kind: kind, detail: detail, unsent: a.unsent,
	}
}

// contextError returns the context error in err's chain, which contains no URL.
func contextError(err error) error {
	for _, known := range []error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, known) {
			return known
		}
	}
	return nil
}
