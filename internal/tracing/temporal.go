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

// Interceptors returns Temporal's tracing interceptors, for a client and the workers that share
// it. They add the ids of trace and span to the headers of workflows, signals and activities,
// and nothing more.
func (t *Tracing) Interceptors() []interceptor.ClientInterceptor {
	if t == nil {
		return nil
	}
	spans, err := opentelemetry.NewTracingInterceptor(opentelemetry.TracerOptions{
		Tracer:            t.tracer,
		TextMapPropagator: propagation.TraceContext{},
		DisableBaggage:    true,
		// The Web UI sends queries with each page, and every replay would trace an update again.
		DisableQueryTracing:  true,
		DisableUpdateTracing: true,
		// An unreadable header must not fail a call.
		AllowInvalidParentSpans: true,
		SpanStarter:             startDiscreetSpan,
	})
	if err != nil {
		panic(err) // it rejects none of these options
	}
	return []interceptor.ClientInterceptor{spans}
}

// startDiscreetSpan starts a span for Temporal's interceptor.
func startDiscreetSpan(ctx context.Context, tracer trace.Tracer, name string, options ...trace.SpanStartOption) trace.Span {
	_, span := tracer.Start(ctx, name, options...)
	return &discreetSpan{Span: span}
}

// discreetSpan records what failed without the error message, because a message from Kustomer
// may contain personal data.
type discreetSpan struct {
	trace.Span
	brief  string
	benign bool
}

// RecordError records the type of an error.
func (s *discreetSpan) RecordError(err error, _ ...trace.EventOption) {
	if err == nil {
		return
	}
	var errorType string
	errorType, s.brief = outline(err)
	s.SetAttributes(attribute.String("error.type", errorType))
	// The event was sent twice, or arrived after the end of the call.
	var exists *serviceerror.WorkflowExecutionAlreadyStarted
	var over *serviceerror.NotFound
	s.benign = errors.As(err, &exists) || errors.As(err, &over)
}

// SetStatus replaces the error message by our own description.
func (s *discreetSpan) SetStatus(code codes.Code, _ string) {
	if !s.benign {
		s.Span.SetStatus(code, s.brief)
	}
}

// outline returns an error's type and our steps' description of it, without Kustomer's message.
func outline(err error) (errorType, brief string) {
	var failed *temporal.ApplicationError
	if !errors.As(err, &failed) {
		return fmt.Sprintf("%T", err), ""
	}
	if failed.HasDetails() {
		_ = failed.Details(&brief) // other errors have other details or none
	}
	return failed.Type(), brief
}
