package main

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/callthread/callthread/internal/app"
	"github.com/callthread/callthread/internal/operator"
	"github.com/callthread/callthread/workflows"
)

// decision is an operator's decision with the flags of its command.
type decision struct {
	operator.Decision
	server app.Temporal
}

// decisionCommands are the commands with which an operator decides on parked calls.
func decisionCommands(out, logs io.Writer) []*cli.Command {
	return []*cli.Command{
		decisionCommand(workflows.UpdateRetry, "try the refused step of parked calls again", out, logs),
		amendCommand(out, logs),
		decisionCommand(workflows.UpdateSkip, "let parked calls go on without the refused step", out, logs),
	}
}

// decisionCommand is a command for a decision without arguments: retry or skip.
func decisionCommand(update, usage string, out, logs io.Writer) *cli.Command {
	d := decision{Decision: operator.Decision{Update: update, Out: out}}
	var all bool
	return &cli.Command{
		Name:            update,
		Usage:           usage,
		ArgsUsage:       "<call id | Kustomer conversation id>...",
		Description:     d.help(),
		HideHelpCommand: true, // "help" may be a call's id
		Flags: append([]cli.Flag{
			&cli.BoolFlag{Name: "all", Usage: "every call that is parked", Destination: &all},
		}, d.flags()...),
		Action: func(c *cli.Context) error {
			if all == c.Args().Present() {
				return fmt.Errorf("pass either the ids of the calls to %s, as `starter parked` lists them, or --all, not both", update)
			}
			return d.run(c, logs, all)
		},
	}
}

func (d *decision) help() string {
	return operator.IDHelp + "\n" +
		"Prints the outcome for each call, and fails if one of them does not go on.\n\n" + app.TemporalHelp
}

func (d *decision) flags() []cli.Flag {
	return append([]cli.Flag{
		&cli.DurationFlag{Name: "timeout", Usage: "how long to wait until each call has taken the decision", Value: 30 * time.Second, Destination: &d.Timeout},
	}, d.server.Encryption.Flags()...)
}

// run decides on the named calls, or on all parked calls.
func (d *decision) run(c *cli.Context, logs io.Writer, all bool) (err error) {
	if d.Timeout <= 0 {
		return errors.New("--timeout must be above 0")
	}
	if d.Operator, err = connect(&d.server, logs); err != nil {
		return err
	}
	defer d.Operator.Temporal.Close()
	ids := c.Args().Slice()
	if all {
		parked, err := d.Operator.Parked(c.Context)
		if err != nil {
			return d.Operator.Unreached(err)
		}
		if len(parked) == 0 {
			return operator.PrintParked(d.Out, parked)
		}
		for _, p := range parked {
			ids = append(ids, p.CallID)
		}
	}
	return d.On(c.Context, ids)
}
