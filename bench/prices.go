package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/callthread/callthread/bench/job"
)

// columns of the price list are what a guarantee adds to the figures of bare.
var columns = []figure{
	{"history.events", "events", "%+.1f"},
	{"history.bytes", "bytes", "%+.0f"},
	{"history.actions", "Actions", "%+.1f"},
	{"closed.cpu_temporal", "Temporal's CPU", "%+.0f %%"},
	{"closed.cpu_programs", "our CPU", "%+.0f %%"},
	{"closed.calls_per_s", "calls a second", "%+.0f %%"},
	{"open.ring_p50", "ring → conversation, ms", "%+.1f"},
	{"open.bridge_p50", "bridge → update, ms", "%+.1f"},
}

// prices compares each contestant with bare in the same round, because the machine may be slower in
// another round, and takes the median. CPU is in percent of the total cost of a call in bare.
func prices(rounds map[string][]figures) map[string]figures {
	of := make(map[string]figures)
	for name, theirs := range rounds {
		var differences []figures
		for i, round := range theirs {
			if name != bare && i < len(rounds[bare]) {
				differences = append(differences, beyond(rounds[bare][i], round))
			}
		}
		if len(differences) > 0 {
			of[name] = medians(differences)
		}
	}
	return of
}

// beyond returns the differences of the second figures from the first.
func beyond(first, second figures) figures {
	more := make(figures)
	for _, c := range columns {
		before, has := first[c.name]
		after, hasToo := second[c.name]
		if !has || !hasToo {
			continue
		}
		switch c.name {
		case "closed.cpu_temporal", "closed.cpu_programs":
			more[c.name] = 100 * (after - before) / first["closed.cpu"]
		case "closed.calls_per_s":
			more[c.name] = 100 * (after/before - 1)
		default:
			more[c.name] = after - before
		}
	}
	return more
}

// printPrices prints the price list.
func (r report) printPrices(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprint(table, "\nbeyond bare\t")
	for _, c := range columns {
		fmt.Fprint(table, c.title, "\t")
	}
	fmt.Fprintln(table)
	for _, c := range priced() {
		price, has := r.Prices[c.name]
		if !has {
			continue
		}
		fmt.Fprint(table, c.name, "\t")
		for _, column := range columns {
			if value, has := price[column.name]; has {
				fmt.Fprintf(table, column.format+"\t", value)
			} else {
				fmt.Fprint(table, "–\t")
			}
		}
		fmt.Fprintln(table)
	}
	fmt.Fprintln(table)
	for _, g := range job.Guarantees {
		fmt.Fprintf(table, "%s+%s\t%s\n", bare, g.Name, g.Promises)
	}
	return table.Flush()
}
