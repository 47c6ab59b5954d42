package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/urfave/cli/v2"

	"github.com/callthread/callthread/internal/app"
	"github.com/callthread/callthread/internal/operator"
)

// showCommand shows one call in detail.
func showCommand(out, logs io.Writer) *cli.Command {
	var server app.Temporal
	var asJSON bool
	return &cli.Command{
		Name:      "show",
		Usage:     "show the state of a call, what it waits for, and what to do if it is parked",
		ArgsUsage: "<call id | Kustomer conversation id>",
		Description: operator.IDHelp + "\n" +
			"If several calls share the conversation, it lists them (with --json, as an array).\n\n" +
			app.TemporalHelp,
		HideHelpCommand: true, // "help" may be a call's id
		Flags:           append([]cli.Flag{jsonFlag(&asJSON)}, server.Encryption.Flags()...),
		Action: func(c *cli.Context) error {
			if c.NArg() != 1 {
				return fmt.Errorf("show takes the id of one call or conversation, not %d", c.NArg())
			}
			o, err := connect(&server, logs)
			if err != nil {
				return err
			}
			defer o.Temporal.Close()
			return show(c.Context, o, c.Args().First(), out, asJSON)
		},
	}
}

// show prints the call with this id, or lists the calls that share the conversation with this id.
func show(ctx context.Context, o *operator.Operator, id string, out io.Writer, asJSON bool) error {
	calls, err := o.Calls(ctx, id)
	switch {
	case err != nil:
		return o.Unreached(err)
	case len(calls) == 1:
		shown, silent := o.Show(ctx, calls[0])
		if asJSON {
			return errors.Join(operator.PrintJSON(out, shown), silent)
		}
		return errors.Join(shown.Print(out), silent)
	case asJSON:
		return operator.PrintJSON(out, calls)
	}
	fmt.Fprintf(out, "%d calls share this conversation: `starter show <call id>` shows one of them\n\n", len(calls))
	return operator.PrintCalls(out, calls, len(calls))
}
