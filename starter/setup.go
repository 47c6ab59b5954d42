package main

import (
	"fmt"
	"io"
	"log/slog"

	"github.com/urfave/cli/v2"

	"github.com/callthread/callthread/internal/app"
)

// setupCommand prepares Temporal where workers may not do so themselves.
func setupCommand(out, logs io.Writer) *cli.Command {
	var temporal app.Temporal
	return &cli.Command{
		Name:        "setup",
		Usage:       "register the search attributes of calls with Temporal, with an administrator's credentials",
		Description: app.TemporalHelp,
		Flags:       temporal.Encryption.Flags(),
		Action: func(c *cli.Context) error {
			if err := app.NoArguments(c); err != nil {
				return err
			}
			client, err := temporal.Client(slog.New(slog.NewTextHandler(logs, &slog.HandlerOptions{Level: slog.LevelWarn})))
			if err != nil {
				return err
			}
			defer client.Close()
			if err := app.RegisterSearchAttributes(c.Context, client, temporal.Namespace()); err != nil {
				return err
			}
			fmt.Fprintf(out, "Temporal at %s, namespace %s: all search attributes of calls are registered.\n", temporal.Address(), temporal.Namespace())
			return nil
		},
	}
}
