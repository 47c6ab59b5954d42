package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/automation/load"
	"github.com/callthread/callthread/internal/against"
	"github.com/callthread/callthread/internal/app"
	"github.com/callthread/callthread/internal/operator"
)

// realCalls are the flags of `check --calls`, which compares a new automations file with the file
// that served the calls in Temporal.
type realCalls struct {
	server app.Temporal
	old    string // path of the file that served the calls
	wanted bool
	since  string
	reveal bool
	logs   io.Writer
}

func (r *realCalls) flags() []cli.Flag {
	return append([]cli.Flag{
		&cli.BoolFlag{Name: "calls", Usage: "show what the file changes about the real calls in Temporal; needs --against, and sends no request to Kustomer", Destination: &r.wanted},
		&cli.StringFlag{Name: "against", Usage: "the `FILE` with which these calls were served", Destination: &r.old},
		&cli.StringFlag{Name: "since", Usage: "with --calls, only calls that began after this `TIME`, in UTC by default: 2h, 1d or 1w (ago), 2026-11-23, 2026-11-23T09:00:00Z", Value: "24h", Destination: &r.since},
		&cli.BoolFlag{Name: "reveal", Usage: "with --calls, show the values of each call, including names and numbers", Destination: &r.reveal},
	}, r.server.Encryption.Flags()...)
}

// check returns an error for flags that need another flag.
func (r *realCalls) check(c *cli.Context) error {
	switch {
	case r.wanted && r.old == "":
		return errors.New("--calls needs --against: the file that the calls were served with")
	case r.wanted:
		return nil
	}
	for _, name := range []string{"against", "since", "reveal"} {
		if c.IsSet(name) {
			return fmt.Errorf("--%s has no effect without --calls", name)
		}
	}
	return nil
}

// compare compares the two files on the calls.
func (r *realCalls) compare(c *cli.Context, file *automation.Set, country string) (*against.Report, error) {
	since, err := parseTime("since", r.since, time.Now(), time.UTC)
	if err != nil {
		return nil, err
	}
	content, err := os.ReadFile(r.old)
	if err != nil {
		return nil, fmt.Errorf("--against: %w", err)
	}
	old, _, err := load.Bytes(r.old, content)
	if err != nil {
		return nil, fmt.Errorf("--against: this file is invalid, so no call was served with it: %w", err)
	}
	o, err := connect(&r.server, r.logs)
	if err != nil {
		return nil, err
	}
	defer o.Temporal.Close()
	var query operator.Query
	query.Since(since)
	pasts, err := o.Pasts(c.Context, query)
	if err != nil {
		return nil, o.Unreached(err)
	}
	files := against.Files{Old: old.In(country), New: file.In(country), Country: country}
	return files.Compare(pasts, r.reveal), nil
}

// nothingCompared returns an error if no call was compared, because an empty report would look as
// if nothing had changed.
func (r *realCalls) nothingCompared(report *against.Report) error {
	if report.Compared > 0 {
		return nil
	}
	if len(report.Others) == 0 {
		return fmt.Errorf("no call since %s could be compared: see above", r.since)
	}
	versions := slices.Sorted(maps.Keys(report.Others))
	return fmt.Errorf("no call since %s was opened with %s: give --against the file as it was then, version %s", r.since, r.old, strings.Join(versions, " or "))
}
