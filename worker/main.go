// Command worker serves calls: it runs their workflows and writes to Kustomer.
// Start as many as needed; they share the task queue.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/urfave/cli/v2"

	"github.com/callthread/callthread/internal/config"
	"github.com/callthread/callthread/internal/metrics"
	"github.com/callthread/callthread/internal/tracing"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "worker:", err)
		os.Exit(1)
	}
}

// run is all of main that a test can call.
func run(ctx context.Context, args []string, out, logs io.Writer) error {
	var (
		logging       config.Log
		temporal      config.Temporal
		worker        = config.Worker{Temporal: &temporal}
		metricsListen string
	)
	app := &cli.App{
		Name:            "worker",
		Usage:           "runs the workflows of calls and writes to Kustomer",
		Description:     config.TemporalHelp + "\n\n" + tracing.Help,
		HideHelpCommand: true,
		ExitErrHandler:  func(*cli.Context, error) {}, // main says what is wrong, once
		OnUsageError:    config.UsageError,
		Writer:          out,
		ErrWriter:       logs,
		Flags: config.Flags(&temporal, &worker, &logging, config.Section{
			config.MetricsFlag(":9090", &metricsListen),
		}),
		Action: func(c *cli.Context) error {
			if err := config.NoArguments(c); err != nil {
				return err
			}
			log, err := logging.Logger(logs)
			if err != nil {
				return err
			}
			traced, err := tracing.Start(c.Context, "callthread-worker", log)
			if err != nil {
				return err
			}
			defer traced.Stop()
			counted := metrics.New()
			temporal.Metrics, temporal.Interceptors = counted.SDK(), traced.Interceptors()
			client, err := temporal.Client(log)
			if err != nil {
				return err
			}
			defer client.Close()
			served, err := worker.New(client, traced.Kustomer(worker.Kustomer.URL, counted.Kustomer), counted.Steps(worker.Kustomer.Budget))
			if err != nil {
				return err
			}
			counted.CountsRunning(client, log)
			ready := func(ctx context.Context) error { return worker.Ready(ctx, client) }
			if err := counted.Serve(c.Context, metricsListen, ready, log); err != nil {
				return err
			}
			return worker.Run(c.Context, client, served, log)
		},
	}
	return app.RunContext(ctx, args)
}
