package metrics

import "github.com/prometheus/client_golang/prometheus"

// IgnoredFields adds what a receiver counts of fields that it cannot read. The
// names are all that there can be: each begins at 0, because Prometheus sees no
// increase in a counter that appears as one.
func (m *Metrics) IgnoredFields(names []string) (count func(fields []string)) {
	ignored := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "callthread_ignored_fields_total", Help: "Fields of accepted events that could not be read and were left out, by name; those that the sender has chosen are other.",
	}, []string{"field"})
	m.registry.MustRegister(ignored)
	for _, name := range names {
		ignored.WithLabelValues(name)
	}
	return func(fields []string) {
		for _, field := range fields {
			ignored.WithLabelValues(field).Inc()
		}
	}
}
