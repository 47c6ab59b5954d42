package main

import (
	"fmt"
	"io"
	"log/slog"

	"github.com/urfave/cli/v2"

	"github.com/callthread/callthread/internal/app"
	"github.com/callthread/callthread/reconcile"
)

// setupCommand prepares Temporal where workers may not do so themselves.
func setupCommand(out, logs io.Writer) *cli.Command {
	var temporal app.Temporal
	var reconciler app.Reconciler
	var compare bool
	return &cli.Command{
		Name:        "setup",
		Usage:       "register the search attributes of calls with Temporal, and schedule comparisons with babelforce's log, with an administrator's credentials",
		Description: "Comparisons are scheduled where --compare is given; what they need to know is a worker's.\n\n" + app.TemporalHelp,
		Flags: app.Flags(&temporal, &reconciler, app.Section{
			&cli.BoolFlag{Name: "compare", Usage: "schedule comparisons with babelforce's log, or change their schedule", Destination: &compare},
		}),
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
			if compare {
				plan, err := reconciler.Plan(temporal.TaskQueue)
				if err != nil {
					return err
				}
				if err := plan.Apply(c.Context, client); err != nil {
					return err
				}
				fmt.Fprintf(out, "Schedules %s and %s are there.\n", reconcile.PassSchedule, reconcile.StatementSchedule)
			}
			fmt.Fprintf(out, "Temporal at %s, namespace %s: all search attributes of calls are registered.\n", temporal.Address(), temporal.Namespace())
			return nil
		},
	}
}
