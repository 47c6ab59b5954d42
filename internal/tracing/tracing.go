// Package tracing records calls as OpenTelemetry traces across the receiver and the worker: the
// webhook, the workflow, its steps, and their requests to Kustomer. It is off unless
// OpenTelemetry's environment variables enable it.
//
// No span contains personal data. Spans contain the ids of call, workflow and step, our own names
// and routes, HTTP statuses, and our own descriptions of failures.
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

// Help is the paragraph about traces in the output of --help.
const Help = "Traces are off by default. OpenTelemetry's variables configure them:  OTEL_EXPORTER_OTLP_ENDPOINT,\n" +
	"OTEL_TRACES_EXPORTER (otlp, none), OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES, OTEL_TRACES_SAMPLER."

// stopTimeout bounds the export of the last spans when a program stops.
const stopTimeout = 5 * time.Second

// Tracing is the tracing of one program. A nil Tracing is disabled and costs nothing.
type Tracing struct {
	tracer   trace.Tracer
	provider *sdktrace.TracerProvider
	exporter sdktrace.SpanExporter
}

// Start enables tracing, or returns nil if it is not configured. It returns an error for
// settings that OpenTelemetry does not understand. The service is the name of the program
// unless OTEL_SERVICE_NAME sets another.
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
		// A full queue drops spans. The program never waits for the collector.
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

// Stop exports the last spans, and gives up after stopTimeout.
func (t *Tracing) Stop() {
	if t == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	if t.provider.Shutdown(ctx) != nil {
		_ = t.exporter.Shutdown(context.Background()) // ends the request in progress
	}
}

// delivery logs once that spans cannot be delivered, and once that they can again.
type delivery struct {
	sdktrace.SpanExporter
	log    *slog.Logger
	failed atomic.Bool
}

// ExportSpans delivers spans. Spans that cannot be delivered are lost.
func (d *delivery) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	err := d.SpanExporter.ExportSpans(ctx, spans)
	if failed := err != nil; d.failed.Swap(failed) != failed {
		if failed {
			d.log.Warn("traces are lost because the collector does not accept them; calls are not affected", "problem", err)
		} else {
			d.log.Info("the collector accepts traces again")
		}
	}
	return nil
}
