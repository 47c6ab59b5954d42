package kustomer

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// fakeOrg is a Kustomer org with one request budget for all clients. A window begins at
// each full minute. Answers take 100 ms and contain the two rate-limit headers.
type fakeOrg struct {
	mu            sync.Mutex
	limit         int
	used, refused map[string]int // in this window, by API key
	window        time.Time
	before        []map[string]int                    // used in the windows before
	answer        func(status int, h http.Header) int // overrides the status and headers, if set
}

func (o *fakeOrg) RoundTrip(r *http.Request) (*http.Response, error) {
	select {
	case <-time.After(100 * time.Millisecond):
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	status, header := o.take(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")), http.Header{}
	header.Set("x-ratelimit-limit", strconv.Itoa(o.limit))
	header.Set("x-ratelimit-remaining", strconv.Itoa(o.limit-total(o.used)))
	if status == http.StatusTooManyRequests {
		header.Set("x-ratelimit-reset", strconv.FormatInt(o.window.Add(time.Minute).Unix(), 10))
	}
	if o.answer != nil {
		status = o.answer(status, header)
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(aConversation)), Request: r}, nil
}

func (o *fakeOrg) take(key string) (status int) {
	if now := time.Now().Truncate(time.Minute); !now.Equal(o.window) {
		if o.used != nil {
			o.before = append(o.before, o.used)
		}
		o.window, o.used = now, map[string]int{}
	}
	if total(o.used) >= o.limit {
		o.refused[key]++
		return http.StatusTooManyRequests
	}
	o.used[key]++
	return http.StatusOK
}

func total(used map[string]int) (n int) {
	for _, one := range used {
		n += one
	}
	return n
}

// sent returns the number of requests received.
func (o *fakeOrg) sent() (n int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, used := range append(o.before, o.used, o.refused) {
		n += total(used)
	}
	return n
}

// answers makes the org answer with these values. An empty header counts as absent.
func (o *fakeOrg) answers(status int, remaining, reset string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.answer = func(_ int, h http.Header) int {
		h.Set("x-ratelimit-remaining", remaining)
		h.Set("x-ratelimit-reset", reset)
		return status
	}
}

// asksToWait makes the org answer 429 with a Retry-After.
func (o *fakeOrg) asksToWait(retryAfter string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.answer = func(_ int, h http.Header) int {
		h.Set("Retry-After", retryAfter)
		return http.StatusTooManyRequests
	}
}

// isWell ends the effect of answers and asksToWait.
func (o *fakeOrg) isWell() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.answer = nil
}

func newOrg(limit int) *fakeOrg { return &fakeOrg{limit: limit, refused: map[string]int{}} }

func (o *fakeOrg) client(t *testing.T, perMinute int) *Client {
	t.Helper()
	c, err := New(Config{BaseURL: "http://localhost", APIKey: apiKey, RequestsPerMinute: perMinute, Transport: o})
	require.NoError(t, err)
	return c
}

func write(ctx context.Context, c *Client, u Urgency) error {
	_, err := c.UpdateConversation(WithUrgency(ctx, u), conversationID, ConversationUpdate{Status: "done"})
	return err
}

// during is cancelled after d. It has no deadline, because the limiter would fail early on one.
func during(t *testing.T, d time.Duration) context.Context {
	ctx, stop := context.WithCancel(t.Context())
	time.AfterFunc(d, stop)
	return ctx
}

// requireHeld requires that a request fails at once, unsent and with this RetryAt.
func requireHeld(t *testing.T, o *fakeOrg, c *Client, u Urgency, kind Kind, until time.Time, text string) {
	t.Helper()
	before, began := o.sent(), time.Now()
	e := asError(t, write(t.Context(), c, u))
	require.Equal(t, before, o.sent(), "not sent")
	require.Zero(t, time.Since(began), "not waited for")
	require.Equal(t, kind, e.Kind)
	require.Zero(t, e.Status)
	require.False(t, e.Ambiguous())
	require.True(t, until.Equal(e.RetryAt), "until %v, not %v", until, e.RetryAt)
	require.ErrorContains(t, e, text)
}

const usedUp, keptBack = "the org's request budget is used up", "is kept for more urgent requests"
