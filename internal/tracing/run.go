package tracing

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"math/rand/v2"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
	"go.temporal.io/sdk/contrib/opentelemetry"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/workflow"
)

// runName is what Temporal's interceptor calls the span of a call's run.
const runName = "RunWorkflow:CallWorkflow"

// runSpan is the span of a run, from start to end, though the run may go from
// worker to worker: each gives it the same id, derived from its parent's, and
// the one that ends the run exports it. Temporal's own interceptor would export
// one each time that a worker stops, loses a run from its cache, or answers a query.
type runSpan struct {
	trace.Span // its ids, for the steps: they are exported before it
	parent     context.Context
	options    []trace.SpanStartOption
}

// newRunSpan has no ids where the run's start was not traced: its steps are then traces of their own.
func newRunSpan(parent context.Context, options []trace.SpanStartOption) *runSpan {
	ids := trace.SpanContextFromContext(parent)
	if ids.IsValid() {
		ids = ids.WithSpanID(runSpanID(ids))
	}
	return &runSpan{Span: trace.SpanFromContext(trace.ContextWithSpanContext(context.Background(), ids)), parent: parent, options: options}
}

// SetAttributes keeps the ids of call and run for the end.
func (s *runSpan) SetAttributes(attributes ...attribute.KeyValue) {
	s.options = append(s.options, trace.WithAttributes(attributes...))
}

// export sends the span of a run that has ended.
func (s *runSpan) export(tracer trace.Tracer, err error) {
	if !s.SpanContext().IsValid() {
		return
	}
	_, span := tracer.Start(context.WithValue(s.parent, spanIDKey{}, s.SpanContext().SpanID()), runName, s.options...)
	if err != nil {
		ended := &discreetSpan{Span: span}
		ended.RecordError(err)
		ended.SetStatus(codes.Error, "")
	}
	span.End()
}

// runs exports the spans of runs that end, and links those of signals, which
// belong to the traces of their webhooks, to them.
type runs struct {
	interceptor.InterceptorBase
	tracer trace.Tracer
}

func (r *runs) InterceptWorkflow(_ workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	return &run{WorkflowInboundInterceptorBase: interceptor.WorkflowInboundInterceptorBase{Next: next}, tracer: r.tracer}
}

type run struct {
	interceptor.WorkflowInboundInterceptorBase
	tracer trace.Tracer
	span   *runSpan // nil until it begins
}

func (r *run) ExecuteWorkflow(ctx workflow.Context, in *interceptor.ExecuteWorkflowInput) (any, error) {
	span, _ := opentelemetry.SpanFromWorkflowContext(ctx)
	r.span, _ = span.(*runSpan)
	result, err := r.Next.ExecuteWorkflow(ctx, in) // does not come back where the worker only lets go of the run
	if r.span != nil && !workflow.IsReplaying(ctx) {
		r.span.export(r.tracer, err)
	}
	return result, err
}

func (r *run) HandleSignal(ctx workflow.Context, in *interceptor.HandleSignalInput) error {
	if r.span != nil && !workflow.IsReplaying(ctx) {
		signal, _ := opentelemetry.SpanFromWorkflowContext(ctx)
		signal.AddLink(trace.Link{SpanContext: r.span.SpanContext()})
	}
	return r.Next.HandleSignal(ctx, in)
}

// runSpanID is that of the span of a run, which was started under the parent.
func runSpanID(parent trace.SpanContext) (id trace.SpanID) {
	traceID, spanID := parent.TraceID(), parent.SpanID()
	sum := sha256.Sum256(append(traceID[:], spanID[:]...))
	copy(id[:], sum[:])
	return id
}

// spanIDKey is where a context holds the id that a new span is to have.
type spanIDKey struct{}

// spanIDs makes random ids but for spans whose id is known.
type spanIDs struct{}

func (s spanIDs) NewIDs(ctx context.Context) (id trace.TraceID, _ trace.SpanID) {
	binary.NativeEndian.PutUint64(id[:8], rand.Uint64())
	binary.NativeEndian.PutUint64(id[8:], rand.Uint64()|1) // never zero, which means none
	return id, s.NewSpanID(ctx, id)
}

func (spanIDs) NewSpanID(ctx context.Context, _ trace.TraceID) (id trace.SpanID) {
	if known, ok := ctx.Value(spanIDKey{}).(trace.SpanID); ok {
		return known
	}
	binary.NativeEndian.PutUint64(id[:], rand.Uint64()|1)
	return id
}
