package sandbox_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/callthread/callthread/kustomer/sandbox"
	"github.com/stretchr/testify/require"
)

const apiKey = "eyJ.sandbox.key"

// clock is a clock that only Advance moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock {
	return &clock{now: time.Date(2026, 5, 4, 10, 30, 15, 250_000_000, time.UTC)}
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func newSandbox() *sandbox.Server {
	return sandbox.New(sandbox.Config{APIKey: apiKey, Now: newClock().Now})
}

type response struct {
	status int
	header http.Header
	body   string
}

// get returns the value at a path of keys and indexes in the JSON body.
func (r response) get(t *testing.T, path ...any) any {
	t.Helper()
	var v any
	require.NoError(t, json.Unmarshal([]byte(r.body), &v), r.body)
	for _, step := range path {
		switch step := step.(type) {
		case string:
			v = v.(map[string]any)[step]
		case int:
			v = v.([]any)[step]
		}
	}
	return v
}

func (r response) id(t *testing.T) string {
	t.Helper()
	return r.get(t, "data", "id").(string)
}

// call sends a request as a well-behaved client would. A body is JSON text.
func call(s http.Handler, method, path, body string) response {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+apiKey)
	r.Header.Set("Content-Type", "application/json")
	return send(s, r)
}

func send(s http.Handler, r *http.Request) response {
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return response{w.Code, w.Header(), w.Body.String()}
}

func mustCreate(t *testing.T, s http.Handler, path, body string) string {
	t.Helper()
	r := call(s, "POST", path, body)
	require.Equal(t, http.StatusCreated, r.status, r.body)
	return r.id(t)
}

func newCustomer(t *testing.T, s http.Handler) string {
	t.Helper()
	return mustCreate(t, s, "/v1/customers", `{"name":"Ada","phones":[{"phone":"+4930111222"}]}`)
}

func newConversation(t *testing.T, s http.Handler) string {
	t.Helper()
	return mustCreate(t, s, "/v1/conversations", `{"customer":"`+newCustomer(t, s)+`","tags":["call_lost"]}`)
}

func TestRequestsWithoutTheKeyAreRefused(t *testing.T) {
	s := newSandbox()
	for _, header := range []string{"", "Bearer ", "Bearer wrong", "Bearer " + apiKey + "x", "Basic " + apiKey, apiKey} {
		r := httptest.NewRequest("GET", "/v1/users/current", nil)
		r.Header.Set("Authorization", header)
		got := send(s, r)
		require.Equal(t, http.StatusUnauthorized, got.status, header)
		require.NotEmpty(t, got.get(t, "errors", 0, "message"))
		require.Equal(t, "1000", got.header.Get("X-Ratelimit-Remaining"), "a refused key spends no budget")
	}
	require.Equal(t, http.StatusOK, call(s, "GET", "/v1/users/current", "").status)
}

func TestSandboxNeedsAKey(t *testing.T) {
	require.Panics(t, func() { sandbox.New(sandbox.Config{}) })
}

func TestBudgetEndsWith429(t *testing.T) {
	c := newClock()
	s := sandbox.New(sandbox.Config{APIKey: apiKey, Budget: 2, Now: c.Now})
	for _, remaining := range []string{"1", "0"} {
		r := call(s, "GET", "/v1/tags", "")
		require.Equal(t, http.StatusOK, r.status)
		require.Equal(t, "2", r.header.Get("x-ratelimit-limit"))
		require.Equal(t, remaining, r.header.Get("x-ratelimit-remaining"))
		require.Empty(t, r.header.Get("x-ratelimit-reset"))
	}
	r := call(s, "POST", "/v1/customers", `{}`)
	require.Equal(t, http.StatusTooManyRequests, r.status)
	require.Equal(t, "0", r.header.Get("x-ratelimit-remaining"))
	require.Equal(t, "1777890660", r.header.Get("x-ratelimit-reset"), "10:31:00 UTC")
	require.NotEmpty(t, r.get(t, "errors", 0, "code"))
	require.Empty(t, s.State().Customers)

	c.Advance(45 * time.Second)
	require.Equal(t, http.StatusOK, call(s, "GET", "/v1/tags", "").status)
}

