package metrics

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/callthread/callthread/workflows"
)

const (
	// countsAge is how long a count is reused. It limits requests to Temporal, however often the
	// page is read.
	countsAge = 10 * time.Second
	// countsTimeout is below Prometheus's default scrape timeout of ten seconds.
	countsTimeout = 3 * time.Second
)

// phases are the phases of a running call. A call that has ended stays open while it waits
// for recordings.
var phases = []workflows.Phase{workflows.Ringing, workflows.Bridged, workflows.Finished, workflows.Missed, workflows.Parked}

// inPhase is the query for the running calls in a phase: live calls or calls in shadow.
func inPhase(phase workflows.Phase, shadow bool) string {
	ids := workflows.WorkflowID("")
	if shadow {
		ids = workflows.ShadowID("")
	}
	return fmt.Sprintf(`CallPhase = "%s" AND ExecutionStatus = "Running" AND WorkflowId STARTS_WITH "%s"`, phase, ids)
}

// Temporal is the part of Temporal's client that counts workflows.
type Temporal interface {
	CountWorkflow(context.Context, *workflowservice.CountWorkflowExecutionsRequest) (*workflowservice.CountWorkflowExecutionsResponse, error)
}

// CountsRunning registers the number of running calls per phase. The workflow list is queried
// when the page is read, and every worker shows the same numbers.
func (m *Metrics) CountsRunning(temporal Temporal, log *slog.Logger) {
	m.registry.MustRegister(&running{
		temporal: temporal, log: log, shadow: m.shadow,
		description: prometheus.NewDesc("callthread_calls_running",
			"Calls whose workflows are running, by phase; calls in phase parked wait for an operator. Every worker reports the same; absent while Temporal does not answer.",
			[]string{"phase"}, nil),
	})
}

type running struct {
	temporal    Temporal
	log         *slog.Logger
	shadow      bool
	description *prometheus.Desc

	mu     sync.Mutex
	counts map[workflows.Phase]int64 // nil if Temporal has not answered
	at     time.Time
}

// Describe implements [prometheus.Collector].
func (r *running) Describe(to chan<- *prometheus.Desc) { to <- r.description }

// Collect implements [prometheus.Collector].
func (r *running) Collect(to chan<- prometheus.Metric) {
	r.mu.Lock() // held during the request to Temporal, so that concurrent readers share its result
	defer r.mu.Unlock()
	if r.at.IsZero() || time.Since(r.at) >= countsAge {
		counts, err := r.ask()
		if err != nil && (r.counts != nil || r.at.IsZero()) { // logged once and not with each scrape
			r.log.Warn("running calls could not be counted", "problem", err)
		}
		r.counts, r.at = counts, time.Now()
	}
	for phase, count := range r.counts {
		to <- prometheus.MustNewConstMetric(r.description, prometheus.GaugeValue, float64(count), string(phase))
	}
}

// ask counts each phase with a request, because Temporal groups counts only by the status of
// workflows.
func (r *running) ask() (map[workflows.Phase]int64, error) {
	ctx, cancel := context.WithTimeout(context.Background(), countsTimeout)
	defer cancel()
	counts := make(map[workflows.Phase]int64, len(phases))
	for _, phase := range phases {
		answer, err := r.temporal.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{Query: inPhase(phase, r.shadow)})
		if err != nil {
			return nil, err
		}
		counts[phase] = answer.GetCount()
	}
	return counts, nil
}
