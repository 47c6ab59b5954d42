package against

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// maxListed limits the calls of a group that are listed, unless values are revealed.
const maxListed = 5

// Print prints the report as text.
func (r *Report) Print(out io.Writer) {
	fmt.Fprintf(out, "\n%s compared, %d of them without a difference.\n", calls(r.Compared), r.Same)
	for _, g := range r.Groups {
		fmt.Fprintf(out, "%s: %s\n", calls(len(g.Calls)), g.What)
		g.print(out)
	}
	for _, version := range slices.Sorted(maps.Keys(r.Others)) {
		fmt.Fprintf(out, "not compared: %s, opened with another file (version %s)\n", calls(r.Others[version]), version)
	}
	for _, why := range slices.Sorted(maps.Keys(r.Unread)) {
		fmt.Fprintf(out, "not compared: %s, which cannot be read: %s\n", calls(r.Unread[why]), why)
	}
	if r.UnderWay > 0 {
		fmt.Fprintf(out, "not compared: %s, not over yet\n", calls(r.UnderWay))
	}
	if r.Unopened > 0 {
		fmt.Fprintf(out, "not compared: %s, for which no step has opened a conversation or decided against it\n", calls(r.Unopened))
	}
	if r.WithoutCountry > 0 {
		fmt.Fprintf(out, "needs --country: %s, whose customer's number has no country code. A worker without a country looks up no customer for it\n", calls(r.WithoutCountry))
	}
	for _, what := range r.NeedsKustomer {
		fmt.Fprintf(out, "needs Kustomer: %s\n", what)
	}
}

// print lists the calls of a group, with their values if they are revealed.
func (g Group) print(out io.Writer) {
	isRevealed := slices.ContainsFunc(g.Calls, func(c Concerned) bool { return c.Was != "" || c.Is != "" })
	if isRevealed {
		for _, c := range g.Calls {
			fmt.Fprintf(out, "  %s: %q instead of %q\n", c.CallID, c.Is, c.Was)
		}
		return
	}
	var ids []string
	for _, c := range g.Calls[:min(len(g.Calls), maxListed)] {
		ids = append(ids, fmt.Sprintf("%q", c.CallID))
	}
	if more := len(g.Calls) - len(ids); more > 0 {
		ids = append(ids, fmt.Sprintf("and %d more", more))
	}
	fmt.Fprintf(out, "  %s\n", strings.Join(ids, ", "))
}

func calls(n int) string {
	if n == 1 {
		return "1 call"
	}
	return fmt.Sprintf("%d calls", n)
}
