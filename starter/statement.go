package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/urfave/cli/v2"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/callthread/callthread/internal/app"
	"github.com/callthread/callthread/internal/operator"
	"github.com/callthread/callthread/reconcile"
)

// errNotAllThere sets the exit code; the statement contains the reasons.
var errNotAllThere = errors.New("calls are missing, or not everything could be compared: see above")

// statementCommand compares one day of babelforce's call log with the calls in Temporal.
func statementCommand(out, logs io.Writer) *cli.Command {
	var server app.Temporal
	var day, zone string
	var asJSON, asCSV bool
	return &cli.Command{
		Name:  "statement",
		Usage: "compare the calls of a day in babelforce's call log with those received, and list missing ones",
		Description: "A worker that has babelforce's credentials compares the day again. The command fails if a call is missing, or if not\n" +
			"everything could be compared.\n\n" + app.TemporalHelp,
		Flags: append([]cli.Flag{
			&cli.StringFlag{Name: "day", Usage: "`DATE`, such as 2026-11-27; yesterday by default", Destination: &day},
			&cli.StringFlag{Name: "zone", EnvVars: []string{"CALLTHREAD_ZONE"}, Usage: "time `ZONE` of the day, such as Europe/Berlin", Value: "UTC", Destination: &zone},
			jsonFlag(&asJSON),
			&cli.BoolFlag{Name: "csv", Usage: "print every call that is not fully matched, as CSV", Destination: &asCSV},
		}, server.Flags()...),
		Action: func(c *cli.Context) error {
			if err := app.NoArguments(c); err != nil {
				return err
			}
			in, err := statementOf(day, zone)
			if err != nil {
				return err
			}
			o, err := connect(&server, logs)
			if err != nil {
				return err
			}
			defer o.Temporal.Close()
			statement, err := makeStatement(c.Context, o, server.TaskQueue, in)
			if err != nil {
				return err
			}
			switch {
			case asJSON:
				err = operator.PrintJSON(out, statement)
			case asCSV:
				err = printCSV(out, statement)
			default:
				err = printStatement(out, in.Day, statement)
			}
			if err == nil && (!statement.IsComplete() || statement.Counts[reconcile.Missed] > 0) {
				err = errNotAllThere
			}
			return err
		},
	}
}

// statementOf reads the flags. A day that is not over is compared up to now.
func statementOf(day, zone string) (in reconcile.StatementInput, err error) {
	location, err := time.LoadLocation(zone)
	if err != nil {
		return in, fmt.Errorf("--zone (CALLTHREAD_ZONE): there is no time zone %q: use a name such as Europe/Berlin", zone)
	}
	if day == "" {
		day = time.Now().In(location).AddDate(0, 0, -1).Format(time.DateOnly)
	}
	if _, err := reconcile.Day(day, location); err != nil {
		return in, fmt.Errorf("--day %q is not a date such as 2026-11-27", day)
	}
	return reconcile.StatementInput{Day: day, Zone: zone}, nil
}

// errNoComparer is returned if no worker has babelforce's credentials. This command needs none.
var errNoComparer = errors.New("no worker compares calls: start one with BABELFORCE_USER and BABELFORCE_PASSWORD, or BABELFORCE_TOKEN, set")

// needsComparer fails if no worker compares calls.
func needsComparer(ctx context.Context, o *operator.Operator, taskQueue string) error {
	queue, err := o.Temporal.DescribeTaskQueue(ctx, taskQueue, enums.TASK_QUEUE_TYPE_WORKFLOW)
	if err != nil {
		return o.Unreached(err)
	}
	if len(queue.GetPollers()) == 0 {
		return errNoComparer
	}
	return nil
}

func makeStatement(ctx context.Context, o *operator.Operator, calls string, in reconcile.StatementInput) (statement reconcile.Comparison, err error) {
	taskQueue := reconcile.TaskQueue(calls)
	if err := needsComparer(ctx, o, taskQueue); err != nil {
		return statement, err
	}
	run, err := o.Temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: reconcile.StatementID(calls, in.Day), TaskQueue: taskQueue,
		// If the day is being compared already, wait for that comparison.
		WorkflowIDReusePolicy: enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE, WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		StaticSummary: "what became of the calls of " + in.Day,
	}, reconcile.StatementWorkflow, in)
	if err != nil {
		return statement, o.Unreached(err)
	}
	err = run.Get(ctx, &statement)
	return statement, err
}

func printStatement(out io.Writer, day string, c reconcile.Comparison) error {
	fmt.Fprintf(out, "%s: %s\n", day, c)
	for _, gap := range c.Gaps {
		fmt.Fprintf(out, "not compared: %s to %s: %s\n", gap.From.Format(time.RFC3339), gap.To.Format(time.RFC3339), gap.Why)
	}
	if len(c.Listed)+len(c.WithoutRow) == 0 {
		return nil
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "\nCALL\tRANG\tRESULT\tWHY")
	for _, row := range rows(c) {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", row[0], row[1], row[2], row[3])
	}
	return table.Flush()
}

func printCSV(out io.Writer, c reconcile.Comparison) error {
	w := csv.NewWriter(out)
	if err := w.Write([]string{"call", "rang", "result", "why"}); err != nil {
		return err
	}
	return w.WriteAll(rows(c))
}

// rows lists the calls that are not fully matched.
func rows(c reconcile.Comparison) (rows [][]string) {
	for _, v := range c.Listed {
		rows = append(rows, []string{v.CallID, v.Rang.Format(time.RFC3339), string(v.Result), string(v.Why)})
	}
	for _, id := range c.WithoutRow {
		rows = append(rows, []string{id, "", "without_row", ""})
	}
	return rows
}
