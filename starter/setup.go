package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/urfave/cli/v2"
	"go.temporal.io/sdk/client"

	"github.com/callthread/callthread/internal/app"
	"github.com/callthread/callthread/notify"
	"github.com/callthread/callthread/reconcile"
)

const day = 24 * time.Hour

// setup contains the flags of `starter setup`, which prepares Temporal if workers lack the
// permission.
type setup struct {
	temporal   app.Temporal
	reconciler app.Reconciler
	days       int
	compare    bool
	notify     bool
	out        io.Writer
}

func setupCommand(out, logs io.Writer) *cli.Command {
	s := &setup{out: out}
	return &cli.Command{
		Name: "setup",
		Usage: "prepare Temporal for calls, with an administrator's credentials: create the namespace if there is none, register the search attributes, " +
			"and schedule comparisons with babelforce's log, and notifications",
		Description: "It may be run again at any time. The retention of an existing namespace is not changed.\n" +
			"--compare schedules comparisons; the worker that makes them needs babelforce's credentials.\n" +
			"--notify schedules notifications, and --notify=false removes their schedule.\n\n" + app.TemporalHelp,
		Flags: app.Flags(s, &s.temporal, &s.reconciler),
		Action: func(c *cli.Context) error {
			if err := app.NoArguments(c); err != nil {
				return err
			}
			if s.days < 1 {
				return errors.New("--retention-days must be at least 1")
			}
			client, err := s.temporal.Client(slog.New(slog.NewTextHandler(logs, &slog.HandlerOptions{Level: slog.LevelWarn})))
			if err != nil {
				return err
			}
			defer client.Close()
			if err := s.run(c.Context, client); err != nil || !c.IsSet("notify") {
				return err
			}
			return s.scheduleNotifications(c.Context, client)
		},
	}
}

// Flags returns the flags of the command itself.
func (s *setup) Flags() []cli.Flag {
	return []cli.Flag{
		&cli.IntFlag{Name: "retention-days", Usage: "how many days after its end a call is kept, in a namespace that is created", Value: int(app.DefaultRetention / day), Destination: &s.days},
		&cli.BoolFlag{Name: "compare", Usage: "schedule comparisons with babelforce's log, or change their schedule", Destination: &s.compare},
		&cli.BoolFlag{Name: "notify", Usage: "schedule notifications, which a worker with their URL sends; --notify=false removes the schedule", Destination: &s.notify},
	}
}

func (s *setup) run(ctx context.Context, c client.Client) error {
	wanted := time.Duration(s.days) * day
	kept, err := app.Prepare(ctx, c, s.temporal.Namespace(), wanted)
	if err != nil {
		return fmt.Errorf("prepare Temporal at %s: %w", s.temporal.Address(), err)
	}
	fmt.Fprintf(s.out, "Temporal at %s, namespace %s: it keeps a call for %s after its end, and all search attributes of calls are registered.\n",
		s.temporal.Address(), s.temporal.Namespace(), inDays(kept))
	if kept < wanted {
		fmt.Fprintf(s.out, "That is less than %s. To change it: temporal operator namespace update -n %s --retention %dd\n", inDays(wanted), s.temporal.Namespace(), s.days)
	}
	if !s.compare {
		return nil
	}
	plan, err := s.reconciler.Plan(s.temporal.TaskQueue)
	if err != nil {
		return err
	}
	if err := plan.Apply(ctx, c); err != nil {
		return err
	}
	fmt.Fprintf(s.out, "Schedules %s and %s exist.\n", reconcile.PassSchedule(s.temporal.TaskQueue), reconcile.StatementSchedule(s.temporal.TaskQueue))
	return nil
}

// scheduleNotifications creates or removes the Schedule of notifications.
func (s *setup) scheduleNotifications(ctx context.Context, c client.Client) error {
	if !s.notify {
		if err := notify.Remove(ctx, c, s.temporal.TaskQueue); err != nil {
			return err
		}
		fmt.Fprintf(s.out, "Schedule %s is removed.\n", notify.TaskQueue(s.temporal.TaskQueue))
		return nil
	}
	if err := notify.Apply(ctx, c, s.temporal.TaskQueue); err != nil {
		return err
	}
	fmt.Fprintf(s.out, "Schedule %s exists.\n", notify.TaskQueue(s.temporal.TaskQueue))
	return nil
}

func inDays(d time.Duration) string {
	if d == day {
		return "1 day"
	}
	return fmt.Sprintf("%g days", float64(d)/float64(day))
}
