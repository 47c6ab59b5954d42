package kustomer

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/testsuite/pipes"
)

const (
	customerID     = "57c08ccde595371400462df2"
	conversationID = "58228e05d4e96711004eccb7"
	userID         = "57c8ccd7b417854d0003246b"
	teamID         = "57c8ccd7b417854d0003246c"
	apiKey         = "eyJ-secret-key"

	aConversation = `{"data":{"type":"conversation","id":"` + conversationID + `","attributes":{"status":"open","rev":3},
		"relationships":{"customer":{"data":{"type":"customer","id":"` + customerID + `"}}}}}`
)

// clientFor returns a client of a fake Kustomer.
func clientFor(t *testing.T, kustomer http.HandlerFunc, change ...func(*Config)) *Client {
	t.Helper()
	server := httptest.NewServer(kustomer)
	t.Cleanup(server.Close)
	cfg := Config{BaseURL: server.URL, APIKey: apiKey}
	for _, f := range change {
		f(&cfg)
	}
	c, err := New(cfg)
	require.NoError(t, err)
	return c
}

// clientInMemory returns a client that a test can use in a bubble of synctest.
func clientInMemory(t *testing.T, kustomer http.HandlerFunc) *Client {
	t.Helper()
	c, err := New(Config{BaseURL: "http://localhost", APIKey: apiKey, Transport: pipes.Serve(t, kustomer)})
	require.NoError(t, err)
	return c
}

func answering(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// hang reads the whole request and does not answer until the client leaves.
func hang(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	<-r.Context().Done()
}

func TestBadConfigurationIsRefusedUnquoted(t *testing.T) {
	for name, cfg := range map[string]Config{
		"no base URL":                    {APIKey: "k"},
		"not an http(s) URL":             {APIKey: "k", BaseURL: "acme.api.kustomerapp.com"},
		"must not carry a user":          {APIKey: "k", BaseURL: "https://me:hunter2@acme.api.kustomerapp.com"},
		"must not end in /v1":            {APIKey: "k", BaseURL: "https://acme.api.kustomerapp.com/v1/"},
		"no API key":                     {BaseURL: "https://acme.api.kustomerapp.com"},
		"a line break or another":        {APIKey: "hunter2\n", BaseURL: "https://acme.api.kustomerapp.com"},
		"RequestsPerMinute and Timeout":  {APIKey: "k", BaseURL: "https://acme.api.kustomerapp.com", RequestsPerMinute: -1},
		"is not an http(s) URL; expecte": {APIKey: "k", BaseURL: "https://hunter2:x"},
		"no base URL; expected":          {APIKey: "k", BaseURL: " \n"},
	} {
		_, err := New(cfg)
		require.ErrorContains(t, err, name)
		require.NotContains(t, err.Error(), "hunter2")
		require.NotContains(t, err.Error(), "\n")
	}
}

func TestRequestsCarryKeyAndUserAgent(t *testing.T) {
	var seen http.Header
	c := clientFor(t, func(w http.ResponseWriter, r *http.Request) {
		seen = r.Header
		answering(200, aConversation)(w, r)
	})
	_, err := c.UpdateConversation(t.Context(), conversationID, ConversationUpdate{Status: "done"})
	require.NoError(t, err)
	require.Equal(t, "Bearer "+apiKey, seen.Get("Authorization"))
	require.Equal(t, "callthread", seen.Get("User-Agent"))
	require.Equal(t, "application/json", seen.Get("Content-Type"))
	require.Equal(t, "application/json", seen.Get("Accept"))
}

func TestBaseURLPathIsKept(t *testing.T) {
	var uri string
	c := clientFor(t, func(w http.ResponseWriter, r *http.Request) {
		uri = r.RequestURI
		answering(200, aConversation)(w, r)
	}, func(cfg *Config) { cfg.BaseURL += "/gateway/" })
	_, err := c.Conversation(t.Context(), conversationID)
	require.NoError(t, err)
	require.Equal(t, "/gateway/v1/conversations/"+conversationID, uri)
}

func TestRequestIsNeverRepeated(t *testing.T) {
	for _, status := range []int{429, 500, 503} {
		var requests atomic.Int32
		c := clientFor(t, func(w http.ResponseWriter, r *http.Request) {
			requests.Add(1)
			answering(status, ``)(w, r)
		})
		_, err := c.Conversation(t.Context(), conversationID)
		require.Error(t, err)
		require.EqualValues(t, 1, requests.Load())
	}
}

func TestRedirectIsNotFollowed(t *testing.T) {
	var requests atomic.Int32
	c := clientFor(t, func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	})
	err := c.CreateNote(t.Context(), conversationID, NewNote{Body: "x"})
	e := asError(t, err)
	require.Equal(t, Unavailable, e.Kind)
	require.Equal(t, 307, e.Status)
	require.True(t, e.Ambiguous())
	require.EqualValues(t, 1, requests.Load())
}

func TestObserveSeesEveryRequestOnce(t *testing.T) {
	var seen []Exchange
	observe := func(cfg *Config) { cfg.Observe = func(_ context.Context, x Exchange) { seen = append(seen, x) } }
	c := clientFor(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("x-ratelimit-limit", "1000")
		w.Header().Set("x-ratelimit-remaining", "998")
		answering(200, aConversation)(w, r)
	}, observe)
	_, err := c.CustomersByPhone(t.Context(), "+4930123456")
	require.NoError(t, err)
	require.Len(t, seen, 1)
	require.Positive(t, seen[0].Duration)
	seen[0].Duration = 0
	require.Equal(t, Exchange{
		Op: "find customers by phone", Method: "GET", Route: "/v1/customers/phone={phone}",
		Status: 200, RateLimit: 1000, RateLimitRemaining: 998,
	}, seen[0])

	c = clientFor(t, hang, observe, func(cfg *Config) { cfg.Timeout = 20 * time.Millisecond })
	_, err = c.Users(t.Context())
	require.Error(t, err)
	require.Len(t, seen, 2)
	require.Zero(t, seen[1].Status)
	require.Equal(t, []int{-1, -1}, []int{seen[1].RateLimit, seen[1].RateLimitRemaining})

	_, err = c.Conversation(t.Context(), "") // never sent, so nothing to observe
	require.Error(t, err)
	require.Len(t, seen, 2)
}

func TestUsedUpShareFailsBeforeTheDeadline(t *testing.T) {
	var requests atomic.Int32
	c := clientFor(t, func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		answering(200, aConversation)(w, r)
	}, func(cfg *Config) { cfg.RequestsPerMinute = 1 })
	for range limiterBurst {
		_, err := c.Conversation(t.Context(), conversationID)
		require.NoError(t, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	err := c.CreateNote(ctx, conversationID, NewNote{Body: "x"})
	e := asError(t, err)
	require.Equal(t, RateLimited, e.Kind)
	require.False(t, e.Ambiguous())
	require.True(t, e.RetryAt.After(time.Now()))
	require.EqualValues(t, limiterBurst, requests.Load())

	ctx, cancel = context.WithCancel(t.Context())
	cancel()
	err = c.CreateNote(ctx, conversationID, NewNote{Body: "x"})
	require.ErrorIs(t, err, context.Canceled)
	require.False(t, asError(t, err).Ambiguous())
}
