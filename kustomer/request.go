package kustomer

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-resty/resty/v2"
)

// The documented limit of a request body is 100 kB (developer site, Errors, 413). Whether
// a kB is 1,000 or 1,024 bytes is not documented, so this is the smaller one.
const maxRequestBytes = 100 * 1000

// call is one request before it is sent.
type call struct {
	op     string
	method string
	route  string            // template; {x} is replaced from params
	params map[string]string // unescaped
	query  string            // encoded
	body   any               // nil if the request has none
	// shadowed marks a read of data that a step of a call writes. A Shadow answers it.
	shadowed bool
}

// do sends one request and returns its answer if it is a success. Every error is an *Error.
func (c *Client) do(ctx context.Context, in call) (*answer, error) {
	request, body, err := c.prepare(in)
	if err != nil {
		return nil, err
	}
	if got, err := c.withhold(ctx, in, body); got != nil || err != nil {
		return got, err
	}
	isProbe, err := c.await(ctx, in)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	var w wire
	started, key := time.Now(), c.key.Load()
	response, err := request.SetContext(w.trace(ctx)).SetAuthToken(*key).Execute(in.method, in.route)

	got := &answer{call: in, sent: body, err: err, unsent: w.untouched()}
	if response != nil && response.RawResponse != nil {
		got.status, got.header, got.body = response.StatusCode(), response.Header(), response.Body()
	}
	c.budget.learn(got.status, got.header, isProbe, time.Now())
	if got.status == http.StatusUnauthorized && key == c.key.Load() { // not if the key was replaced since
		c.budget.keyRefused(time.Now())
	}
	c.observe(ctx, Exchange{
		Op: in.op, Method: in.method, Route: in.route, Status: got.status,
		Duration: time.Since(started), Wait: waitOf(got.status, got.header, time.Now()), RateLimit: count(got.header, "X-Ratelimit-Limit"), RateLimitRemaining: count(got.header, "X-Ratelimit-Remaining"),
	})
	if err := got.check(time.Now()); err != nil {
		return nil, err
	}
	return got, nil
}

// prepare builds the request, or refuses one that Kustomer cannot accept.
func (c *Client) prepare(in call) (*resty.Request, []byte, error) {
	request := c.http.R().SetQueryString(in.query)
	for name, value := range in.params {
		if value == "" { // the path would be the collection's
			return nil, nil, in.refused(Rejected, "the "+name+" is empty")
		}
		request.SetRawPathParam(name, escape(value))
	}
	if in.body == nil {
		return request, nil, nil
	}
	body, err := json.Marshal(in.body)
	if err != nil { // the encoder's error may quote the value
		return nil, nil, in.refused(Rejected, "the request cannot be written as JSON")
	}
	if len(body) > maxRequestBytes {
		return nil, nil, in.refused(Rejected, "the request has "+strconv.Itoa(len(body))+
			" bytes, more than Kustomer's limit of "+strconv.Itoa(maxRequestBytes))
	}
	return request.SetHeader("Content-Type", "application/json").SetBody(body), body, nil
}

// await waits until our share of the budget admits the request. A held request fails
// instead of waiting, because it would take a slot that a ringing call may need.
func (c *Client) await(ctx context.Context, in call) (isProbe bool, err error) {
	urgency := urgencyOf(ctx)
	if h := c.budget.held(urgency); h != nil {
		return false, in.held(h)
	}
	if err := c.budget.wait(ctx, urgency); err != nil {
		return false, in.late(ctx)
	}
	h, isProbe := c.budget.admit(urgency)
	if h != nil { // the hold began during the wait
		return false, in.held(h)
	}
	return isProbe, nil
}

// late is the failure of a request that the budget did not admit in time.
func (in call) late(ctx context.Context) *Error {
	if ctx.Err() != nil {
		failure := in.refused(Unavailable, transportDetail(ctx.Err()))
		failure.cause = contextError(ctx.Err())
		return failure
	}
	// The limiter fails early if it would admit the request after the deadline.
	failure := in.refused(RateLimited, "this process has used up its share of the request budget")
	failure.RetryAt, _ = ctx.Deadline()
	return failure
}

// refused is the failure of a request that was not sent.
func (in call) refused(kind Kind, detail string) *Error {
	return &Error{Op: in.op, Method: in.method, Route: in.route, Kind: kind, detail: detail, unsent: true}
}

// held is the failure of a request that must not be sent for a while.
func (in call) held(h *hold) *Error {
	failure := in.refused(h.kind, h.detail)
	failure.RetryAt = h.retryAt(time.Now())
	return failure
}

// escape encodes one path segment. url.PathEscape would keep the "+" of a telephone
// number, which a server may read as a space.
func escape(segment string) string {
	return strings.ReplaceAll(url.QueryEscape(segment), "+", "%20")
}

// wire records how far a request got.
type wire struct{ asked, connected atomic.Bool }

func (w *wire) trace(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { w.asked.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { w.connected.Store(true) },
	})
}

// untouched reports whether the transport asked for a connection and got none. It is
// false for a transport that reports nothing.
func (w *wire) untouched() bool { return w.asked.Load() && !w.connected.Load() }

// answer is the result of a call, including the case of no answer.
type answer struct {
	call   call
	sent   []byte // the request's body
	status int    // 0 if no answer came
	header http.Header
	body   []byte
	err    error // from sending or reading
	unsent bool
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

// count reads a header that counts requests. It returns -1 if the header is absent.
func count(header http.Header, name string) int {
	if n, err := strconv.Atoi(header.Get(name)); err == nil {
		return n
	}
	return -1
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
