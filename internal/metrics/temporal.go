package metrics

import (
	"github.com/prometheus/client_golang/prometheus"
	exporter "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/opentelemetry"
)

// SDK is where Temporal's SDK counts what it does, on the same page: the
// temporal_* metrics of Temporal's own documentation.
func (m *Metrics) SDK() client.MetricsHandler {
	reader, err := exporter.New(exporter.WithRegisterer(m.registry), exporter.WithoutScopeInfo(), exporter.WithoutTargetInfo())
	if err != nil {
		panic(err) // as when two of our own metrics have one name
	}
	// OpenTelemetry's own buckets are for milliseconds, and the SDK tells seconds.
	seconds := metric.NewView(metric.Instrument{Kind: metric.InstrumentKindHistogram}, metric.Stream{
		Aggregation: metric.AggregationExplicitBucketHistogram{Boundaries: prometheus.ExponentialBuckets(0.005, 4, 9)},
	})
	provider := metric.NewMeterProvider(metric.WithReader(reader), metric.WithView(seconds))
	return &remembered{MetricsHandler: opentelemetry.NewMetricsHandler(opentelemetry.MetricsHandlerOptions{
		Meter:                provider.Meter("temporal-sdk-go"),
		UseMonotonicCounters: true,
		OnError:              func(error) {}, // a metric that the SDK may not have costs no call its worker
	})}
}
