package metrics

import (
	"maps"
	"slices"
	"strings"
	"sync"

	"go.temporal.io/sdk/client"
)

// remembered caches the handlers for tags and the metrics for names, of which there are few.
// The SDK requests them with every task and every request, and creating one costs more in
// OpenTelemetry than counting does.
type remembered struct {
	client.MetricsHandler
	tagged, counters, gauges, timers sync.Map
}

func (r *remembered) WithTags(tags map[string]string) client.MetricsHandler {
	return remember(&r.tagged, keyOf(tags), func() client.MetricsHandler {
		return &remembered{MetricsHandler: r.MetricsHandler.WithTags(tags)}
	})
}

func (r *remembered) Counter(name string) client.MetricsCounter {
	return remember(&r.counters, name, func() client.MetricsCounter { return r.MetricsHandler.Counter(name) })
}

func (r *remembered) Gauge(name string) client.MetricsGauge {
	return remember(&r.gauges, name, func() client.MetricsGauge { return r.MetricsHandler.Gauge(name) })
}

func (r *remembered) Timer(name string) client.MetricsTimer {
	return remember(&r.timers, name, func() client.MetricsTimer { return r.MetricsHandler.Timer(name) })
}

func remember[T any](known *sync.Map, key string, made func() T) T {
	found, ok := known.Load(key)
	if !ok {
		found, _ = known.LoadOrStore(key, made())
	}
	return found.(T)
}

// keyOf returns the same key for the same tags.
func keyOf(tags map[string]string) string {
	var key strings.Builder
	for _, name := range slices.Sorted(maps.Keys(tags)) {
		for _, part := range []string{name, "\x00", tags[name], "\x00"} {
			key.WriteString(part)
		}
	}
	return key.String()
}
