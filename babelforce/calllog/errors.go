package calllog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/go-resty/resty/v2"
)

// Kind classifies an [Error] by what it means to the caller.
type Kind string

// The kinds of errors.
const (
	// Unavailable: no answer, or a 5xx. It is temporary.
	Unavailable Kind = "unavailable"
	// RateLimited: babelforce asks for fewer requests; see Error.RetryAfter.
	RateLimited Kind = "rate limited"
	// Unauthorized: the user, password or token is wrong, or must not read calls.
	Unauthorized Kind = "unauthorized"
	// NotFound: the log contains no such call.
	NotFound Kind = "not found"
	// FilterIgnored: the answer contains calls that the query excludes.
	FilterIgnored Kind = "filter ignored"
	// NotUnderstood: the answer differs from the API's documentation.
	NotUnderstood Kind = "not understood"
)

// Error is the reason why the log could not be read. Its text contains no data about a
// caller or an agent, and no credential.
type Error struct {
	Path       string // path template, without ids
	Kind       Kind
	Status     int           // HTTP status; 0 if no answer came
	Detail     string        // our own text
	RetryAfter time.Duration // as babelforce asks; 0 if it does not
}

// Error returns the path, the kind, the status and the detail.
func (e *Error) Error() string {
	text := "babelforce's call log: " + e.Path + ": " + string(e.Kind)
	if e.Status != 0 {
		text += fmt.Sprintf(" (HTTP %d)", e.Status)
	}
	if e.Detail != "" {
		text += ": " + e.Detail
	}
	return text
}

// KindOf returns the Kind of the *Error in err's chain, "" if there is none.
func KindOf(err error) Kind {
	var failed *Error
	if errors.As(err, &failed) {
		return failed.Kind
	}
	return ""
}

// refusal is the error of an answer that is not 200.
func refusal(path string, response *resty.Response) *Error {
	e := &Error{Path: path, Status: response.StatusCode(), RetryAfter: wait(response)}
	switch status := response.StatusCode(); {
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		e.Kind, e.Detail = Unauthorized, "the user needs the rights of a manager (BABELFORCE_USER, BABELFORCE_PASSWORD or BABELFORCE_TOKEN)"
	case status == http.StatusNotFound:
		e.Kind = NotFound
	case status == http.StatusTooManyRequests:
		e.Kind = RateLimited
	case status >= http.StatusInternalServerError:
		e.Kind = Unavailable
	case status/100 == 3:
		e.Kind, e.Detail = NotUnderstood, "the answer is a redirect: BABELFORCE_URL is not the API's address"
	default:
		e.Kind = NotUnderstood
	}
	return e
}

// unreached is the error of a request without an answer. It does not quote the transport's
// error, which may contain a URL with ids.
func unreached(ctx context.Context, path string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	detail := "no answer: check BABELFORCE_URL and the network"
	if errors.Is(err, resty.ErrResponseBodyTooLarge) {
		return &Error{Path: path, Kind: NotUnderstood, Detail: fmt.Sprintf("the answer is larger than %d bytes", maxAnswer)}
	}
	var late interface{ Timeout() bool }
	if errors.As(err, &late) && late.Timeout() {
		detail = fmt.Sprintf("no answer within %s", requestTimeout)
	}
	return &Error{Path: path, Kind: Unavailable, Detail: detail}
}

// errNotJSON is for example the result of a proxy's page.
var errNotJSON = errors.New("the answer is not the expected JSON")

// fields returns the scalar fields of an object, or of its "item", as text.
func fields(body []byte) (map[string]string, error) {
	var values map[string]any
	if json.Unmarshal(unwrap(body), &values) != nil {
		return nil, errNotJSON
	}
	texts := make(map[string]string)
	for name, value := range values {
		texts[name] = fmt.Sprint(value)
	}
	return texts, nil
}

// unwrap returns the object in the "item" envelope that some answers have.
func unwrap(body []byte) json.RawMessage {
	var envelope struct {
		Item json.RawMessage `json:"item"`
	}
	if json.Unmarshal(body, &envelope) == nil && len(envelope.Item) > 0 {
		return envelope.Item
	}
	return body
}
