package config

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/nyaruka/phonenumbers"
	"github.com/urfave/cli/v2"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"github.com/callthread/callthread/activities"
	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/kustomer"
	"github.com/callthread/callthread/workflows"
)

// Worker says how calls are served.
type Worker struct {
	Temporal *Temporal
	Kustomer Kustomer
	// Country is where numbers without a country code are at home.
	Country string
}

// stopTimeout lets requests to Kustomer finish, so that nothing has to be looked up again elsewhere.
const stopTimeout = 15 * time.Second

// Flags are the settings, without those of Temporal.
func (w *Worker) Flags() []cli.Flag {
	return append(w.Kustomer.Flags(),
		&cli.StringFlag{
			Name: "country", EnvVars: []string{"CALLTHREAD_COUNTRY"},
			Usage: "two-letter `CODE` of the country in which numbers without a country code are at home", Destination: &w.Country,
		},
	)
}

// New makes the worker; missing settings are refused here, before anything runs.
func (w *Worker) New(c client.Client, observe func(kustomer.Exchange)) (worker.Worker, error) {
	crm, err := w.Kustomer.Client(observe)
	if err != nil {
		return nil, err
	}
	country, err := parseCountry(w.Country)
	if err != nil {
		return nil, err
	}
	return NewWorker(c, w.Temporal.TaskQueue, activities.New(crm, automation.Default(), country)), nil
}

// NewWorker makes a worker for a task queue, set up as all of ours are.
func NewWorker(c client.Client, taskQueue string, steps *activities.Activities) worker.Worker {
	served := worker.New(c, taskQueue, worker.Options{WorkerStopTimeout: stopTimeout})
	workflows.Register(served, steps)
	return served
}

// Run serves calls until the context ends, then finishes the steps under way.
func (w *Worker) Run(ctx context.Context, c client.Client, served worker.Worker, log *slog.Logger) error {
	if err := w.Temporal.AwaitReady(ctx, c, log); err != nil {
		return nil // told to stop while waiting
	}
	if err := served.Start(); err != nil {
		return fmt.Errorf("start the worker: %w", err)
	}
	log.Info("worker serves calls", "temporal", w.Temporal.Address(), "namespace", w.Temporal.Namespace(), "taskQueue", w.Temporal.TaskQueue)
	<-ctx.Done()
	log.Info("worker stops: finishing the steps under way", "atMost", stopTimeout)
	served.Stop()
	return nil
}

func parseCountry(code string) (string, error) {
	country := strings.ToUpper(strings.TrimSpace(code))
	if country != "" && !phonenumbers.GetSupportedRegions()[country] {
		return "", fmt.Errorf("--country (CALLTHREAD_COUNTRY) %q: use the country's two letters, such as DE or US", code)
	}
	return country, nil
}
