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

// callsCommand lists calls of any kind.
func callsCommand(out, logs io.Writer) *cli.Command {
	var server app.Temporal
	var limit int
	var asJSON bool
	return &cli.Command{
		Name:  "calls",
		Usage: "list calls, newest first; with several filters, those that fit all of them",
		Description: "Where there are more than --limit, it lists those under way, and then those that ended last.\n\n" +
			app.TemporalHelp,
		Flags: slices.Concat(filterFlags(), []cli.Flag{
			&cli.IntFlag{Name: "limit", Usage: "list at most so many", Value: 50, Destination: &limit},
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

// filterFlags choose the calls to list.
func filterFlags() (flags []cli.Flag) {
	for _, f := range operator.Filters {
		flags = append(flags, &cli.StringFlag{Name: f.Name, Usage: f.Usage + strings.Join(f.Words, ", ")})
	}
	return append(flags,
		&cli.StringFlag{Name: "since", Usage: "calls that began after a `TIME`, in UTC if it does not say: 2h, 1d or 1w (ago), 2026-11-23, 2026-11-23T09:00:00Z"},
		&cli.BoolFlag{Name: "running", Usage: "calls under way, parked ones among them"},
		&cli.BoolFlag{Name: "shadow", Usage: "calls in shadow, instead of live ones"},
		&cli.BoolFlag{Name: "ignored", Usage: "calls without a conversation, because \"ignore\" in the automations file names their number"},
	)
}

// filterQuery is the question that the flags ask.
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
	if c.Bool("running") || c.IsSet("waits-for") { // a run that was ended keeps what it waited for
		query.Running()
	}
	query.Shadow = c.Bool("shadow")
	if c.Bool("ignored") {
		query.Ignored()
	}
	return query, nil
}

// parseTime reads the time of a flag, or how long ago it was. A date is one of the zone.
func parseTime(flag, text string, now time.Time, zone *time.Location) (time.Time, error) {
	if ago, err := time.ParseDuration(text); err == nil && ago > 0 {
		return now.Add(-ago), nil
	}
	if ago, err := model.ParseDuration(text); err == nil && ago > 0 { // which knows days and weeks
		return now.Add(-time.Duration(ago)), nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if at, err := time.ParseInLocation(layout, text, zone); err == nil {
			return at, nil
		}
	}
	return time.Time{}, fmt.Errorf("--%s %q is neither how long ago (2h, 1d, 1w), nor a date (2026-11-23), nor a time (2026-11-23T09:00:00Z)", flag, text)
}
