// Package metrics counts what both programs do, for Prometheus. No label ever
// holds anything about a caller, an agent or a single call.
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

// Metrics is one program's.
type Metrics struct {
	registry  *prometheus.Registry
	kustomer  *prometheus.HistogramVec
	limit     *told
	remaining *told
	wait      *told

	reconciled *reconciled
	shadow     bool
}

// New makes a program's metrics, with those of the Go runtime and the process.
func New() *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(), reconciled: newReconciled(),
		kustomer: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "callthread_kustomer_request_seconds", Help: "Requests to Kustomer, by operation and HTTP status (0: no answer), and how long they took.",
			Buckets: prometheus.ExponentialBuckets(0.005, 2, 12),
		}, []string{"operation", "status"}),
		limit:     newTold("callthread_kustomer_budget_limit", "Requests a minute that the whole Kustomer org may make, as Kustomer has just said; none while it has not."),
		wait:      newTold("callthread_kustomer_wait_seconds", "How long Kustomer has just asked to be left alone, 0 if it has not; none while it has said nothing."),
		remaining: newTold("callthread_kustomer_budget_remaining", "Requests left in this minute for the whole Kustomer org, as Kustomer has just said; none while it has not."),
	}
	m.registry.MustRegister(m.kustomer, m.limit, m.remaining, m.wait, m.reconciled.calls, m.reconciled.repaired, m.reconciled.held, m.reconciled.until,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), collectors.NewBuildInfoCollector(), newBuildInfo())
	return m
}

// newBuildInfo is the constant 1, with labels that say which build runs.
func newBuildInfo() prometheus.Collector {
	running := build.Current()
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "callthread_build_info", Help: "Always 1: the version and the commit of the program that runs.",
		ConstLabels: prometheus.Labels{"version": running.Version, "commit": running.Commit, "goversion": runtime.Version()},
	}, func() float64 { return 1 })
}

// InShadow has all metrics of ours begin with callthread_shadow_, so that no alert and no
// dashboard takes calls in shadow for live ones.
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
	m.limit.say(exchange.RateLimit)
	m.remaining.say(exchange.RateLimitRemaining)
	if exchange.Status != 0 {
		m.wait.say(int(exchange.Wait.Seconds()))
	}
}
