// Package metrics counts what both programs do, for Prometheus. No label ever
// holds anything about a caller, an agent or a single call.
package metrics

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/callthread/callthread/kustomer"
)

// Metrics is one program's.
type Metrics struct {
	registry  *prometheus.Registry
	webhooks  *prometheus.HistogramVec
	without   *prometheus.CounterVec
	nobodys   prometheus.Counter
	kustomer  *prometheus.HistogramVec
	remaining *prometheus.GaugeVec // a vector, because it is shown only once Kustomer has told it
}

// New makes a program's metrics, with those of the Go runtime and the process.
func New() *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		webhooks: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "callthread_webhook_seconds", Help: "Webhooks received, by event and HTTP status answered, and how long the answer took.",
			Buckets: prometheus.ExponentialBuckets(0.002, 2, 12),
		}, []string{"event", "status"}),
		without: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "callthread_events_without_effect_total", Help: "Events accepted for calls that were over already, or that an agent has placed.",
		}, []string{"event"}),
		nobodys: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "callthread_calls_unassigned_total", Help: "Calls that were answered by an agent whom Kustomer does not know: their conversations are assigned to nobody.",
		}),
		kustomer: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "callthread_kustomer_request_seconds", Help: "Requests to Kustomer, by operation and HTTP status (0: no answer), and how long they took.",
			Buckets: prometheus.ExponentialBuckets(0.005, 2, 12),
		}, []string{"operation", "status"}),
		remaining: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "callthread_kustomer_budget_remaining", Help: "Requests left in this minute for the whole Kustomer org, as Kustomer last said.",
		}, nil),
	}
	m.registry.MustRegister(m.webhooks, m.without, m.nobodys, m.kustomer, m.remaining,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Webhook counts one webhook.
func (m *Metrics) Webhook(event string, status int, withoutEffect bool, took time.Duration) {
	m.webhooks.WithLabelValues(event, strconv.Itoa(status)).Observe(took.Seconds())
	if withoutEffect {
		m.without.WithLabelValues(event).Inc()
	}
}

// Unassigned counts one call whose conversation could be assigned to nobody.
func (m *Metrics) Unassigned() { m.nobodys.Inc() }

// Kustomer counts one request to Kustomer.
func (m *Metrics) Kustomer(exchange kustomer.Exchange) {
	m.kustomer.WithLabelValues(exchange.Op, strconv.Itoa(exchange.Status)).Observe(exchange.Duration.Seconds())
	if exchange.RateLimitRemaining >= 0 {
		m.remaining.WithLabelValues().Set(float64(exchange.RateLimitRemaining))
	}
}

// Serve serves /metrics at an address until the context ends; an empty address serves nothing.
func (m *Metrics) Serve(ctx context.Context, address string, log *slog.Logger) error {
	if address == "" {
		return nil
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("serve metrics at %s (choose another with --metrics-listen): %w", address, err)
	}
	log.Info("serving metrics", "address", listener.Addr().String())
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{}))
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			log.Error("metrics are no longer served", "problem", err)
		}
	}()
	return nil
}
