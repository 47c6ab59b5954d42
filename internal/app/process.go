package app

import (
	"context"
	"log/slog"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"github.com/callthread/callthread/internal/build"
	"github.com/callthread/callthread/internal/metrics"
	"github.com/callthread/callthread/internal/tracing"
	"github.com/callthread/callthread/reconcile"
)

// Process is what both programs have while they run: metrics, traces, and a
// client of Temporal that is watched by both.
type Process struct {
	Metrics *metrics.Metrics
	Traces  *tracing.Tracing
	Client  client.Client
	Log     *slog.Logger
}

// Start connects a program to Temporal. The service is its name in traces, where
// OTEL_SERVICE_NAME does not give another. It does not wait until Temporal answers. In
// shadow its metrics have names of their own.
func Start(ctx context.Context, service string, temporal *Temporal, shadow bool, log *slog.Logger) (_ *Process, err error) {
	p := &Process{Metrics: metrics.New(), Log: log}
	if shadow {
		p.Metrics.InShadow()
	}
	if p.Traces, err = tracing.Start(ctx, service, log); err != nil {
		return nil, err
	}
	temporal.Metrics, temporal.Interceptors = p.Metrics.SDK(), p.Traces.Interceptors()
	if p.Client, err = temporal.Client(log); err != nil {
		p.Traces.Stop()
		return nil, err
	}
	return p, nil
}

// NewWorker makes a worker whose requests to Kustomer and whose steps are counted and traced.
func (p *Process) NewWorker(w *Worker) (worker.Worker, error) {
	served, err := w.New(p.Client, p.Traces.Kustomer(w.Kustomer.URL, p.Metrics.Kustomer), p.Metrics.Steps(w.Kustomer.Budget))
	if err != nil {
		return nil, err
	}
	w.Compared = reconcile.Observer{Compared: p.Metrics.Compared, Repaired: p.Metrics.Repaired, Held: p.Metrics.Held}
	p.Metrics.CountsRunning(p.Client, p.Log)
	return served, nil
}

// Announce logs which build has started, once its settings are found to be right.
func (p *Process) Announce() {
	running := build.Current()
	p.Log.Info("started", "version", running.Version, "commit", running.Commit, "date", running.Date)
}

// Stop disconnects from Temporal, and sends the last spans.
func (p *Process) Stop() {
	p.Client.Close()
	p.Traces.Stop()
}
