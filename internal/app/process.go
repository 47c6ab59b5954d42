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

// Process contains what the starter and the worker share: metrics, traces, and a client of Temporal
// with both.
type Process struct {
	Metrics *metrics.Metrics
	Traces  *tracing.Tracing
	Client  client.Client
	Log     *slog.Logger
}

// Start creates the client, metrics and traces of a program. It does not wait until Temporal
// answers. The service is the program's name in traces, unless OTEL_SERVICE_NAME is set. In shadow
// the metrics have different names. The caller must call [Process.Stop].
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

// NewWorker returns a worker with metrics and traces of its activities and of its requests to
// Kustomer; see [Worker.New].
func (p *Process) NewWorker(w *Worker) (worker.Worker, error) {
	compared := reconcile.Observer{Compared: p.Metrics.Compared, Repaired: p.Metrics.Repaired, Held: p.Metrics.Held}
	served, err := w.New(p.Client, p.Traces.Kustomer(w.Kustomer.URL, p.Metrics.Kustomer), compared, p.Metrics.Steps(w.Kustomer.Budget))
	if err != nil {
		return nil, err
	}
	p.Metrics.CountsRunning(p.Client, p.Log)
	return served, nil
}

// Announce logs the version of the started program. It is called after the settings were validated.
func (p *Process) Announce() {
	running := build.Current()
	p.Log.Info("started", "version", running.Version, "commit", running.Commit, "date", running.Date)
}

// Stop closes the connection to Temporal and exports the last spans.
func (p *Process) Stop() {
	p.Client.Close()
	p.Traces.Stop()
}
