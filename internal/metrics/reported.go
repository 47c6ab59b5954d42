package metrics

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// maxAge is how long a reported value is shown. Kustomer's budget is per minute, and Prometheus
// may scrape only once a minute.
const maxAge = 2 * time.Minute

// reported is a gauge whose value comes with Kustomer's answers. An old value is not shown:
// at night, the last answer of the evening would look like a budget that is still used up.
type reported struct {
	description *prometheus.Desc

	mu    sync.Mutex
	value int
	at    time.Time
}

func newReported(name, help string) *reported {
	return &reported{description: prometheus.NewDesc(name, help, nil, nil)}
}

// set records a value. A value below zero means that Kustomer did not report one.
func (g *reported) set(value int) {
	if value < 0 {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.value, g.at = value, time.Now()
}

// Describe implements [prometheus.Collector].
func (g *reported) Describe(to chan<- *prometheus.Desc) { to <- g.description }

// Collect implements [prometheus.Collector]. It sends the value unless it is too old.
func (g *reported) Collect(to chan<- prometheus.Metric) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.at.IsZero() && time.Since(g.at) < maxAge {
		to <- prometheus.MustNewConstMetric(g.description, prometheus.GaugeValue, float64(g.value))
	}
}
