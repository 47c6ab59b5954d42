package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/callthread/callthread/reconcile"
)

// reconciled counts the results of comparisons with babelforce's log.
type reconciled struct {
	calls    *prometheus.CounterVec
	repaired prometheus.Counter
	held     prometheus.Counter
	until    prometheus.Gauge
}

// newReconciled starts every result at 0, so that the first missed call is an increase.
func newReconciled() *reconciled {
	r := &reconciled{
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "callthread_reconciled_calls_total", Help: "Calls of babelforce's log that were compared with those received, by result.",
		}, []string{"result"}),
		repaired: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "callthread_repaired_calls_total", Help: "Calls whose workflows received missing data from babelforce's log.",
		}),
		held: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "callthread_repairs_held_total", Help: "Calls that wait for an operator to repair them: too many at once, or a repair failed.",
		}),
		until: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "callthread_reconciled_until_seconds", Help: "UNIX time until which babelforce's log was compared without a gap; 0 before the first comparison.",
		}),
	}
	for _, result := range reconcile.Results {
		if result != reconcile.NotYet {
			r.calls.WithLabelValues(string(result))
		}
	}
	return r
}

// Compared counts one comparison. A call that is not over is counted by a later comparison.
func (m *Metrics) Compared(c reconcile.Comparison) {
	for result, n := range c.Counts {
		if result != reconcile.NotYet {
			m.reconciled.calls.WithLabelValues(string(result)).Add(float64(n))
		}
	}
	if c.IsComplete() && !c.To.IsZero() {
		m.reconciled.until.Set(float64(c.To.Unix()))
	}
}

// Held counts calls that wait for an operator to repair them.
func (m *Metrics) Held(calls int) { m.reconciled.held.Add(float64(calls)) }

// Repaired counts calls that were repaired without an operator.
func (m *Metrics) Repaired(calls int) { m.reconciled.repaired.Add(float64(calls)) }
