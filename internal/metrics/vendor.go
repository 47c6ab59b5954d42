package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/callthread/callthread/activities"
)

// vendor counts the comparisons of calls in shadow with the conversations that others created.
type vendor struct {
	calls       *prometheus.CounterVec
	differences *prometheus.CounterVec
}

func newVendor() *vendor {
	v := &vendor{
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "callthread_vendor_compared_calls_total", Help: "Calls in shadow that were compared with the conversations that others created, by verdict.",
		}, []string{"verdict"}),
		differences: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "callthread_vendor_differences_total", Help: "Calls in shadow whose only conversation of others differs from the call's own, by field.",
		}, []string{"field"}),
	}
	for _, verdict := range activities.Verdicts {
		v.calls.WithLabelValues(string(verdict))
	}
	for _, field := range activities.Fields {
		v.differences.WithLabelValues(string(field))
	}
	return v
}

func (v *vendor) compared(c activities.VendorComparison) {
	v.calls.WithLabelValues(string(c.Verdict)).Inc()
	for _, field := range c.Differences() {
		v.differences.WithLabelValues(string(field)).Inc()
	}
}
