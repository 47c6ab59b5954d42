package main

import (
	"io"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/callthread/callthread/internal/app"
	"github.com/callthread/callthread/internal/operator"
	"github.com/callthread/callthread/workflows"
)

// shadowCommand compares the conversations of calls in shadow with those of the automation in use.
func shadowCommand(out, logs io.Writer) *cli.Command {
	var server app.Temporal
	var since string
	var asJSON bool
	return &cli.Command{
		Name:  "shadow",
		Usage: "compare the calls of a shadow with the conversations that the automation in use made for them",
		Description: "Lists the calls for which that automation made no conversation, several, or a different one than the shadow would have, and\n" +
			"prints the totals. With --json it lists all calls. It names no caller and no agent.\n\n" + app.TemporalHelp,
		Flags: append([]cli.Flag{
			&cli.StringFlag{Name: "since", Usage: "calls that began after this `TIME`, in UTC by default: 2h, 1d or 1w (ago), 2026-11-23, 2026-11-23T09:00:00Z", Value: "24h", Destination: &since},
			jsonFlag(&asJSON),
		}, server.Flags()...),
		Action: func(c *cli.Context) error {
			if err := app.NoArguments(c); err != nil {
				return err
			}
			from, err := parseTime("since", since, time.Now(), time.UTC)
			if err != nil {
				return err
			}
			o, err := connect(&server, logs)
			if err != nil {
				return err
			}
			defer o.Temporal.Close()
			report, err := o.ReportShadow(c.Context, workflows.ShadowTaskQueue(server.TaskQueue), from)
			switch {
			case err != nil:
				return o.Unreached(err)
			case asJSON:
				return operator.PrintJSON(out, report)
			}
			return report.Print(out)
		},
	}
}
