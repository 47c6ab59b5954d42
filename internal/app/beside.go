package app

import (
	"context"
	"fmt"
	"log/slog"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"github.com/callthread/callthread/reconcile"
)

// newBeside makes the workers for comparisons and notifications. In shadow there are none, because
// their Schedules belong to live calls.
func (w *Worker) newBeside(c client.Client, country string, compared reconcile.Observer) (err error) {
	if w.Shadow.On {
		return nil
	}
	if w.compares, err = w.Reconciler.newWorker(c, w.Temporal, w.Kustomer.Budget, w.inForce.Load, country, compared); err != nil {
		return err
	}
	w.notifies, err = w.Notifier.newWorker(c, w.Temporal)
	return err
}

// startBeside starts the workers of newBeside and creates their Schedules.
func (w *Worker) startBeside(ctx context.Context, c client.Client, log *slog.Logger) (stop func(), err error) {
	var started []worker.Worker
	stop = func() {
		for _, one := range started {
			one.Stop()
		}
	}
	for _, one := range []struct {
		worker.Worker
		of   string
		plan func(context.Context, client.Client, string, *slog.Logger)
	}{
		{w.compares, "comparisons", w.Reconciler.plan},
		{w.notifies, "notifications", w.Notifier.plan},
	} {
		if one.Worker == nil {
			continue
		}
		if err := one.Start(); err != nil {
			stop()
			return nil, fmt.Errorf("start the worker of %s: %w", one.of, err)
		}
		started = append(started, one.Worker)
		one.plan(ctx, c, w.Temporal.TaskQueue, log)
	}
	return stop, nil
}
