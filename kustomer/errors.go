package kustomer

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/go-resty/resty/v2"
)

// Kind says what a failure means to the caller.
type Kind string

const (
	// Unavailable: no answer of Kustomer's. Network, time-out, 408, 425, 5xx,
	// redirects, pages that are not Kustomer's. May have been carried out: see
	// Error.Ambiguous.
	Unavailable Kind = "unavailable"
	// NotUnderstood: a success that lacks what is needed from it. Was presumably
	// carried out.
	NotUnderstood Kind = "not understood"
	// RateLimited: 429, or not sent since our share of the budget or what the org
	// has left for it is used up. Not carried out.
	RateLimited Kind = "rate limited"
	// Credentials: 401 or 403, or not sent within seconds of a 401. The key or its
	// roles are wrong, for every call alike.
	Credentials Kind = "credentials"
	// NotFound: 404 in Kustomer's own words. A 404 that is not its JSON is
	// Unavailable, and so is a page instead of one of the two below: a proxy says
	// nothing about what Kustomer holds or takes.
	NotFound Kind = "not found"
	// Conflict: 409, something with this identity exists or the revision is stale.
	Conflict Kind = "conflict"
	// Rejected: every other 4xx, and requests refused here before they are sent.
	Rejected Kind = "rejected"
)

// Error is how every method fails. It holds nothing personal and no secret, so
// it may be logged and stored: texts of Kustomer's come with whatever our
// request said taken out, and the texts of network errors, which quote the URL,
// are replaced.
type Error struct {
	Op      string // what was tried, such as "create conversation"
	Method  string
	Route   string // path template, such as /v1/customers/phone={phone}
	Status  int    // HTTP status, 0 = no answer
	Kind    Kind
	Reasons []Reason // Kustomer's own, at most 5
	// RetryAt is when Kustomer asked to be tried again, but no more than a minute
	// ahead; zero when it did not say: Retry-After of a 429 or 503, else
	// x-ratelimit-reset of a 429. For a request not sent (RateLimited or
	// Credentials, Status 0), when to try it.
	RetryAt time.Time

	detail string // ours
	unsent bool
	cause  error // context.Canceled, context.DeadlineExceeded or nil
}

// Reason is one entry of Kustomer's errors, which come in two shapes (developer
// site, Errors). Code differs between them: show it, never branch on it.
type Reason struct {
	Code  string
	Text  string
	Field string // JSON pointer or parameter name
}

func (e *Error) Error() string {
	text := "kustomer: " + e.outline()
	said := make([]string, 0, len(e.Reasons)+1)
	if e.detail != "" {
		said = append(said, e.detail)
	}
	for _, reason := range e.Reasons {
		said = append(said, reason.String())
	}
	if len(said) > 0 {
		text += ": " + strings.Join(said, "; ")
	}
	return text
}

// outline says what was tried and what came of it, in words of ours alone.
func (e *Error) outline() string {
	text := fmt.Sprintf("cannot %s: %s", e.Op, e.Kind)
	if e.Status != 0 {
		text += fmt.Sprintf(" (HTTP %d)", e.Status)
	}
	return text
}

// Brief says what was refused, without Kustomer's own words, which may quote
// what other customers are called: for where nothing personal may ever stand.
func (e *Error) Brief() string {
	text := e.outline()
	for _, reason := range e.Reasons {
		if reason.Field != "" {
			text += " [" + reason.Field + "]"
		}
	}
	return text
}

func (r Reason) String() string {
	text := r.Text
	if text == "" {
		text = r.Code
	}
	if r.Field == "" || strings.Contains(text, r.Field) {
		return text
	}
	return strings.TrimSpace(text + " [" + r.Field + "]")
}

// Unwrap gives context.Canceled or context.DeadlineExceeded, the latter also
// for Config.Timeout, and nothing else: other errors quote the URL.
func (e *Error) Unwrap() error { return e.cause }

// Ambiguous tells that a write may have been carried out although it failed:
// look before writing again. It is false for reads, for definite refusals, and
// when no connection came about.
func (e *Error) Ambiguous() bool {
	return (e.Kind == Unavailable || e.Kind == NotUnderstood) && e.Method != http.MethodGet && !e.unsent
}

// KindOf is the Kind of the *Error in err's chain, "" when there is none.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return ""
}

// IsKind tells whether err is an *Error of this kind.
func IsKind(err error, kind Kind) bool { return err != nil && KindOf(err) == kind }

// statusKind is the meaning of a status that is not a success; 0 = no answer.
func statusKind(status int) Kind {
	switch {
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return Credentials
	case status == http.StatusNotFound:
		return NotFound
	case status == http.StatusConflict:
		return Conflict
	case status == http.StatusTooManyRequests:
		return RateLimited
	case status == http.StatusRequestTimeout, status == http.StatusTooEarly:
		return Unavailable
	case status >= 400 && status < 500:
		return Rejected
	}
	return Unavailable
}

// waitOf is how long an answer asks to be left alone, 0 when it does not say. It may be
// absurd: milliseconds taken for seconds, or a time of day by a clock that is wrong.
func waitOf(status int, header http.Header, now time.Time) time.Duration {
	var until time.Time
	if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
		until = parseRetryAfter(header.Get("Retry-After"), now)
	}
	if until.IsZero() && status == http.StatusTooManyRequests {
		until = resetOf(header)
	}
	return max(until.Sub(now), 0)
}

// resetOf is when the budget's window ends, zero when it is not told.
func resetOf(header http.Header) time.Time {
	if epoch, err := strconv.ParseInt(header.Get("X-Ratelimit-Reset"), 10, 64); err == nil {
		return time.Unix(epoch, 0)
	}
	return time.Time{}
}

func parseRetryAfter(value string, now time.Time) time.Time {
	if seconds, err := strconv.ParseUint(value, 10, 32); err == nil {
		return now.Add(time.Duration(seconds) * time.Second)
	}
	at, _ := http.ParseTime(value)
	return at
}

// transportDetail says what went wrong in words of ours.
func transportDetail(err error) string {
	if errors.Is(err, context.Canceled) {
		return "cancelled"
	}
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return "the host name cannot be resolved"
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return "the host's certificate is not trusted"
	}
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		return "time-out"
	}
	if errors.Is(err, resty.ErrResponseBodyTooLarge) {
		return "the answer is larger than " + strconv.Itoa(maxAnswerBytes>>20) + " MiB"
	}
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		return errno.Error() // "connection refused": the system's words hold nothing of ours
	}
	return "the connection broke"
}
