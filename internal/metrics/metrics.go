// Package metrics counts what the receiver and the worker do, and serves the counts to
// Prometheus.
//
// It covers webhooks, steps of calls, requests to Kustomer, open calls and comparisons with
// babelforce's log, and includes the metrics of Temporal's SDK. No label contains anything
// about a caller, an agent or a single call.
package metrics

import (
	"runtime"
	"strconv"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/proto"

	"github.com/callthread/callthread/internal/build"
	"github.com/callthread/callthread/kustomer"
)

// Metrics are the metrics of one program.
type Metrics struct {
	registry  *prometheus.Registry
	kustomer  *prometheus.HistogramVec
	limit     *reported
	remaining *reported
	wait      *reported

	reconciled *reconciled
	shadow     bool
}

// New returns a program's metrics, including the Go runtime's and the process's.
func New() *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(), reconciled: newReconciled(),
		kustomer: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "callthread_kustomer_request_seconds", Help: "Requests to Kustomer, by operation and HTTP status (0: no answer), and how long they took.",
			Buckets: prometheus.ExponentialBuckets(0.005, 2, 12),
		}, []string{"operation", "status"}),
		limit:     newReported("callthread_kustomer_budget_limit", "Requests a minute that the whole Kustomer org may make, as last reported by Kustomer; absent without a recent report."),
		wait:      newReported("callthread_kustomer_wait_seconds", "Seconds that Kustomer last asked clients to wait, 0 if it did not ask; absent without a recent answer."),
		remaining: newReported("callthread_kustomer_budget_remaining", "Requests left in this minute for the whole Kustomer org, as last reported by Kustomer; absent without a recent report."),
	}
	m.registry.MustRegister(m.kustomer, m.limit, m.remaining, m.wait, m.reconciled.calls, m.reconciled.repaired, m.reconciled.held, m.reconciled.until,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), collectors.NewBuildInfoCollector(), newBuildInfo())
	return m
}

// newBuildInfo returns a gauge that is always 1, with the version and the commit as labels.
func newBuildInfo() prometheus.Collector {
	running := build.Current()
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "callthread_build_info", Help: "Always 1: the version and the commit of the program that runs.",
		ConstLabels: prometheus.Labels{"version": running.Version, "commit": running.Commit, "goversion": runtime.Version()},
	}, func() float64 { return 1 })
}

// InShadow adds the prefix callthread_shadow_ to the product's metrics, so that no alert or
// dashboard counts calls in shadow as live calls.
func (m *Metrics) InShadow() { m.shadow = true }

// gather reads all metrics.
func (m *Metrics) gather() ([]*dto.MetricFamily, error) {
	families, err := m.registry.Gather()
	for _, family := range families {
		if name, isOurs := strings.CutPrefix(family.GetName(), "callthread_"); isOurs && m.shadow {
			family.Name = proto.String("callthread_shadow_" + name)
		}
	}
	return families, err
}

// Kustomer counts one request to Kustomer.
func (m *Metrics) Kustomer(exchange kustomer.Exchange) {
	m.kustomer.WithLabelValues(exchange.Op, strconv.Itoa(exchange.Status)).Observe(exchange.Duration.Seconds())
	m.limit.set(exchange.RateLimit)
	m.remaining.set(exchange.RateLimitRemaining)
	if exchange.Status != 0 {
		m.wait.set(int(exchange.Wait.Seconds()))
	}
}
