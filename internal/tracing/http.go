package tracing

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/callthread/callthread/babelforce"
	"github.com/callthread/callthread/kustomer"
)

// Webhooks starts a trace for each webhook. The sender's traceparent is ignored: any sender may
// set one, and could decide what is recorded or merge calls into one trace. Path, address and
// headers are not recorded either.
func (t *Tracing) Webhooks(next http.Handler) http.Handler {
	if t == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/webhooks/") { // probes are not traced
			next.ServeHTTP(w, r)
			return
		}
		ctx, span := t.tracer.Start(r.Context(), "webhook", trace.WithSpanKind(trace.SpanKindServer))
		defer span.End()
		answer := &answer{ResponseWriter: w, status: http.StatusOK}
		r = r.WithContext(ctx)
		next.ServeHTTP(answer, r)
		if event, known := babelforce.ParseEventName(r.PathValue("event")); known { // an unknown name may contain anything
			span.SetName("webhook " + string(event))
		}
		span.SetAttributes(requestMethod(r.Method), semconv.HTTPRoute(r.Pattern), semconv.HTTPResponseStatusCode(answer.status))
		if answer.status >= 500 {
			failed(span, answer.status)
		}
	})
}

// answer records the status of the response.
type answer struct {
	http.ResponseWriter
	status int
}

func (a *answer) WriteHeader(status int) {
	a.status = status
	a.ResponseWriter.WriteHeader(status)
}

// Unwrap gives handlers access to the connection, so that they can close it.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// Kustomer records each request to Kustomer at this address as a span under the step that sends
// it, and calls next. Kustomer receives no trace headers.
func (t *Tracing) Kustomer(address string, next func(kustomer.Exchange)) func(context.Context, kustomer.Exchange) {
	if t == nil {
		return func(_ context.Context, exchange kustomer.Exchange) { next(exchange) }
	}
	server := serverAt(address)
	return func(ctx context.Context, exchange kustomer.Exchange) {
		next(exchange)
		ended := time.Now()
		_, span := t.tracer.Start(ctx, exchange.Method+" "+exchange.Route, trace.WithSpanKind(trace.SpanKindClient),
			trace.WithTimestamp(ended.Add(-exchange.Duration)), trace.WithAttributes(server...), trace.WithAttributes(
				requestMethod(exchange.Method), semconv.URLTemplate(exchange.Route), attribute.String("callthread.operation", exchange.Op)))
		if exchange.Status != 0 {
			span.SetAttributes(semconv.HTTPResponseStatusCode(exchange.Status))
		}
		notThere := exchange.Method == http.MethodGet && exchange.Status == http.StatusNotFound // not found is a valid answer to a look-up
		if exchange.Status == 0 || exchange.Status >= 400 && !notThere {
			failed(span, exchange.Status)
		}
		span.End(trace.WithTimestamp(ended))
	}
}

// serverAt returns OpenTelemetry's attributes of a server.
func serverAt(address string) []attribute.KeyValue {
	u, err := url.Parse(address)
	if err != nil {
		return nil // no request is ever sent
	}
	port, err := strconv.Atoi(u.Port())
	if err != nil {
		port = map[string]int{"http": 80, "https": 443}[u.Scheme]
	}
	return []attribute.KeyValue{semconv.ServerAddress(u.Hostname()), semconv.ServerPort(port)}
}

// failed marks a span by the status of the response; 0 means no response.
func failed(span trace.Span, status int) {
	errorType := "no_answer"
	if status != 0 {
		errorType = strconv.Itoa(status)
	}
	span.SetAttributes(semconv.ErrorTypeKey.String(errorType))
	span.SetStatus(codes.Error, "")
}

// requestMethod replaces methods that a sender made up.
func requestMethod(method string) attribute.KeyValue {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return semconv.HTTPRequestMethodKey.String(method)
	}
	return semconv.HTTPRequestMethodOther
}
