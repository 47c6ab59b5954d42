package metrics

import (
	"errors"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"

	"github.com/callthread/callthread/activities"
	"github.com/callthread/callthread/call"
)

// The values of labels.
const (
	done  = "done"
	other = "other" // a failure of an unknown type, such as a panic
)

var (
	stepNames    = []string{"CompareWithVendor", "CreateConversation", "UpdateConversation"}
	failureTypes = []string{activities.Unavailable, activities.RateLimited, activities.Credentials, activities.Refused, activities.CallerUnknown, activities.NotStarted, activities.NotTried, activities.OtherMode, other}
)

// steps counts the results of the steps of calls.
type steps struct {
	interceptor.WorkerInterceptorBase
	attempts   *prometheus.CounterVec
	opening    prometheus.Histogram
	handOver   prometheus.Histogram
	calls      *prometheus.CounterVec
	unassigned prometheus.Counter
	ignored    prometheus.Counter
	warnings   *prometheus.CounterVec
	vendor     *vendor
}

// Steps registers the metrics of a worker's steps, and returns the interceptor that counts
// them. The input and the result of a step contain everything that is counted. The budget is
// the number of requests per minute that all workers together may make.
//
// A step is counted before its result reaches Temporal. If the worker dies in the few
// milliseconds between, another worker repeats the step and counts it again. Workflows count
// nothing, because they are replayed.
func (m *Metrics) Steps(budget int) interceptor.WorkerInterceptor {
	// From 10 ms, for a conversation of a ringing call, to 80 s, for the same after an outage.
	latency := prometheus.ExponentialBuckets(0.01, 2, 14)
	s := &steps{
		vendor: newVendor(),
		attempts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "callthread_step_attempts_total", Help: "Attempts at the steps of calls, by step and result: done, or the type of the failure.",
		}, []string{"step", "result"}),
		opening: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "callthread_ring_to_conversation_seconds", Help: "From the receipt of a call's first webhook until its conversation existed.", Buckets: latency,
		}),
		handOver: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "callthread_bridge_to_update_seconds", Help: "From the report that an agent picked up, once the conversation existed, until it was assigned, tagged and had its note.", Buckets: latency,
		}),
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "callthread_calls_total", Help: "Calls that are over, by outcome and direction. A call is counted when its outcome is first written, and twice only if a worker dies at that moment.",
		}, []string{"outcome", "direction"}),
		unassigned: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "callthread_calls_unassigned_total", Help: "Calls that were answered by an agent who is not in Kustomer, so that their conversations are unassigned.",
		}),
		ignored: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "callthread_calls_ignored_total", Help: "Calls that have no conversation because the automations file's \"ignore\" names their number.",
		}),
		warnings: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "callthread_warnings_total", Help: "Values of the automations file that were not written, by step: Kustomer refused them, or an agent had set others.",
		}, []string{"step"}),
	}
	share := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "callthread_kustomer_budget", Help: "Requests a minute that all workers together may make, as set by --kustomer-budget.",
	})
	share.Set(float64(budget))
	m.registry.MustRegister(s.attempts, s.opening, s.handOver, s.calls, s.unassigned, s.ignored, s.warnings, s.vendor.calls, s.vendor.differences, share)
	s.beginAtZero()
	return s
}

// beginAtZero creates the counters with 0: Prometheus sees no increase in a counter whose
// first value is 1.
func (s *steps) beginAtZero() {
	for _, outcome := range call.Outcomes() {
		s.calls.WithLabelValues(string(outcome), call.In)
		s.calls.WithLabelValues(string(outcome), call.Out)
	}
	for _, step := range stepNames {
		s.warnings.WithLabelValues(step)
		s.attempts.WithLabelValues(step, done)
		for _, failure := range failureTypes {
			s.attempts.WithLabelValues(step, failure)
		}
	}
}

// ended counts a step that has succeeded. The first webhook of its call was received at the
// given time, which is zero for a workflow that was reset: its call was counted before.
func (s *steps) ended(name string, asked, answer any, received time.Time) {
	if received.IsZero() {
		return
	}
	if comparison, ok := answer.(activities.VendorComparison); ok {
		s.vendor.compared(comparison)
		return
	}
	in, ok := asked.(activities.StepInput)
	result, okay := answer.(activities.StepResult)
	if !ok || !okay {
		return
	}
	s.warnings.WithLabelValues(name).Add(float64(len(result.Warnings)))
	for _, cause := range in.Causes {
		s.did(cause, in, result, received)
	}
	for _, agent := range result.Agents {
		if agent.Unassigned {
			s.unassigned.Inc()
		}
	}
}

// did counts the results of a step.
func (s *steps) did(cause call.Cause, in activities.StepInput, result activities.StepResult, received time.Time) {
	switch {
	case cause == call.Rang && result.Ignored:
		s.ignored.Inc()
	case cause == call.Rang && result.Conversation.ID != "":
		// The time includes every delay: no worker, an outage of Kustomer, the decision of an
		// operator.
		s.opening.Observe(seconds(received, result.At))
	case cause == call.PickedUp && !result.Conversation.Deleted:
		for _, p := range in.NewPickUps() {
			if !p.Inferred {
				s.handOver.Observe(seconds(latest(p.ReceivedAt, in.Conversation.OpenedAt), result.At))
			}
		}
	case cause == call.Ended && in.Was.Closing == nil:
		closed := in.Is.Closing.Facts
		s.calls.WithLabelValues(string(closed.Outcome), closed.Direction()).Inc()
	}
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// seconds returns the time between two clocks, and 0 if they disagree on the order.
func seconds(from, until time.Time) float64 { return max(until.Sub(from), 0).Seconds() }

// resultOf is the label of an attempt's result.
func resultOf(err error) string {
	if err == nil {
		return done
	}
	var failed *temporal.ApplicationError
	if errors.As(err, &failed) && slices.Contains(failureTypes, failed.Type()) {
		return failed.Type()
	}
	return other
}
