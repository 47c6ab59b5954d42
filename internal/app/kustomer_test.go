package app

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/internal/build"
	"github.com/callthread/callthread/kustomer"
)

func TestHangupLoadsANewKey(t *testing.T) {
	usual := lookForKey
	lookForKey = time.Hour // the worker finds the key because of the signal
	t.Cleanup(func() { lookForKey = usual })
	org := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		require.Equal(t, build.UserAgent(), r.UserAgent())
		if r.Header.Get("Authorization") != "Bearer new-key" {
			w.WriteHeader(http.StatusUnauthorized)
		}
		_, _ = w.Write([]byte(`{"data":{"id":"1","attributes":{"roles":[]}}}`))
	}))
	t.Cleanup(org.Close)
	file := writeFile(t, "old-key\n")
	w := &Worker{Temporal: new(Temporal), Kustomer: Kustomer{URL: org.URL, APIKeyFile: file, Budget: 100}}
	client, err := w.Kustomer.Client(nil)
	require.NoError(t, err)
	w.inForce = new(atomic.Pointer[automation.Set]) // SIGHUP reloads the automations too
	logs := runs(t, w, &namespace{})
	logs.await(t, "worker serves calls")

	_, err = client.CurrentToken(t.Context())
	require.True(t, kustomer.IsKind(err, kustomer.Credentials))
	require.NoError(t, os.WriteFile(file, []byte("new-key\n"), 0o600))
	require.NoError(t, hangUp())
	require.NotContains(t, logs.await(t, "the Kustomer API key was replaced"), "new-key")
	_, err = client.CurrentToken(t.Context())
	require.NoError(t, err)
}

func TestKeyFileIsReloaded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		file := writeFile(t, "old-key")
		w := &Worker{Kustomer: Kustomer{URL: "https://acme.api.kustomerapp.com", APIKeyFile: file, Budget: 100}}
		_, err := w.Kustomer.Client(nil)
		require.NoError(t, err)
		logs := make(lines, 100)
		go func() { _ = w.attend(t.Context(), nil, slog.New(slog.NewTextHandler(logs, nil))) }()
		saidInAMinute := func() (said string) {
			<-time.After(time.Minute)
			synctest.Wait()
			for len(logs) > 0 {
				said += <-logs
			}
			return said
		}
		inAMinute := func(content string) string {
			require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
			return saidInAMinute()
		}
		const replaced, not = "the Kustomer API key was replaced", "the Kustomer API key was not replaced"

		require.Empty(t, inAMinute("old-key\n"))
		require.Equal(t, 1, strings.Count(inAMinute("new-key"), replaced))
		said := inAMinute("two keys")
		require.Equal(t, 1, strings.Count(said, not))
		require.NotContains(t, said, "two keys")
		require.Equal(t, 1, strings.Count(inAMinute(""), not), "another problem")
		require.Empty(t, inAMinute("\n"), "the same again")
		require.Empty(t, inAMinute("new-key"), "nothing to replace")
		require.Equal(t, 1, strings.Count(inAMinute(""), not), "logged again")
		require.Equal(t, 1, strings.Count(inAMinute("old-key"), replaced))
		require.NoError(t, os.Remove(file))
		require.Equal(t, 1, strings.Count(saidInAMinute(), "no such file"))
	})
}

func TestKeyInTheEnvironmentIsReadOnce(t *testing.T) {
	t.Setenv("KUSTOMER_API_KEY", "old-key")
	k := Kustomer{URL: "https://acme.api.kustomerapp.com", Budget: 100}
	_, err := k.Client(nil)
	require.NoError(t, err)
	var logs bytes.Buffer
	t.Setenv("KUSTOMER_API_KEY", "new-key")
	k.takeUpKey(slog.New(slog.NewTextHandler(&logs, nil)))
	require.Empty(t, logs.String())
}

func TestStepsAtOnceFollowTheBudget(t *testing.T) {
	for budget, steps := range map[int]int{1: 1, 100: 2, 250: 5, DefaultBudget: 16, 5000: 100, 1_000_000: 1000} {
		require.Equal(t, steps, StepsAtOnce(budget), budget)
	}
	const latency = 1.0 // of Kustomer's answers, in seconds
	for budget := 60; budget <= 50_000; budget += 10 {
		require.GreaterOrEqual(t, float64(StepsAtOnce(budget)), latency*float64(budget/60), "%d requests a minute are slowed down by too few steps", budget)
	}
}

func TestLongWaitIsLoggedAtBeginAndEnd(t *testing.T) {
	var logs bytes.Buffer
	log, until := slog.New(slog.NewTextHandler(&logs, nil)), time.Date(2026, 11, 28, 10, 59, 59, 0, time.UTC)
	var k Kustomer
	for _, c := range []struct {
		until time.Time
		says  string
	}{
		{time.Time{}, ""},
		{until, "level=WARN msg=\"Kustomer asks for a long wait"},
		{until.Add(time.Minute), ""}, // tried again
		{time.Time{}, "level=INFO msg=\"Kustomer no longer asks for a wait"},
		{time.Time{}, ""},
		{until, "until=2026-11-28T10:59:59.000Z"},
	} {
		logs.Reset()
		k.logWait(c.until, log)
		require.Equal(t, c.says == "", logs.Len() == 0, logs.String())
		require.Contains(t, logs.String(), c.says)
	}
}

func TestWorkerLogsALongWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, err := kustomer.New(kustomer.Config{BaseURL: "http://localhost", APIKey: "key", Transport: asksToWait{}})
		require.NoError(t, err)
		w := &Worker{Kustomer: Kustomer{client: client}}
		logs := make(lines, 100)
		go func() { _ = w.attend(t.Context(), nil, slog.New(slog.NewTextHandler(logs, nil))) }()
		require.Error(t, client.CreateNote(t.Context(), "1", kustomer.NewNote{Body: "x"}))
		require.Contains(t, <-logs, "Kustomer asks for a long wait")
	})
}

func TestWorkerThatOnlyComparesNeedsNoKustomer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &Worker{CompareOnly: true, Kustomer: Kustomer{APIKeyFile: writeFile(t, "key")}, inForce: new(atomic.Pointer[automation.Set])}
		ctx, stop := context.WithTimeout(t.Context(), time.Hour)
		defer stop()
		hangups := make(chan os.Signal, 1)
		hangups <- syscall.SIGHUP
		require.NoError(t, w.attend(ctx, hangups, slog.New(slog.DiscardHandler)))
		require.Error(t, ctx.Err(), "it went on until the end")
	})
}

// asksToWait is a transport that answers every request with a wait of an hour.
type asksToWait struct{}

func (asksToWait) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusTooManyRequests, Header: http.Header{"Retry-After": {"3599"}}, Body: http.NoBody, Request: r}, nil
}
