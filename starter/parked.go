package main

import (
	"io"

	"github.com/urfave/cli/v2"

	"github.com/callthread/callthread/internal/app"
	"github.com/callthread/callthread/internal/operator"
)

// parkedCommand lists the parked calls.
func parkedCommand(out, logs io.Writer) *cli.Command {
	var server app.Temporal
	var asJSON bool
	return &cli.Command{
		Name:        "parked",
		Usage:       "list the parked calls with their numbers, oldest first; they wait for an operator because Kustomer refused a step",
		Description: app.TemporalHelp,
		Flags:       append([]cli.Flag{jsonFlag(&asJSON)}, server.Encryption.Flags()...),
		Action: func(c *cli.Context) error {
			if err := app.NoArguments(c); err != nil {
				return err
			}
			o, err := connect(&server, logs)
			if err != nil {
				return err
			}
			defer o.Temporal.Close()
			parked, err := o.Parked(c.Context)
			if err != nil {
				return o.Unreached(err)
			}
			o.AskParked(c.Context, parked)
			if asJSON {
				return operator.PrintJSON(out, parked)
			}
			return operator.PrintParked(out, parked)
		},
	}
}
