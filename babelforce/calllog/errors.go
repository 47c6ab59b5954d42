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

// Kind says what an [Error] means for whoever reads the log.
type Kind string

// The kinds of errors.
const (
	// Unavailable: no answer, or a 5xx. It passes by itself.
	Unavailable Kind = "unavailable"
	// RateLimited: babelforce wants fewer requests; see Error.RetryAfter.
	RateLimited Kind = "rate limited"
	// Unauthorized: user, password or token are wrong, or have no right to read calls.
	Unauthorized Kind = "unauthorized"
	// NotFound: the log holds no such call.
	NotFound Kind = "not found"
	// FilterIgnored: the log has answered with calls from outside the window that was asked for.
	FilterIgnored Kind = "filter ignored"
	// NotUnderstood: the answer is not what the API's documents say.
	NotUnderstood Kind = "not understood"
)

// Error says why the log could not be read. Its text holds nothing about a
// caller, an agent or a credential.
type Error struct {
	Path       string // the template, without ids
	Kind       Kind
	Status     int           // HTTP status; 0 where there was no answer
	Detail     string        // in our words
	RetryAfter time.Duration // as babelforce asks; 0 where it does not
}

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

// KindOf is the kind of an error of this package, "" of others.
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

// unreached is the error of a request without an answer. The transport's own
// words may hold an address with ids: they are left out.
func unreached(ctx context.Context, path string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	detail := "no answer: is BABELFORCE_URL right, and can it be reached from here?"
	if errors.Is(err, resty.ErrResponseBodyTooLarge) {
		return &Error{Path: path, Kind: NotUnderstood, Detail: fmt.Sprintf("the answer is larger than %d bytes", maxAnswer)}
	}
	var late interface{ Timeout() bool }
	if errors.As(err, &late) && late.Timeout() {
		detail = fmt.Sprintf("no answer within %s", requestTimeout)
	}
	return &Error{Path: path, Kind: Unavailable, Detail: detail}
}

// notJSON: a proxy's page, for example.
var errNotJSON = errors.New("the answer is not the JSON that it should be")

// fields are the scalar fields of an object, or of the "item" in it, as text.
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

// unwrap takes an object out of the envelope that some of babelforce's answers have.
func unwrap(body []byte) json.RawMessage {
	var envelope struct {
		Item json.RawMessage `json:"item"`
	}
	if json.Unmarshal(body, &envelope) == nil && len(envelope.Item) > 0 {
		return envelope.Item
	}
	return body
}
