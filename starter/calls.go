package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/urfave/cli/v2"

	"github.com/callthread/callthread/internal/app"
	"github.com/callthread/callthread/internal/operator"
)

// callsCommand lists calls.
func callsCommand(out, logs io.Writer) *cli.Command {
	var server app.Temporal
	var limit int
	var asJSON bool
	return &cli.Command{
		Name:  "calls",
		Usage: "list calls, newest first; a call must match every filter",
		Description: "If there are more than --limit, it lists the calls under way and then the last ended.\n\n" +
			app.TemporalHelp,
		Flags: slices.Concat(filterFlags(), []cli.Flag{
			&cli.IntFlag{Name: "limit", Usage: "maximum number of calls to list", Value: 50, Destination: &limit},
			jsonFlag(&asJSON),
		}, server.Encryption.Flags()),
		Action: func(c *cli.Context) error {
			if err := app.NoArguments(c); err != nil {
				return err
			}
			if limit <= 0 {
				return errors.New("--limit must be above 0")
			}
			query, err := filterQuery(c, time.Now())
			if err != nil {
				return err
			}
			o, err := connect(&server, logs)
			if err != nil {
				return err
			}
			defer o.Temporal.Close()
			calls, total, none, err := o.Search(c.Context, query, limit)
			switch {
			case err != nil:
				return o.Unreached(err)
			case asJSON:
				return operator.PrintJSON(out, calls)
			case len(calls) == 0:
				_, err := fmt.Fprintln(out, none)
				return err
			}
			return operator.PrintCalls(out, calls, total)
		},
	}
}

// filterFlags are the flags that filter the list.
func filterFlags() (flags []cli.Flag) {
	for _, f := range operator.Filters {
		flags = append(flags, &cli.StringFlag{Name: f.Name, Usage: f.Usage + strings.Join(f.Words, ", ")})
	}
	return append(flags,
		&cli.StringFlag{Name: "since", Usage: "calls that began after this `TIME`, in UTC by default: 2h, 1d or 1w (ago), 2026-11-23, 2026-11-23T09:00:00Z"},
		&cli.BoolFlag{Name: "running", Usage: "calls under way, including parked ones"},
		&cli.BoolFlag{Name: "shadow", Usage: "calls in shadow, instead of live ones"},
		&cli.BoolFlag{Name: "ignored", Usage: "calls without a conversation, because \"ignore\" in the automations file matched their number"},
	)
}

// filterQuery builds the query from the flags.
func filterQuery(c *cli.Context, now time.Time) (query operator.Query, err error) {
	for _, f := range operator.Filters {
		if !c.IsSet(f.Name) {
			continue
		}
		if err := query.Only(f, c.String(f.Name)); err != nil {
			return query, err
		}
	}
	if c.IsSet("since") {
		since, err := parseTime("since", c.String("since"), now, time.UTC)
		if err != nil {
			return query, err
		}
		query.Since(since)
	}
	if c.Bool("running") || c.IsSet("waits-for") { // an ended run keeps its WaitsFor attribute
		query.Running()
	}
	query.Shadow = c.Bool("shadow")
	if c.Bool("ignored") {
		query.Ignored()
	}
	return query, nil
}

// parseTime parses the value of a flag: a duration before now, a date in the zone, or a time.
func parseTime(flag, text string, now time.Time, zone *time.Location) (time.Time, error) {
	if ago, err := time.ParseDuration(text); err == nil && ago > 0 {
		return now.Add(-ago), nil
	}
	if ago, err := model.ParseDuration(text); err == nil && ago > 0 { // this parser accepts days and weeks
		return now.Add(-time.Duration(ago)), nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if at, err := time.ParseInLocation(layout, text, zone); err == nil {
			return at, nil
		}
	}
	return time.Time{}, fmt.Errorf("--%s %q is neither how long ago (2h, 1d, 1w), nor a date (2026-11-23), nor a time (2026-11-23T09:00:00Z)", flag, text)
}
