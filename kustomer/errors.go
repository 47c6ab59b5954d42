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

// Kind classifies a failure by what it means to the caller.
type Kind string

const (
	// Unavailable: no answer from Kustomer. Covers network errors, time-outs, 408, 425,
	// 5xx, redirects and pages that are not Kustomer's. The request may have been
	// carried out: see Error.Ambiguous.
	Unavailable Kind = "unavailable"
	// NotUnderstood: a success that lacks required data. The request was presumably
	// carried out.
	NotUnderstood Kind = "not understood"
	// RateLimited: a 429, or the request was not sent because our share of the budget
	// or the rest of the org's is used up. Not carried out.
	RateLimited Kind = "rate limited"
	// Credentials: 401 or 403, or not sent within seconds of a 401. The key or its roles
	// are wrong, for every call alike.
	Credentials Kind = "credentials"
	// NotFound: a 404 with Kustomer's JSON errors. Any other 404 is Unavailable, and so
	// is a page in place of Conflict or Rejected: a proxy does not know what Kustomer
	// contains or accepts.
	NotFound Kind = "not found"
	// Conflict: 409. An object with this identity exists, or the revision is stale.
	Conflict Kind = "conflict"
	// Rejected: any other 4xx, and requests that this package refuses to send.
	Rejected Kind = "rejected"
)

// Error is the error of every method. It contains no personal data and no secret, so it
// may be logged and stored. Kustomer's texts are included with the values of our request
// removed. The texts of network errors, which quote the URL, are replaced.
type Error struct {
	Op      string // the operation, such as "create conversation"
	Method  string
	Route   string // path template, such as /v1/customers/phone={phone}
	Status  int    // HTTP status, 0 if no answer came
	Kind    Kind
	Reasons []Reason // from Kustomer, at most 5
	// RetryAt is when Kustomer asks to be tried again, limited to one minute from now:
	// Retry-After of a 429 or 503, or x-ratelimit-reset of a 429. It is zero if the
	// answer has neither. If the request was not sent (RateLimited or Credentials,
	// Status 0), RetryAt is when to try it.
	RetryAt time.Time

	detail string // our own text
	unsent bool
	cause  error // context.Canceled, context.DeadlineExceeded or nil
}

// Reason is one entry of Kustomer's errors, which come in two shapes (developer site,
// Errors). Code differs between them, so show it and never branch on it.
type Reason struct {
	Code  string
	Text  string
	Field string // JSON pointer or parameter name
}

// Error returns the operation, the kind, the status and the reasons.
func (e *Error) Error() string {
	text := "kustomer: " + e.outline()
	parts := make([]string, 0, len(e.Reasons)+1)
	if e.detail != "" {
		parts = append(parts, e.detail)
	}
	for _, reason := range e.Reasons {
		parts = append(parts, reason.String())
	}
	if len(parts) > 0 {
		text += ": " + strings.Join(parts, "; ")
	}
	return text
}

// outline describes the operation and its failure without any text from Kustomer.
func (e *Error) outline() string {
	text := fmt.Sprintf("cannot %s: %s", e.Op, e.Kind)
	if e.Status != 0 {
		text += fmt.Sprintf(" (HTTP %d)", e.Status)
	}
	return text
}

// Brief describes the failure without Kustomer's own texts, which may quote the names of
// other customers. Use it for records that must never contain personal data.
func (e *Error) Brief() string {
	text := e.outline()
	for _, reason := range e.Reasons {
		if reason.Field != "" {
			text += " [" + reason.Field + "]"
		}
	}
	return text
}

// String returns the text, or the code if there is no text, and the field.
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

// Unwrap returns context.Canceled, context.DeadlineExceeded or nil. A Config.Timeout is a
// context.DeadlineExceeded. Other errors are not wrapped, because they quote the URL.
func (e *Error) Unwrap() error { return e.cause }

// Ambiguous reports whether a write may have been carried out although it failed. If so,
// look before writing again. It is false for reads, for definite refusals, and if no
// connection was established.
func (e *Error) Ambiguous() bool {
	return (e.Kind == Unavailable || e.Kind == NotUnderstood) && e.Method != http.MethodGet && !e.unsent
}

// KindOf returns the Kind of the *Error in err's chain, "" if there is none.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return ""
}

// IsKind reports whether err is an *Error of this kind.
func IsKind(err error, kind Kind) bool { return err != nil && KindOf(err) == kind }

// statusKind returns the kind of a status that is not a success. 0 means no answer.
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

// transportDetail describes a transport error without quoting it.
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
		return errno.Error() // such as "connection refused": contains no data of ours
	}
	return "the connection broke"
}
