package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/callthread/callthread/internal/app"
)

const day = 24 * time.Hour

// setupCommand prepares Temporal: its namespace, and the search attributes of calls.
func setupCommand(out, logs io.Writer) *cli.Command {
	var temporal app.Temporal
	var days int
	return &cli.Command{
		Name:  "setup",
		Usage: "prepare Temporal for calls, with an administrator's credentials: create the namespace if there is none, and register the search attributes",
		Description: "May be run again at any time. The retention of a namespace that is there already is not changed.\n\n" +
			app.TemporalHelp,
		Flags: append([]cli.Flag{
			&cli.IntFlag{Name: "retention-days", Usage: "how many days after its end a call is kept, in a namespace that is created", Value: int(app.DefaultRetention / day), Destination: &days},
		}, temporal.Encryption.Flags()...),
		Action: func(c *cli.Context) error {
			if err := app.NoArguments(c); err != nil {
				return err
			}
			if days < 1 {
				return errors.New("--retention-days must be at least 1")
			}
			client, err := temporal.Client(slog.New(slog.NewTextHandler(logs, &slog.HandlerOptions{Level: slog.LevelWarn})))
			if err != nil {
				return err
			}
			defer client.Close()
			wanted := time.Duration(days) * day
			kept, err := app.Prepare(c.Context, client, temporal.Namespace(), wanted)
			if err != nil {
				return fmt.Errorf("prepare Temporal at %s: %w", temporal.Address(), err)
			}
			fmt.Fprintf(out, "Temporal at %s, namespace %s: it keeps a call for %s after its end, and all search attributes of calls are registered.\n",
				temporal.Address(), temporal.Namespace(), inDays(kept))
			if kept < wanted {
				fmt.Fprintf(out, "That is less than %s. To change it: temporal operator namespace update -n %s --retention %dd\n", inDays(wanted), temporal.Namespace(), days)
			}
			return nil
		},
	}
}

func inDays(d time.Duration) string {
	if d == day {
		return "1 day"
	}
	return fmt.Sprintf("%g days", float64(d)/float64(day))
}
