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
	other = "other" // a failure of none of the known types, such as a panic
)

var (
	stepNames    = []string{"CompareWithVendor", "CreateConversation", "UpdateConversation"}
	failureTypes = []string{activities.Unavailable, activities.RateLimited, activities.Credentials, activities.Refused, activities.CallerUnknown, activities.NotStarted, activities.NotTried, activities.OtherMode, other}
)

// steps counts what the steps of calls achieve.
type steps struct {
	interceptor.WorkerInterceptorBase
	attempts *prometheus.CounterVec
	opening  prometheus.Histogram
	handOver prometheus.Histogram
	calls    *prometheus.CounterVec
	nobodys  prometheus.Counter
	ignored  prometheus.Counter
	warnings *prometheus.CounterVec
}

// Steps adds what a program with a worker in it has to tell, and watches the
// worker's steps from outside for it: what they were asked and what they answer
// says all there is to count. The budget is the requests a minute that all
// workers together may make.
//
// A step that has ended is counted before Temporal has heard of it. Should the
// worker die in between, which takes milliseconds, another one carries the step
// out again and counts it again. Workflows count nothing, because they are replayed.
func (m *Metrics) Steps(budget int) interceptor.WorkerInterceptor {
	// From ten milliseconds to a minute and a half: the conversation of a ringing phone, and the same after an outage.
	latency := prometheus.ExponentialBuckets(0.01, 2, 14)
	s := &steps{
		attempts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "callthread_step_attempts_total", Help: "Attempts at the steps of calls, by step and result: done, or the type of the failure.",
		}, []string{"step", "result"}),
		opening: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "callthread_ring_to_conversation_seconds", Help: "From when a call was first heard of until its conversation existed.", Buckets: latency,
		}),
		handOver: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "callthread_bridge_to_update_seconds", Help: "From when it was heard that an agent picked up, and the conversation existed, until it was assigned, tagged and had its note.", Buckets: latency,
		}),
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "callthread_calls_total", Help: "Calls that are over, by outcome and direction, counted once each: when the outcome is first written. Twice only where a worker dies in that very moment.",
		}, []string{"outcome", "direction"}),
		nobodys: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "callthread_calls_unassigned_total", Help: "Calls that were answered by an agent whom Kustomer does not know: their conversations are assigned to nobody.",
		}),
		ignored: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "callthread_calls_ignored_total", Help: "Calls that have no conversation because the automations file's \"ignore\" names their number.",
		}),
		warnings: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "callthread_warnings_total", Help: "What was not written as the automations file says, by step: parts that Kustomer refused, and what people had chosen otherwise.",
		}, []string{"step"}),
	}
	share := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "callthread_kustomer_budget", Help: "Requests a minute that all workers together may make, as set by --kustomer-budget.",
	})
	share.Set(float64(budget))
	m.registry.MustRegister(s.attempts, s.opening, s.handOver, s.calls, s.nobodys, s.ignored, s.warnings, share)
	s.beginAtZero()
	return s
}

// beginAtZero shows what has not happened yet: Prometheus sees no increase in
// a counter that appears as one.
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

// ended counts a step that has done what it was asked, for a call that was
// first heard of then. A run that was reset does not say when: its call was counted before.
func (s *steps) ended(name string, asked, answer any, heard time.Time) {
	if heard.IsZero() {
		return
	}
	in, ok := asked.(activities.StepInput)
	result, okay := answer.(activities.StepResult)
	if !ok || !okay {
		return
	}
	s.warnings.WithLabelValues(name).Add(float64(len(result.Warnings)))
	for _, cause := range in.Causes {
		s.did(cause, in, result, heard)
	}
	for _, agent := range result.Agents {
		if agent.Unassigned {
			s.nobodys.Inc()
		}
	}
}

// did counts what a step achieved.
func (s *steps) did(cause call.Cause, in activities.StepInput, result activities.StepResult, heard time.Time) {
	switch {
	case cause == call.Rang && result.Ignored:
		s.ignored.Inc()
	case cause == call.Rang && result.Conversation.ID != "":
		// With all that came in between: no worker, Kustomer out of order, an operator's decision.
		s.opening.Observe(seconds(heard, result.At))
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

// seconds between two times, not negative where two clocks disagree.
func seconds(from, until time.Time) float64 { return max(until.Sub(from), 0).Seconds() }

// resultOf is what has become of an attempt.
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
