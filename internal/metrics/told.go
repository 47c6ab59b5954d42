package metrics

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// news is how long what Kustomer has said of its budget counts: it is of a
// minute, and Prometheus may come by once in one.
const news = 2 * time.Minute

// told is a gauge that Kustomer tells with its answers. It is shown only while
// that is news: at night the last answer of the evening would read as a budget
// that has been used up since.
type told struct {
	description *prometheus.Desc

	mu    sync.Mutex
	value int
	at    time.Time
}

func newTold(name, help string) *told {
	return &told{description: prometheus.NewDesc(name, help, nil, nil)}
}

// say takes note of a value; below zero it was not told.
func (g *told) say(value int) {
	if value < 0 {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.value, g.at = value, time.Now()
}

// Describe and Collect make it a [prometheus.Collector].
func (g *told) Describe(to chan<- *prometheus.Desc) { to <- g.description }

// Collect shows the value, if there is any.
func (g *told) Collect(to chan<- prometheus.Metric) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.at.IsZero() && time.Since(g.at) < news {
		to <- prometheus.MustNewConstMetric(g.description, prometheus.GaugeValue, float64(g.value))
	}
}
