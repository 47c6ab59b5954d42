package tracing

import (
	"context"
	"errors"
	"fmt"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/contrib/opentelemetry"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
)

// Interceptors are Temporal's own, for a client and the workers that share it.
// They put the ids of trace and span into the headers of runs, signals and
// steps, and nothing else.
func (t *Tracing) Interceptors() []interceptor.ClientInterceptor {
	if t == nil {
		return nil
	}
	spans, err := opentelemetry.NewTracingInterceptor(opentelemetry.TracerOptions{
		Tracer:            t.tracer,
		TextMapPropagator: propagation.TraceContext{},
		DisableBaggage:    true,
		// The Web UI sends queries with each page, and an update is traced again with each replay of its run.
		DisableQueryTracing:  true,
		DisableUpdateTracing: true,
		// A header that cannot be read must not fail a call.
		AllowInvalidParentSpans: true,
		SpanStarter:             startDiscreetSpan,
	})
	if err != nil {
		panic(err) // there is no option that it refuses
	}
	return []interceptor.ClientInterceptor{spans}
}

// startDiscreetSpan starts a span for Temporal's interceptor.
func startDiscreetSpan(ctx context.Context, tracer trace.Tracer, name string, options ...trace.SpanStartOption) trace.Span {
	_, span := tracer.Start(ctx, name, options...)
	return &discreetSpan{Span: span}
}

// discreetSpan says what failed, without the words of the failure: Kustomer's
// may quote whom it knows.
type discreetSpan struct {
	trace.Span
	brief  string
	benign bool
}

// RecordError notes of which type a failure is.
func (s *discreetSpan) RecordError(err error, _ ...trace.EventOption) {
	if err == nil {
		return
	}
	var errorType string
	errorType, s.brief = outline(err)
	s.SetAttributes(attribute.String("error.type", errorType))
	// An event that was sent twice, or comes when the call is over.
	var exists *serviceerror.WorkflowExecutionAlreadyStarted
	var over *serviceerror.NotFound
	s.benign = errors.As(err, &exists) || errors.As(err, &over)
}

// SetStatus puts words of ours in place of the failure's.
func (s *discreetSpan) SetStatus(code codes.Code, _ string) {
	if !s.benign {
		s.Span.SetStatus(code, s.brief)
	}
}

// outline is a failure's type, and what our steps say of it without Kustomer's words.
func outline(err error) (errorType, brief string) {
	var failed *temporal.ApplicationError
	if !errors.As(err, &failed) {
		return fmt.Sprintf("%T", err), ""
	}
	if failed.HasDetails() {
		_ = failed.Details(&brief) // another's failure has other details, or none
	}
	return failed.Type(), brief
}
