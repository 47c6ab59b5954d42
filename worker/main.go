// Command worker serves calls: it runs their workflows and writes to Kustomer.
// Start as many as needed; they share the task queue.
package main

import (
	"context"
	"io"

	"github.com/urfave/cli/v2"

	"github.com/callthread/callthread/internal/app"
)

func main() { app.Main("worker", run) }

// run is all of main that a test can call.
func run(ctx context.Context, args []string, out, logs io.Writer) error {
	var (
		logging       app.Log
		temporal      app.Temporal
		worker        = app.Worker{Temporal: &temporal}
		metricsListen string
	)
	program := app.NewProgram("worker", "runs the workflows of calls and writes to Kustomer", out, logs)
	program.Flags = app.Flags(&temporal, &worker, &logging, app.Section{
		app.MetricsFlag(":9090", &metricsListen),
		&cli.BoolFlag{
			Name: "compare-only", EnvVars: []string{"CALLTHREAD_COMPARE_ONLY"},
			Usage: "only compare calls with babelforce's log, and serve none: needs nothing of Kustomer's", Destination: &worker.CompareOnly,
		},
	})
	program.Action = func(c *cli.Context) error {
		if err := app.NoArguments(c); err != nil {
			return err
		}
		log, err := logging.Logger(logs)
		if err != nil {
			return err
		}
		if err := worker.InMode(c); err != nil {
			return err
		}
		log = worker.Shadow.Log(log)
		process, err := app.Start(c.Context, "callthread-worker", &temporal, worker.Shadow.On, log)
		if err != nil {
			return err
		}
		defer process.Stop()
		served, err := process.NewWorker(&worker)
		if err != nil {
			return err
		}
		ready := func(ctx context.Context) error { return worker.Ready(ctx, process.Client) }
		if err := process.Metrics.Serve(c.Context, metricsListen, ready, log); err != nil {
			return err
		}
		process.Announce()
		return worker.Run(c.Context, process.Client, served, log)
	}
	return program.RunContext(ctx, args)
}
