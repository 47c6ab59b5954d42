package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// figures are measured values by name.
type figures map[string]float64

// figure describes how a value is shown; docs/performance.md defines it.
type figure struct{ name, title, format string }

var shown = []figure{
	{"closed.calls_per_s", "calls a second, %d at once", "%.1f"},
	{"closed.cpu", "CPU seconds per 1,000 calls", "%.1f"},
	{"closed.cpu_temporal", "… of the Temporal server", "%.1f"},
	{"closed.cpu_programs", "… of our programs", "%.1f"},
	{"closed.others", "others on the machine, % of its CPU", "%.0f"},
	{"open.ack_p50", "webhook acknowledged, p50, ms", "%.1f"},
	{"open.ack_p99", "… p99, ms", "%.1f"},
	{"open.ring_p50", "ring → conversation, p50, ms", "%.1f"},
	{"open.ring_p99", "… p99, ms", "%.1f"},
	{"open.bridge_p50", "bridge → update, p50, ms", "%.1f"},
	{"open.bridge_p99", "… p99, ms", "%.1f"},
	{"history.events", "events per call", "%.1f"},
	{"history.bytes", "… bytes", "%.0f"},
	{"history.workflow_tasks", "… workflow tasks", "%.1f"},
	{"history.actions", "… Actions of Temporal Cloud", "%.1f"},
	{"requests.known", "Kustomer requests, known caller", "%.1f"},
	{"requests.new", "… new caller", "%.1f"},
	{"requests.afterwards", "… the end adds", "%.1f"},
	{"waiting.worker_mib", "worker's memory with all waiting, MiB", "%.0f"},
	{"waiting.kib_per_call", "… per waiting call, KiB", "%.1f"},
	{"waiting.temporal_mib", "Temporal's, MiB", "%.0f"},
	{"takeover.first_s", "kill -9 → first update, s", "%.1f"},
	{"takeover.p50_s", "… half of them, s", "%.1f"},
	{"takeover.all_s", "… all of them, s", "%.1f"},
}

// mark is a target for the product.
type mark struct {
	Name   string  `json:"name"`
	Got    float64 `json:"got"`
	Wanted string  `json:"wanted"`
	Met    bool    `json:"met"`
}

// marks compares medians with the targets. A target without a measurement is left out.
func marks(of map[string]figures, with settings) (all []mark) {
	one, tutorial, tight := of[withWorker], of[baseline], of[bare]
	add := func(name string, got float64, isMeasured, atMost bool, limit float64) {
		switch {
		case isMeasured && atMost:
			all = append(all, mark{name, got, fmt.Sprintf("≤ %g", limit), got <= limit})
		case isMeasured:
			all = append(all, mark{name, got, fmt.Sprintf("≥ %g", limit), got >= limit})
		}
	}
	ratio := func(title, whose string, other figures, name string, atMost bool, limit float64) {
		add(title+", of "+whose, one[name]/other[name], one[name] > 0 && other[name] > 0, atMost, limit)
	}
	ratio("ring → conversation p50", "the baseline's", tutorial, "open.ring_p50", true, 0.7)
	ratio("ring → conversation p99", "the baseline's", tutorial, "open.ring_p99", true, 0.7)
	ratio("bridge → update p50", "the baseline's", tutorial, "open.bridge_p50", true, 0.9)
	ratio("CPU per call", "the baseline's", tutorial, "closed.cpu", true, 0.65)
	ratio("calls a second", "the baseline's", tutorial, "closed.calls_per_s", false, 1.6)
	ratio("ring → conversation p50", "bare's", tight, "open.ring_p50", true, 1.1)
	ratio("CPU per call", "bare's", tight, "closed.cpu", true, 1.05)
	ratio("calls a second", "bare's", tight, "closed.calls_per_s", false, 0.95)
	add("Kustomer requests, known caller", one["requests.known"], one["requests.known"] > 0, true, 4)
	add("Kustomer requests, new caller", one["requests.new"], one["requests.new"] > 0, true, 5)
	add("Kustomer requests that the end adds", of[full]["requests.afterwards"], of[full]["requests.known"] > 0, true, 2)
	waited := max(one["waiting.worker_mib"], of[apart]["waiting.worker_mib"])
	add("worker's memory with 20,000 waiting, MiB", waited, with.waiting == 20_000 && waited > 0, true, 350)
	return all
}

// medians returns each figure's median over the rounds.
func medians(rounds []figures) figures {
	all := make(map[string][]float64)
	for _, round := range rounds {
		for name, value := range round {
			all[name] = append(all[name], value)
		}
	}
	median := make(figures)
	for name, values := range all {
		slices.Sort(values)
		median[name] = (values[(len(values)-1)/2] + values[len(values)/2]) / 2
	}
	return median
}

// percentile returns the value that this part of the durations does not exceed: 0 is the minimum, 1
// the maximum.
func percentile(of []time.Duration, part float64) time.Duration {
	sorted := slices.Sorted(slices.Values(of))
	return sorted[int(part*float64(len(sorted)-1)+0.5)]
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func mean(of []float64) float64 {
	var sum float64
	for _, value := range of {
		sum += value
	}
	return sum / max(float64(len(of)), 1)
}

// print prints the table.
func (r report) print(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	var names []string
	for _, c := range contestants {
		if r.Medians[c.name] != nil {
			names = append(names, c.name)
		}
	}
	fmt.Fprintf(table, "\t%s\t\n", strings.Join(names, "\t"))
	for _, f := range shown {
		if !slices.ContainsFunc(slices.Collect(maps.Values(r.Medians)), func(of figures) bool { _, has := of[f.name]; return has }) {
			continue
		}
		title := f.title
		if strings.Contains(title, "%d") {
			title = fmt.Sprintf(title, r.Settings.Closed)
		}
		fmt.Fprintf(table, "%s\t", title)
		for _, name := range names {
			if value, has := r.Medians[name][f.name]; has {
				fmt.Fprintf(table, f.format+"\t", value)
			} else {
				fmt.Fprint(table, "–\t")
			}
		}
		fmt.Fprintln(table)
	}
	if len(r.Marks) > 0 {
		fmt.Fprintf(table, "\t\t\t\nmark\tgot\twanted\t\n")
	}
	for _, m := range r.Marks {
		fmt.Fprintf(table, "%s\t%.2f\t%s\t%s\t\n", m.Name, m.Got, m.Wanted, map[bool]string{true: "met", false: "missed"}[m.Met])
	}
	return table.Flush()
}
