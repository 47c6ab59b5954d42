package main

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/urfave/cli/v2"
	"go.temporal.io/sdk/temporal"

	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/workflows"
)

// filter chooses calls by one of their search attributes.
type filter struct {
	flag, usage string
	attribute   temporal.SearchAttributeKeyKeyword
	words       []string // that it can be; nil is any
}

var filters = []filter{
	{"phase", "calls in this `PHASE`: ", workflows.CallPhase, asWords(workflows.Phases)},
	{"waits-for", "calls that wait for this: ", workflows.WaitsFor, asWords(call.ListedWaits())},
	{"outcome", "calls with this `OUTCOME`: ", workflows.CallOutcome, asWords(call.Outcomes())},
	{"direction", "calls that came in, or were placed: ", workflows.CallDirection, []string{call.In, call.Out}},
	{"agent", "calls whose last agent has this babelforce `ID`", workflows.AgentID, nil},
	{"queue", "calls through the queue of this `NAME`", workflows.QueueName, nil},
}

func asWords[T ~string](values []T) (words []string) {
	for _, value := range values {
		words = append(words, string(value))
	}
	return words
}

// filterFlags choose the calls to list.
func filterFlags() (flags []cli.Flag) {
	for _, f := range filters {
		flags = append(flags, &cli.StringFlag{Name: f.flag, Usage: f.usage + strings.Join(f.words, ", ")})
	}
	return append(flags,
		&cli.StringFlag{Name: "since", Usage: "calls that began after a `TIME`, in UTC if it does not say: 2h (ago), 2026-11-23, 2026-11-23T09:00:00Z"},
		&cli.BoolFlag{Name: "running", Usage: "calls under way, parked ones among them"},
	)
}

// ourCalls finds all calls, and nothing else that may be in the namespace.
var ourCalls = is("WorkflowType", "CallWorkflow")

// filterQuery is what the flags choose, as Temporal's list of runs is asked for it.
func filterQuery(c *cli.Context, now time.Time) (string, error) {
	terms := []string{ourCalls}
	for _, f := range filters {
		if !c.IsSet(f.flag) {
			continue
		}
		value := c.String(f.flag)
		if f.words != nil && !slices.Contains(f.words, value) {
			return "", fmt.Errorf("--%s: there is no %s %q, only %s", f.flag, f.flag, value, strings.Join(f.words, ", "))
		}
		if strings.ContainsFunc(value, unfindable) {
			return "", fmt.Errorf("--%s: Temporal cannot look for %q, because of its double quotation marks, backslashes or control characters", f.flag, value)
		}
		terms = append(terms, is(f.attribute.GetName(), value))
	}
	if c.IsSet("since") {
		since, err := parseSince(c.String("since"), now)
		if err != nil {
			return "", err
		}
		terms = append(terms, "StartTime >= "+quoted(since.UTC().Format(time.RFC3339Nano)))
	}
	if c.Bool("running") || c.IsSet("waits-for") { // a run that was ended keeps what it waited for
		terms = append(terms, is("ExecutionStatus", "Running"))
	}
	return strings.Join(terms, " AND "), nil
}

func is(attribute, value string) string { return attribute + " = " + quoted(value) }

// quoted is how text is written in a query, where it can then mean nothing else, unless it is unfindable.
func quoted(value string) string { return "'" + strings.ReplaceAll(value, "'", "''") + "'" }

// unfindable are characters that Temporal escapes once too often for its SQL databases: nothing would be found.
func unfindable(r rune) bool { return r == '"' || r == '\\' || unicode.IsControl(r) }

// parseSince reads a time, or how long ago it was.
func parseSince(text string, now time.Time) (time.Time, error) {
	if ago, err := time.ParseDuration(text); err == nil && ago > 0 {
		return now.Add(-ago), nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if at, err := time.Parse(layout, text); err == nil {
			return at, nil
		}
	}
	return time.Time{}, fmt.Errorf("--since %q is neither how long ago (2h), nor a date (2026-11-23), nor a time (2026-11-23T09:00:00Z)", text)
}
