package kustomer

import (
	"context"
	"encoding/json"
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
	started, key := time.Now(), c.key.Load()
	got := c.send(ctx, in, request.SetAuthToken(*key), body)
	now := time.Now()
	c.budget.learn(got.status, got.header, isProbe, now)
	if got.status == http.StatusUnauthorized && key == c.key.Load() { // not if the key was replaced since
		c.budget.keyRefused(now)
	}
	c.observe(ctx, got.exchange(started, now))
	if err := got.check(now); err != nil {
		return nil, err
	}
	return got, nil
}

// send sends a request and reads its answer, within the client's time-out.
func (c *Client) send(ctx context.Context, in call, request *resty.Request, body []byte) *answer {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	var w wire
	response, err := request.SetContext(w.trace(ctx)).Execute(in.method, in.route)
	got := &answer{call: in, sent: body, err: err, unsent: w.untouched()}
	if response != nil && response.RawResponse != nil {
		got.status, got.header, got.body = response.StatusCode(), response.Header(), response.Body()
	}
	return got
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
