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

// The documented limit of a request body is 100 kB (developer site, Errors,
// 413); whether a kB is 1,000 or 1,024 bytes is not, so the smaller one.
const maxRequestBytes = 100 * 1000

// call is one request before it is sent.
type call struct {
	op     string
	method string
	route  string            // template; {x} is filled from params
	params map[string]string // unescaped
	query  string            // encoded
	body   any               // nil: none
	// ofSteps says of a read that it asks for what steps of calls have written.
	ofSteps bool
}

// do sends one request and returns an answer worth decoding. Every error is an *Error.
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
	if got.status == http.StatusUnauthorized && key == c.key.Load() { // not of a key replaced meanwhile
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

// prepare builds the request, or refuses one that Kustomer cannot take.
func (c *Client) prepare(in call) (*resty.Request, []byte, error) {
	request := c.http.R().SetQueryString(in.query)
	for name, value := range in.params {
		if value == "" { // the path would be that of the whole collection
			return nil, nil, in.refused(Rejected, "the "+name+" is empty")
		}
		request.SetRawPathParam(name, escape(value))
	}
	if in.body == nil {
		return request, nil, nil
	}
	body, err := json.Marshal(in.body)
	if err != nil { // the encoder's own text may quote the value
		return nil, nil, in.refused(Rejected, "the request cannot be written as JSON")
	}
	if len(body) > maxRequestBytes {
		return nil, nil, in.refused(Rejected, "the request has "+strconv.Itoa(len(body))+
			" bytes, more than Kustomer's limit of "+strconv.Itoa(maxRequestBytes))
	}
	return request.SetHeader("Content-Type", "application/json").SetBody(body), body, nil
}

// await is the request's wait for its turn in our share of the budget. There is
// none while a hold keeps it back: it would take up a place that a ring may need.
func (c *Client) await(ctx context.Context, in call) (isProbe bool, err error) {
	urgency := urgencyOf(ctx)
	if h := c.budget.held(urgency); h != nil {
		return false, in.held(h)
	}
	if err := c.budget.wait(ctx, urgency); err != nil {
		return false, in.late(ctx)
	}
	h, isProbe := c.budget.admit(urgency)
	if h != nil { // begun during the wait
		return false, in.held(h)
	}
	return isProbe, nil
}

// late is the failure of a request that waited for its turn in vain.
func (in call) late(ctx context.Context) *Error {
	if ctx.Err() != nil {
		failure := in.refused(Unavailable, transportDetail(ctx.Err()))
		failure.cause = contextError(ctx.Err())
		return failure
	}
	// The limiter gives up early when its turn would come after the deadline.
	failure := in.refused(RateLimited, "this process has used up its share of the request budget")
	failure.RetryAt, _ = ctx.Deadline()
	return failure
}

// refused is the failure of a request that never left.
func (in call) refused(kind Kind, detail string) *Error {
	return &Error{Op: in.op, Method: in.method, Route: in.route, Kind: kind, detail: detail, unsent: true}
}

// held is the failure of a request that is not to be sent for a while.
func (in call) held(h *hold) *Error {
	failure := in.refused(h.kind, h.detail)
	failure.RetryAt = h.retryAt(time.Now())
	return failure
}

// escape fills one path segment. url.PathEscape would leave a telephone
// number's "+" as it is, which a server may read as a space.
func escape(segment string) string {
	return strings.ReplaceAll(url.QueryEscape(segment), "+", "%20")
}

// wire notes how far a request got.
type wire struct{ asked, connected atomic.Bool }

func (w *wire) trace(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { w.asked.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { w.connected.Store(true) },
	})
}

// untouched is true only when the transport was seen to look for a connection
// and not to get one: a transport that reports nothing proves nothing.
func (w *wire) untouched() bool { return w.asked.Load() && !w.connected.Load() }

// answer is what came back for a call, if anything.
type answer struct {
	call   call
	sent   []byte // the request's body
	status int    // 0: none
	header http.Header
	body   []byte
	err    error // of sending or of reading
	unsent bool
}

// check fails unless Kustomer says that it has done what it was asked. Any 2xx says so,
// whichever of them it is, unless the body is a stranger's page or lists errors.
func (a *answer) check(now time.Time) error {
	switch {
	case a.err != nil || !a.isSuccess():
		return a.failure(now)
	case a.isPage() && !a.isKustomers():
		return a.fail(Unavailable, stranger)
	}
	if errors, isList := asList(at(a.body, "errors")); isList && len(errors) > 0 {
		failure := a.notUnderstood("a success that lists errors")
		failure.Reasons, _ = decodeReasons(a.body, newScrubber(a.call, a.sent))
		return failure
	}
	return nil
}

const stranger = "the answer is not one of Kustomer's"

func (a *answer) isSuccess() bool { return a.status/100 == 2 }

// isPage reports whether the body is HTML, as of a proxy in front of Kustomer or of a wrong host.
func (a *answer) isPage() bool { return strings.HasPrefix(strings.TrimSpace(string(a.body)), "<") }

// isKustomers reports whether an answer has headers that Kustomer's have (seen in recorded traffic).
func (a *answer) isKustomers() bool {
	return a.header.Get("X-Ratelimit-Limit") != "" || a.header.Get("X-Kustomer-Pod") != ""
}

// count reads a header that counts requests, -1 when it is not told.
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
		// A proxy's or a wrong host's page says nothing about what Kustomer holds or takes.
		e.Kind, e.detail = Unavailable, stranger
	}
	return e
}

// notUnderstood is the failure to find what is needed in what was a success.
func (a *answer) notUnderstood(detail string) *Error { return a.fail(NotUnderstood, detail) }

func (a *answer) fail(kind Kind, detail string) *Error {
	return &Error{
		Op: a.call.op, Method: a.call.method, Route: a.call.route,
		Status: a.status, Kind: kind, detail: detail, unsent: a.unsent,
	}
}

// contextError keeps the part of an error that holds no URL.
func contextError(err error) error {
	for _, known := range []error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, known) {
			return known
		}
	}
	return nil
}
