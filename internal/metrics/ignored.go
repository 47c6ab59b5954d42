package metrics

import "github.com/prometheus/client_golang/prometheus"

// IgnoredFields registers the receiver's counter of unreadable fields, and returns the
// function that counts them. The counter of each name starts at 0, because Prometheus sees no
// increase in a counter whose first value is 1. The argument lists all possible names.
func (m *Metrics) IgnoredFields(names []string) (count func(fields []string)) {
	ignored := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "callthread_ignored_fields_total", Help: "Fields of accepted events that could not be read and were left out, by name; names that the sender chose count as other.",
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
