package metrics

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/callthread/callthread/babelforce"
)

// unknownEvent is the label of webhooks whose path names no known event.
const unknownEvent = "unknown"

// statuses are all HTTP statuses with which a receiver answers webhooks.
var statuses = []int{
	http.StatusOK, http.StatusAccepted, http.StatusBadRequest, http.StatusUnauthorized, http.StatusNotFound, http.StatusMethodNotAllowed,
	http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusTooManyRequests, http.StatusServiceUnavailable,
}

// Webhooks registers the receiver's metrics, and returns the function that counts one
// webhook: its event, the HTTP status of the answer, whether it was accepted without effect,
// and the time until the answer.
func (m *Metrics) Webhooks() func(event string, status int, withoutEffect bool, took time.Duration) {
	answered := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "callthread_webhooks_total", Help: "Webhooks received, by event and HTTP status answered.",
	}, []string{"event", "status"})
	duration := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "callthread_webhook_seconds", Help: "How long the answers to webhooks took, by event.",
		Buckets: prometheus.ExponentialBuckets(0.002, 2, 12),
	}, []string{"event"})
	without := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "callthread_events_without_effect_total", Help: "Events accepted for calls that were already over, or for outbound calls that the automations do not handle.",
	}, []string{"event"})
	m.registry.MustRegister(answered, duration, without)
	// Prometheus sees no increase in a counter whose first value is 1.
	for _, event := range append(babelforce.EventNames(), unknownEvent) {
		without.WithLabelValues(string(event))
		duration.WithLabelValues(string(event))
		for _, status := range statuses {
			answered.WithLabelValues(string(event), strconv.Itoa(status))
		}
	}
	return func(event string, status int, withoutEffect bool, took time.Duration) {
		answered.WithLabelValues(event, strconv.Itoa(status)).Inc()
		duration.WithLabelValues(event).Observe(took.Seconds())
		if withoutEffect {
			without.WithLabelValues(event).Inc()
		}
	}
}
