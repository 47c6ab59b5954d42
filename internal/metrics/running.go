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
	// countsAge: however often, and by however many, the page is read, Temporal is asked no more often.
	countsAge = 10 * time.Second
	// countsTimeout is well within the ten seconds that Prometheus gives a page by default.
	countsTimeout = 3 * time.Second
)

// phases are those that a running call may be in. One that is over runs on
// while its recordings are waited for.
var phases = []workflows.Phase{workflows.Ringing, workflows.Bridged, workflows.Finished, workflows.Missed, workflows.Parked}

// inPhase finds the running calls of a phase in Temporal's list of runs: live ones, or
// those in shadow.
func inPhase(phase workflows.Phase, shadow bool) string {
	ids := workflows.WorkflowID("")
	if shadow {
		ids = workflows.ShadowID("")
	}
	return fmt.Sprintf(`CallPhase = "%s" AND ExecutionStatus = "Running" AND WorkflowId STARTS_WITH "%s"`, phase, ids)
}

// Temporal is who knows how many calls there are: its client.
type Temporal interface {
	CountWorkflow(context.Context, *workflowservice.CountWorkflowExecutionsRequest) (*workflowservice.CountWorkflowExecutionsResponse, error)
}

// CountsRunning adds how many calls are in which phase now, as Temporal's list
// of runs has it when the page is read. Every worker shows the same.
func (m *Metrics) CountsRunning(temporal Temporal, log *slog.Logger) {
	m.registry.MustRegister(&running{
		temporal: temporal, log: log, shadow: m.shadow,
		description: prometheus.NewDesc("callthread_calls_running",
			"Calls whose runs are open now, by phase; those in phase parked wait for an operator. The same from every worker; none while Temporal does not answer.",
			[]string{"phase"}, nil),
	})
}

type running struct {
	temporal    Temporal
	log         *slog.Logger
	shadow      bool
	description *prometheus.Desc

	mu     sync.Mutex
	counts map[workflows.Phase]int64 // nil where Temporal has not answered
	at     time.Time
}

// Describe and Collect make it a [prometheus.Collector].
func (r *running) Describe(to chan<- *prometheus.Desc) { to <- r.description }

// Collect shows the counts.
func (r *running) Collect(to chan<- prometheus.Metric) {
	r.mu.Lock() // also while Temporal is asked: who reads the page meanwhile wants the same answer
	defer r.mu.Unlock()
	if r.at.IsZero() || time.Since(r.at) >= countsAge {
		counts, err := r.ask()
		if err != nil && (r.counts != nil || r.at.IsZero()) { // told once, not with each reading
			r.log.Warn("running calls could not be counted", "problem", err)
		}
		r.counts, r.at = counts, time.Now()
	}
	for phase, count := range r.counts {
		to <- prometheus.MustNewConstMetric(r.description, prometheus.GaugeValue, float64(count), string(phase))
	}
}

// ask counts phase by phase: Temporal groups counts by the status of runs only.
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