func TestUnknownPathsAndMethodsAreRefused(t *testing.T) {
	s := newSandbox()
	require.Equal(t, http.StatusNotFound, call(s, "GET", "/v1/messages", "").status)
	require.Equal(t, http.StatusNotFound, call(s, "GET", "/v1/conversations/", "").status)
	require.Equal(t, http.StatusNotFound, call(s, "GET", "/v1/customers/phone=", "").status)

	r := call(s, "DELETE", "/v1/conversations", "")
	require.Equal(t, http.StatusMethodNotAllowed, r.status)
	require.Equal(t, "POST", r.header.Get("Allow"))
	require.Equal(t, "GET, PUT, PATCH, DELETE", call(s, "POST", "/v1/conversations/x", "").header.Get("Allow"))
	require.Equal(t, "GET", call(s, "PUT", "/v1/users/current", "{}").header.Get("Allow"))
}

func TestBodiesMustBeSmallJSON(t *testing.T) {
	s := newSandbox()
	require.Equal(t, http.StatusBadRequest, call(s, "POST", "/v1/customers", `{"name":`).status)
	require.Equal(t, http.StatusBadRequest, call(s, "POST", "/v1/customers", `{} {}`).status)
	require.Equal(t, http.StatusBadRequest, call(s, "POST", "/v1/customers", ``).status)

	padded := func(size int) string { return `{}` + strings.Repeat(" ", size-2) }
	require.Equal(t, http.StatusCreated, call(s, "POST", "/v1/customers", padded(100_000)).status)
	require.Equal(t, http.StatusRequestEntityTooLarge, call(s, "POST", "/v1/customers", padded(100_001)).status)
}

func TestContentTypeMustBeJSON(t *testing.T) {
	s := newSandbox()
	conversation := newConversation(t, s)
	for _, c := range []struct {
		method, media string
		want          int
	}{
		{"PUT", "application/json; charset=utf-8", http.StatusOK},
		{"PUT", "", http.StatusUnsupportedMediaType},
		{"PUT", "text/plain", http.StatusUnsupportedMediaType},
		{"PUT", "application/json-patch+json", http.StatusUnsupportedMediaType},
		{"PATCH", "application/json-patch+json", http.StatusOK},
		{"PATCH", "application/json", http.StatusOK},
	} {
		r := httptest.NewRequest(c.method, "/v1/conversations/"+conversation, strings.NewReader(`{"name":"x"}`))
		r.Header.Set("Authorization", "Bearer "+apiKey)
		r.Header.Set("Content-Type", c.media)
		require.Equal(t, c.want, send(s, r).status, "%s %s", c.method, c.media)
	}
}

func TestStateCountsRequestsByRoute(t *testing.T) {
	s := newSandbox()
	newConversation(t, s)
	call(s, "GET", "/v1/customers/phone=%2B1", "")
	call(s, "GET", "/v1/customers/phone=%2B2", "")
	call(s, "GET", "/v1/nowhere", "")
	state := s.State()
	require.Equal(t, map[string]int{
		"POST /v1/customers":              1,
		"POST /v1/conversations":          1,
		"GET /v1/customers/phone={phone}": 2,
		"unmatched":                       1,
	}, state.Requests)
	require.Equal(t, 5, state.RequestTotal)
}

func TestStateIsACopy(t *testing.T) {
	s := newSandbox()
	newConversation(t, s)
	state := s.State()
	state.Conversations[0].Tags[0] = "changed"
	state.Conversations[0].Custom["x"] = 1
	state.Customers[0].Phones[0] = "changed"
	require.Equal(t, []string{"call_lost"}, s.State().Conversations[0].Tags)
	require.Empty(t, s.State().Conversations[0].Custom)
	require.Equal(t, []string{"+4930111222"}, s.State().Customers[0].Phones)
}

func TestEqualSeedsGiveEqualIDs(t *testing.T) {
	require.Equal(t, newConversation(t, newSandbox()), newConversation(t, newSandbox()))
}
