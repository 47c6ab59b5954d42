package tracing

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/callthread/callthread/kustomer"
)

// recorded is tracing whose spans a test can read.
func recorded() (*Tracing, *tracetest.SpanRecorder) {
	spans := tracetest.NewSpanRecorder()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))
	return &Tracing{tracer: provider.Tracer("test"), provider: provider}, spans
}

func TestTracingIsOffUnlessWanted(t *testing.T) {
	for name, set := range map[string]map[string]string{
		"nothing is set":      {},
		"no exporter":         {"OTEL_TRACES_EXPORTER": "none", endpoint: "http://localhost:4318"},
		"no OpenTelemetry":    {"OTEL_SDK_DISABLED": "true", endpoint: "http://localhost:4318"},
		"only what it is for": {"OTEL_SERVICE_NAME": "calls", "OTEL_TRACES_SAMPLER": "nonsense"},
	} {
		t.Run(name, func(t *testing.T) {
			setAll(t, set)
			off, err := Start(t.Context(), "test", slog.New(slog.DiscardHandler))
			require.NoError(t, err)
			require.Nil(t, off)
			require.Nil(t, off.Interceptors())
			mux := http.NewServeMux()
			require.Same(t, mux, off.Webhooks(mux))
			observed := 0
			off.Kustomer("", func(kustomer.Exchange) { observed++ })(t.Context(), kustomer.Exchange{})
			require.Equal(t, 1, observed)
			off.Stop()
		})
	}
}

func TestBadSettingsAreRefusedAndNotQuoted(t *testing.T) {
	for variable, value := range map[string]string{
		"OTEL_TRACES_EXPORTER":        "zipkin",
		endpoint:                      "localhost:4318",
		tracesEndpoint:                "https://user:secret@collector:4318",
		"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc",
		"OTEL_EXPORTER_OTLP_TIMEOUT":  "soon",
		"OTEL_EXPORTER_OTLP_HEADERS":  "secret",
		"OTEL_RESOURCE_ATTRIBUTES":    "nonsense",
		"OTEL_TRACES_SAMPLER":         "sometimes",
	} {
		t.Run(variable, func(t *testing.T) {
			setAll(t, map[string]string{"OTEL_TRACES_EXPORTER": "otlp", variable: value})
			on, err := Start(t.Context(), "test", slog.New(slog.DiscardHandler))
			require.ErrorContains(t, err, "OTEL_")
			require.NotContains(t, err.Error(), "secret")
			require.Nil(t, on)
		})
	}
}

func setAll(t *testing.T, set map[string]string) {
	t.Helper()
	for variable, value := range set {
		t.Setenv(variable, value)
	}
}

func TestHangingCollectorDelaysOnlyStop(t *testing.T) {
	if testing.Short() {
		t.Skip("takes five seconds, which -short does without")
	}
	asked, released := make(chan struct{}, 10), make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		asked <- struct{}{}
		<-released
	}))
	defer server.Close()
	defer close(released)
	setAll(t, map[string]string{endpoint: server.URL, "OTEL_BSP_SCHEDULE_DELAY": "1", "OTEL_BSP_MAX_QUEUE_SIZE": "10"})
	on, err := Start(t.Context(), "test", slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	observe := on.Kustomer("http://kustomer", func(kustomer.Exchange) {})
	observe(t.Context(), kustomer.Exchange{})
	<-asked
	began := time.Now()
	for range 10_000 { // far more than the queue holds
		observe(t.Context(), kustomer.Exchange{Method: "GET", Route: "/v1/users"})
	}
	require.Less(t, time.Since(began), time.Minute)
	began = time.Now()
	on.Stop()
	require.Less(t, time.Since(began), time.Minute)
}

// brokenExporter delivers nothing while it is broken.
type brokenExporter struct {
	sdktrace.SpanExporter
	err error
}

func (b *brokenExporter) ExportSpans(context.Context, []sdktrace.ReadOnlySpan) error { return b.err }

func TestLostTracesAreLoggedOnce(t *testing.T) {
	var log bytes.Buffer
	broken := &brokenExporter{err: errors.New("connection refused")}
	d := &delivery{SpanExporter: broken, log: slog.New(slog.NewTextHandler(&log, nil))}
	for range 3 {
		require.NoError(t, d.ExportSpans(t.Context(), nil))
	}
	require.Equal(t, 1, strings.Count(log.String(), "traces are lost"))
	broken.err = nil
	require.NoError(t, d.ExportSpans(t.Context(), nil))
	require.Equal(t, 1, strings.Count(log.String(), "again"))
}

func TestSendersTraceparentIsIgnored(t *testing.T) {
	on, spans := recorded()
	mux := http.NewServeMux()
	mux.HandleFunc("/webhooks/babelforce/{event}", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	mux.HandleFunc("/healthz", func(http.ResponseWriter, *http.Request) {})
	for _, path := range []string{"/healthz", "/webhooks/babelforce/call-inbound", "/webhooks/babelforce/Quisquilia"} {
		request := httptest.NewRequest("QUISQUILIA", path+"?Quisquilia", nil)
		request.Header.Set("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00")
		request.Header.Set("User-Agent", "Quisquilia")
		on.Webhooks(mux).ServeHTTP(httptest.NewRecorder(), request)
	}
	require.Len(t, spans.Ended(), 2, "none of a probe")
	for _, span := range spans.Ended() {
		require.False(t, span.Parent().IsValid())
		require.NotEqual(t, "0af7651916cd43dd8448eb211c80319c", span.SpanContext().TraceID().String())
		require.NotContains(t, span.Name(), "Quisquilia")
		for _, attribute := range span.Attributes() {
			require.NotContains(t, strings.ToLower(attribute.Value.String()), "quisquilia")
		}
		require.Equal(t, codes.Error, span.Status().Code)
	}
	require.Equal(t, "webhook call-inbound", spans.Ended()[0].Name())
}

func TestTracedHandlerReachesConnection(t *testing.T) {
	on, _ := recorded()
	reached := make(chan error, 1)
	server := httptest.NewServer(on.Webhooks(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		reached <- http.NewResponseController(w).SetReadDeadline(time.Now().Add(time.Minute))
	})))
	defer server.Close()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/webhooks/babelforce/call-inbound", nil)
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.NoError(t, <-reached)
}

func TestLastSpansAreExported(t *testing.T) {
	var mu sync.Mutex
	var got []byte
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		got = append(got, body...)
	}))
	defer server.Close()
	setAll(t, map[string]string{endpoint: server.URL, "OTEL_SERVICE_NAME": "named-by-us", "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment.name=test"})
	on, err := Start(t.Context(), "test", slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	on.Kustomer(server.URL, func(kustomer.Exchange) {})(t.Context(), kustomer.Exchange{Method: "GET", Route: "/v1/users"})
	on.Stop()
	for _, expected := range []string{"GET /v1/users", "named-by-us", "deployment.environment.name"} {
		require.Contains(t, string(got), expected)
	}
}
