package metrics

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/kustomer"
)

// served serves the metrics and returns their address.
func served(t *testing.T, ctx context.Context, m *Metrics) string {
	t.Helper()
	var logs bytes.Buffer
	require.NoError(t, m.Serve(ctx, "127.0.0.1:0", slog.New(slog.NewJSONHandler(&logs, nil))))
	var logged struct{ Address string }
	require.NoError(t, json.Unmarshal(logs.Bytes(), &logged))
	return logged.Address
}

func scrape(t *testing.T, m *Metrics) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+served(t, t.Context(), m)+"/metrics", nil)
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	require.Equal(t, http.StatusOK, response.StatusCode)
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return string(text)
}

func TestWebhooksAndRequestsToKustomerAreCounted(t *testing.T) {
	m := New()
	m.Webhook("call-inbound", 202, false, 3*time.Millisecond)
	m.Webhook("call-inbound", 202, true, time.Millisecond)
	m.Webhook("unknown", 404, false, 0)
	m.Kustomer(kustomer.Exchange{Op: "create note", Status: 429, Duration: time.Second, RateLimitRemaining: 17})
	m.Kustomer(kustomer.Exchange{Op: "create note", Status: 0, Duration: time.Second, RateLimitRemaining: -1})
	text := scrape(t, m)
	for _, line := range []string{
		`callthread_webhook_seconds_count{event="call-inbound",status="202"} 2`,
		`callthread_webhook_seconds_sum{event="call-inbound",status="202"} 0.004`,
		`callthread_webhook_seconds_count{event="unknown",status="404"} 1`,
		`callthread_events_without_effect_total{event="call-inbound"} 1`,
		`callthread_kustomer_request_seconds_count{operation="create note",status="429"} 1`,
		`callthread_kustomer_request_seconds_sum{operation="create note",status="0"} 1`,
		`callthread_kustomer_budget_remaining 17`,
		`process_cpu_seconds_total`,
		`go_goroutines`,
	} {
		require.Contains(t, text, line)
	}
}

func TestBudgetIsNotShownBeforeKustomerHasToldIt(t *testing.T) {
	m := New()
	m.Kustomer(kustomer.Exchange{Op: "create note", Status: 200, RateLimitRemaining: -1})
	require.NotContains(t, scrape(t, m), "callthread_kustomer_budget_remaining ", "it would read as a budget used up")
}

func TestCallsThatCouldBeAssignedToNobodyAreCounted(t *testing.T) {
	m := New()
	m.Unassigned()
	m.Unassigned()
	require.Contains(t, scrape(t, m), "callthread_calls_unassigned_total 2\n")
}

func TestNoLabelTellsWhoCalled(t *testing.T) {
	const phone = "+493055512399"
	m := New()
	m.Webhook("call-bridged", 202, true, time.Second)
	m.Kustomer(kustomer.Exchange{Op: "find customer", Method: phone, Route: "/v1/customers/phone=" + phone, Status: 200, RateLimitRemaining: 5})
	require.NotContains(t, scrape(t, m), phone[1:])
	families, err := m.registry.Gather()
	require.NoError(t, err)
	own := 0
	for _, family := range families {
		if !strings.HasPrefix(family.GetName(), "callthread_") {
			continue
		}
		own++
		for _, metric := range family.GetMetric() {
			for _, label := range metric.GetLabel() {
				require.Contains(t, []string{"event", "operation", "status"}, label.GetName(), "a new label: can it tell who called?")
			}
		}
	}
	require.Equal(t, 5, own)
}

func TestAddressInUseIsRefused(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, listener.Close()) }()
	err = New().Serve(t.Context(), listener.Addr().String(), slog.New(slog.DiscardHandler))
	require.ErrorContains(t, err, listener.Addr().String())
	require.ErrorContains(t, err, "--metrics-listen")
}

func TestEmptyAddressServesNothing(t *testing.T) {
	var logs bytes.Buffer
	require.NoError(t, New().Serve(t.Context(), "", slog.New(slog.NewTextHandler(&logs, nil))))
	require.Empty(t, logs.String())
}

func TestMetricsAreServedOnlyUntilTheProgramStops(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	address := served(t, ctx, New())
	connection, err := net.Dial("tcp", address)
	require.NoError(t, err)
	defer connection.Close()
	require.NoError(t, connection.SetDeadline(time.Now().Add(20*time.Second)))
	_, err = io.WriteString(connection, "GET /metrics HTTP/1.1\r\nHost: metrics\r\n\r\n")
	require.NoError(t, err)
	answers := bufio.NewReader(connection)
	response, err := http.ReadResponse(answers, nil)
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, response.Body)
	require.NoError(t, err)

	stop()
	_, err = answers.ReadByte() // until the server hangs up
	require.Error(t, err)
	require.NotErrorIs(t, err, os.ErrDeadlineExceeded)
}
