package metrics

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/kustomer"
)

// served serves the metrics and returns their address.
func served(t *testing.T, ctx context.Context, m *Metrics) string {
	t.Helper()
	var logs bytes.Buffer
	require.NoError(t, m.Serve(ctx, "127.0.0.1:0", nil, slog.New(slog.NewJSONHandler(&logs, nil))))
	var logged struct{ Address string }
	require.NoError(t, json.Unmarshal(logs.Bytes(), &logged))
	return logged.Address
}

func scrape(t *testing.T, m *Metrics) string {
	t.Helper()
	status, text := get(t, "http://"+served(t, t.Context(), m)+"/metrics")
	require.Equal(t, http.StatusOK, status, text)
	return text
}

func get(t *testing.T, url string) (status int, text string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, string(body)
}

func TestWebhooksAndRequestsAreCounted(t *testing.T) {
	m := New()
	webhook := m.Webhooks()
	webhook("call-inbound", 202, false, 3*time.Millisecond)
	webhook("call-inbound", 202, true, time.Millisecond)
	webhook("unknown", 404, false, 0)
	m.Kustomer(kustomer.Exchange{Op: "create note", Status: 429, Duration: time.Second, RateLimit: 1000, RateLimitRemaining: 17, Wait: time.Hour})
	m.Kustomer(kustomer.Exchange{Op: "create note", Status: 0, Duration: time.Second, RateLimit: -1, RateLimitRemaining: -1})
	text := scrape(t, m)
	for _, line := range []string{
		`callthread_webhooks_total{event="call-inbound",status="202"} 2`,
		`callthread_webhook_seconds_count{event="call-inbound"} 2`,
		`callthread_webhook_seconds_sum{event="call-inbound"} 0.004`,
		`callthread_webhooks_total{event="unknown",status="404"} 1`,
		`callthread_events_without_effect_total{event="call-inbound"} 1`,
		`callthread_kustomer_request_seconds_count{operation="create note",status="429"} 1`,
		`callthread_kustomer_request_seconds_sum{operation="create note",status="0"} 1`,
		`callthread_kustomer_budget_limit 1000`,
		`callthread_kustomer_budget_remaining 17`,
		`callthread_kustomer_wait_seconds 3600`,
		`process_cpu_seconds_total`,
		`go_goroutines`,
		`go_build_info`,
	} {
		require.Contains(t, text, line)
	}
}

func TestFieldsThatCannotBeReadAreCountedFromZero(t *testing.T) {
	m := New()
	count := m.IgnoredFields([]string{"call.duration", "other"})
	count([]string{"other"})
	text := scrape(t, m)
	require.Contains(t, text, `callthread_ignored_fields_total{field="call.duration"} 0`)
	require.Contains(t, text, `callthread_ignored_fields_total{field="other"} 1`)
}

func TestBudgetIsAbsentBeforeFirstAnswer(t *testing.T) {
	m := New()
	require.NotContains(t, scrape(t, m), "callthread_kustomer_wait_seconds")
	m.Kustomer(kustomer.Exchange{Op: "create note", Status: 200, RateLimit: -1, RateLimitRemaining: -1})
	text := scrape(t, m)
	require.NotContains(t, text, "callthread_kustomer_budget_", "it would read as a budget used up")
	require.Contains(t, text, "callthread_kustomer_wait_seconds 0")
}

func TestOldBudgetIsNotShown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := New()
		shown := func() (names []string) {
			families, err := m.registry.Gather()
			require.NoError(t, err)
			for _, family := range families {
				if strings.HasPrefix(family.GetName(), "callthread_kustomer_budget") {
					names = append(names, family.GetName())
				}
			}
			return names
		}
		m.Kustomer(kustomer.Exchange{Op: "create note", Status: 200, RateLimit: 1000, RateLimitRemaining: 3})
		require.Equal(t, []string{"callthread_kustomer_budget_limit", "callthread_kustomer_budget_remaining"}, shown())
		<-time.After(maxAge)
		require.Empty(t, shown(), "that budget is of minutes ago")
	})
}

func TestAddressInUseIsRefused(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, listener.Close()) }()
	err = New().Serve(t.Context(), listener.Addr().String(), nil, slog.New(slog.DiscardHandler))
	require.ErrorContains(t, err, listener.Addr().String())
	require.ErrorContains(t, err, "--metrics-listen")
}

func TestEmptyAddressServesNothing(t *testing.T) {
	var logs bytes.Buffer
	require.NoError(t, New().Serve(t.Context(), "", nil, slog.New(slog.NewTextHandler(&logs, nil))))
	require.Empty(t, logs.String())
}

func TestReadinessReportsTheProblem(t *testing.T) {
	var logs bytes.Buffer
	var problem error
	ready := func(context.Context) error { return problem }
	require.NoError(t, New().Serve(t.Context(), "127.0.0.1:0", ready, slog.New(slog.NewJSONHandler(&logs, nil))))
	var logged struct{ Address string }
	require.NoError(t, json.Unmarshal(logs.Bytes(), &logged))

	status, text := get(t, "http://"+logged.Address+"/readyz")
	require.Equal(t, http.StatusOK, status, text)
	problem = errors.New("Temporal cannot be reached")
	status, text = get(t, "http://"+logged.Address+"/readyz")
	require.Equal(t, http.StatusServiceUnavailable, status)
	require.Contains(t, text, "Temporal cannot be reached")
	status, _ = get(t, "http://"+logged.Address+"/healthz")
	require.Equal(t, http.StatusOK, status, "it lives all the same")
}

func TestMetricsStopWithTheProgram(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	address := served(t, ctx, New())
	connection, err := net.Dial("tcp", address)
	require.NoError(t, err)
	defer connection.Close()
	require.NoError(t, connection.SetDeadline(time.Now().Add(time.Minute)))
	_, err = io.WriteString(connection, "GET /metrics HTTP/1.1\r\nHost: metrics\r\n\r\n")
	require.NoError(t, err)
	answers := bufio.NewReader(connection)
	response, err := http.ReadResponse(answers, nil)
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, response.Body)
	require.NoError(t, err)

	stop()
	_, err = answers.ReadByte() // until the server closes the connection
	require.Error(t, err)
	require.NotErrorIs(t, err, os.ErrDeadlineExceeded)
}
