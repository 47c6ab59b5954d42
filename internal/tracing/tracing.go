// Package tracing follows a call through both programs as OpenTelemetry traces:
// its webhook, its workflow, the steps, and their requests to Kustomer. It is
// off unless OpenTelemetry's own environment variables switch it on.
//
// No span says whom a call is of: it has the ids of call, run and step, names
// and routes of ours, HTTP statuses, and failures in words of ours.
package tracing

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/callthread/callthread/internal/build"
)

// Help is what --help says about traces.
const Help = "Traces go where OpenTelemetry's variables say, nowhere by default: OTEL_EXPORTER_OTLP_ENDPOINT,\n" +
	"OTEL_TRACES_EXPORTER (otlp, none), OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES, OTEL_TRACES_SAMPLER."

// stopTimeout is how long a program that stops may take to hand over its last spans.
const stopTimeout = 5 * time.Second

// Tracing is one program's. Nil is switched off, and costs nothing.
type Tracing struct {
	tracer   trace.Tracer
	provider *sdktrace.TracerProvider
	exporter sdktrace.SpanExporter
}

// Start switches tracing on, or answers nil where nobody wants it. Settings that
// OpenTelemetry does not understand are refused. The service is what the program
// is called where OTEL_SERVICE_NAME does not say otherwise.
func Start(ctx context.Context, service string, log *slog.Logger) (*Tracing, error) {
	wanted, err := isWanted()
	if err != nil || !wanted {
		return nil, err
	}
	complaints := listen()
	named, err := resource.New(ctx, resource.WithTelemetrySDK(), resource.WithAttributes(attribute.String("service.name", service), attribute.String("service.version", build.Current().Version)), resource.WithFromEnv())
	if err != nil {
		return nil, fmt.Errorf("traces: OTEL_RESOURCE_ATTRIBUTES is not a list of key=value: %w", err)
	}
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, fmt.Errorf("traces: set up by OTEL_EXPORTER_OTLP_*: %w", err)
	}
	t := &Tracing{exporter: exporter}
	t.provider = sdktrace.NewTracerProvider(sdktrace.WithResource(named),
		// A full queue drops spans: none ever waits for the collector.
		sdktrace.WithBatcher(&delivery{SpanExporter: exporter, log: log}))
	t.tracer = t.provider.Tracer("github.com/callthread/callthread")
	if err := complaints(); err != nil {
		t.Stop()
		return nil, err
	}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { log.Warn("OpenTelemetry reports a problem", "problem", err) }))
	log.Info("traces are sent to an OpenTelemetry collector")
	return t, nil
}

// Stop hands over the last spans, or gives up after some seconds.
func (t *Tracing) Stop() {
	if t == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	if t.provider.Shutdown(ctx) != nil {
		_ = t.exporter.Shutdown(context.Background()) // ends the request under way
	}
}

// delivery says once that spans do not arrive, and once that they do again.
type delivery struct {
	sdktrace.SpanExporter
	log    *slog.Logger
	failed atomic.Bool
}

// ExportSpans delivers spans. Those that cannot be delivered are gone, and nobody waits for them.
func (d *delivery) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	err := d.SpanExporter.ExportSpans(ctx, spans)
	if failed := err != nil; d.failed.Swap(failed) != failed {
		if failed {
			d.log.Warn("traces are lost, because the collector does not take them; calls are not affected", "problem", err)
		} else {
			d.log.Info("traces are taken by the collector again")
		}
	}
	return nil
}
