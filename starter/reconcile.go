package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/urfave/cli/v2"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/callthread/callthread/internal/app"
	"github.com/callthread/callthread/internal/operator"
	"github.com/callthread/callthread/reconcile"
)

// backfilling contains the flags of `starter reconcile`.
type backfilling struct {
	server       app.Temporal
	since, until string
	zone         string
	repair       bool
	leaveOpen    bool
	beforeLive   bool
	asJSON       bool
	every        time.Duration // interval between queries of the progress
	out          io.Writer
}

// reconcileCommand compares a period with babelforce's call log, and repairs calls.
func reconcileCommand(out, logs io.Writer) *cli.Command {
	b := &backfilling{out: out, every: time.Second}
	return &cli.Command{
		Name:  "reconcile",
		Usage: "compare a period with babelforce's call log and, with --repair, add what is missing",
		Description: "Without --repair it prints how many calls lack something, and how long a repair takes. A repair is a workflow and continues if\n" +
			"this command is stopped; the same command then shows its progress. It uses at most a quarter of Kustomer's budget, so that\n" +
			"current calls go first. The command fails if calls could not be repaired, or if not everything could be compared.\n\n" + app.TemporalHelp,
		Flags: append([]cli.Flag{
			&cli.StringFlag{Name: "since", Required: true, Usage: "the period begins at this `TIME`: 2h, 1d or 1w (ago), 2026-11-01, 2026-11-01T09:00:00Z", Destination: &b.since},
			&cli.StringFlag{Name: "until", Usage: "the period ends before this `TIME`; a few minutes ago by default", Destination: &b.until},
			&cli.StringFlag{Name: "zone", EnvVars: []string{"CALLTHREAD_ZONE"}, Usage: "time `ZONE` of the dates, such as Europe/Berlin", Value: "UTC", Destination: &b.zone},
			&cli.BoolFlag{Name: "repair", Usage: "add to the calls what the log contains and they lack", Destination: &b.repair},
			&cli.BoolFlag{Name: "leave-open", Usage: "take the status of new conversations from the automations file; without it they are done", Destination: &b.leaveOpen},
			&cli.BoolFlag{Name: "before-live", Usage: "also repair calls that rang before Callthread went live (--reconcile-since)", Destination: &b.beforeLive},
			jsonFlag(&b.asJSON),
		}, b.server.Flags()...),
		Action: func(c *cli.Context) error {
			if err := app.NoArguments(c); err != nil {
				return err
			}
			in, err := b.period(time.Now())
			if err != nil {
				return err
			}
			o, err := connect(&b.server, logs)
			if err != nil {
				return err
			}
			defer o.Temporal.Close()
			return b.run(c.Context, o, in)
		},
	}
}

// recently is the time between now and the default end of the period.
const recently = 5 * time.Minute

// period reads the flags.
func (b *backfilling) period(now time.Time) (in reconcile.Backfill, err error) {
	zone, err := time.LoadLocation(b.zone)
	if err != nil {
		return in, fmt.Errorf("--zone (CALLTHREAD_ZONE): there is no time zone %q: use a name such as Europe/Berlin", b.zone)
	}
	in = reconcile.Backfill{Repair: b.repair, BeforeLive: b.beforeLive, Window: reconcile.Window{To: now.Add(-recently).Truncate(time.Minute)}}
	if in.From, err = parseTime("since", b.since, now, zone); err != nil {
		return in, err
	}
	if b.until != "" {
		if in.To, err = parseTime("until", b.until, now, zone); err != nil {
			return in, err
		}
	}
	in.From, in.To = in.From.Truncate(time.Second).UTC(), in.To.Truncate(time.Second).UTC()
	switch {
	case !in.From.Before(in.To):
		return in, errors.New("--since must be before --until, or some minutes ago if --until is not set")
	case in.To.After(now):
		return in, errors.New("--until must not lie in the future")
	}
	if !b.leaveOpen {
		in.Status = "done"
	}
	return in, nil
}

func (b *backfilling) run(ctx context.Context, o *operator.Operator, in reconcile.Backfill) error {
	taskQueue := reconcile.TaskQueue(b.server.TaskQueue)
	if err := needsComparer(ctx, o, taskQueue); err != nil {
		return err
	}
	run, err := o.Temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: in.BackfillID(b.server.TaskQueue), TaskQueue: taskQueue,
		// A backfill that is already running is watched.
		WorkflowIDReusePolicy: enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE, WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		StaticSummary: "calls from " + in.From.Format(time.RFC3339) + " to " + in.To.Format(time.RFC3339),
	}, reconcile.BackfillWorkflow, in)
	if err != nil {
		return o.Unreached(err)
	}
	progress, err := b.watch(ctx, o, run)
	var refused *temporal.ApplicationError
	switch {
	case errors.As(err, &refused) && refused.Type() == reconcile.BeforeLive:
		return fmt.Errorf("%s; --before-live repairs them too", refused.Message())
	case err != nil && ctx.Err() != nil:
		return fmt.Errorf("stopped watching: %s goes on in Temporal, and the same command with --since %s --until %s shows its progress",
			in.BackfillID(b.server.TaskQueue), in.From.Format(time.RFC3339), in.To.Format(time.RFC3339))
	case err != nil:
		return o.Unreached(err)
	}
	if b.asJSON {
		err = operator.PrintJSON(b.out, progress)
	} else {
		err = b.print(in, progress)
	}
	if err == nil && (!progress.Found.IsComplete() || progress.Held > 0) {
		err = errNotAllThere
	}
	return err
}

// watch prints the progress of a backfill until it has ended.
func (b *backfilling) watch(ctx context.Context, o *operator.Operator, run client.WorkflowRun) (progress reconcile.Progress, err error) {
	ended := make(chan error, 1)
	go func() { ended <- run.Get(ctx, &progress) }()
	tick := time.NewTicker(b.every)
	defer tick.Stop()
	last := reconcile.Progress{}
	for {
		select {
		case err := <-ended:
			return progress, err
		case <-tick.C:
		}
		answer, err := o.Temporal.QueryWorkflow(ctx, run.GetID(), "", reconcile.QueryProgress) // a long one continues in new runs
		var now reconcile.Progress
		if err != nil || answer.Get(&now) != nil {
			continue // the next query may succeed
		}
		if !b.asJSON && !now.Until.Equal(last.Until) {
			fmt.Fprintln(b.out, now)
		}
		last = now
	}
}

func (b *backfilling) print(in reconcile.Backfill, p reconcile.Progress) error {
	title := in.From.Format(time.RFC3339) + " to " + in.To.Format(time.RFC3339)
	if err := printStatement(b.out, title, p.Found); err != nil {
		return err
	}
	switch {
	case p.ToRepair == 0:
		return nil
	case !in.Repair:
		_, err := fmt.Fprintf(b.out, "\n%d calls lack what the log contains. --repair repairs them, which takes about %s.\n", p.ToRepair, roughly(p.Takes))
		return err
	}
	_, err := fmt.Fprintf(b.out, "\n%d calls were repaired, and %d could not be. `starter statement` compares a day again.\n", p.Repaired, p.Held)
	return err
}

// roughly rounds a duration to minutes, at least one.
func roughly(d time.Duration) time.Duration { return max(d.Round(time.Minute), time.Minute) }
