package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/urfave/cli/v2"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/worker"
	"golang.org/x/sync/semaphore"

	"github.com/callthread/callthread/activities"
	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/automation/load"
	"github.com/callthread/callthread/kustomer"
	"github.com/callthread/callthread/reconcile"
	"github.com/callthread/callthread/workflows"
)

// Worker contains the settings of a worker, and runs it.
type Worker struct {
	Temporal    *Temporal
	Kustomer    Kustomer
	Automations Automations
	Country     Country
	Version     Version
	Reconciler  Reconciler
	Notifier    Notifier
	Shadow      Shadow
	// CompareOnly makes the worker only compare calls with babelforce's log. It then needs no
	// settings for Kustomer.
	CompareOnly bool

	compares worker.Worker // nil without comparisons
	notifies worker.Worker // nil without notifications
	stopped  chan error    // fatal error of the worker
	steps    *activities.Activities
	inForce  *atomic.Pointer[automation.Set]
	warnings load.Problems // about the automations file at the start
	serves   atomic.Bool   // it has started and not begun to stop
}

// stopTimeout lets requests to Kustomer finish, so that another worker need not look up their
// result.
const stopTimeout = 15 * time.Second

// cachedCalls is the number of running workflows that a worker caches, at some 80 KiB each. The
// SDK's default of 10,000 would take 800 MiB. The history of another workflow, some twenty events,
// is read from Temporal with its next task.
const cachedCalls = 3000

// Flags returns the flags of the worker, without those of [Temporal].
func (w *Worker) Flags() []cli.Flag {
	return Flags(&w.Kustomer, &w.Automations, &w.Country, &w.Version, &w.Reconciler, &w.Notifier, &w.Shadow)
}

// New makes the worker of calls, and fails for missing or invalid settings. With CompareOnly it
// returns nil. Each exchange with Kustomer is passed to observe, and each result of a comparison or
// repair to compared. The interceptors apply to its activities.
func (w *Worker) New(c client.Client, observe func(context.Context, kustomer.Exchange), compared reconcile.Observer, watching ...interceptor.WorkerInterceptor) (worker.Worker, error) {
	country, err := w.Country.Parse()
	if err != nil {
		return nil, err
	}
	automations, warnings, err := w.Automations.Load(country)
	if err != nil {
		return nil, err
	}
	w.warnings = warnings
	w.inForce = new(atomic.Pointer[automation.Set])
	w.inForce.Store(automations)
	w.stopped = make(chan error, 1)
	if err := w.newBeside(c, country, compared); err != nil {
		return nil, err
	}
	if w.CompareOnly {
		if w.compares == nil {
			return nil, errors.New("--compare-only needs babelforce's credentials: --babelforce-user and --babelforce-password-file, or --babelforce-token-file")
		}
		return nil, nil
	}
	return w.newCalls(c, country, observe, watching)
}

// newCalls makes the worker of calls.
func (w *Worker) newCalls(c client.Client, country string, observe func(context.Context, kustomer.Exchange), watching []interceptor.WorkerInterceptor) (worker.Worker, error) {
	w.Kustomer.shadow = w.Shadow.On
	crm, err := w.Kustomer.Client(observe)
	if err != nil {
		return nil, err
	}
	deployment, err := w.Version.options()
	if err != nil {
		return nil, err
	}
	w.steps = activities.New(crm, w.inForce.Load, country)
	w.steps.CallerHash = w.Temporal.Encryption.CallerHash
	w.steps.Vendor = w.Shadow.Vendor
	options := workerOptions(StepsAtOnce(w.Kustomer.Budget), func(err error) { w.stopped <- err }, watching)
	options.DeploymentOptions = deployment
	return newWorker(c, w.Temporal.TaskQueue, w.steps, options), nil
}

// StepsAtOnce returns how many activities run at once for a budget in requests a minute: a fiftieth
// of it, 16 for the default budget, between 1 and the SDK's default of 1,000. Further activities
// wait in Temporal.
//
// An activity needs up to five requests. At this limit they take six seconds, well within its
// timeout. With many more activities each would time out before its last request, start again, and
// never finish. The limit does not waste the budget while Kustomer answers within 1.2 s, because
// the number of concurrent requests is their rate times their latency.
func StepsAtOnce(budget int) int { return min(max(budget/50, 1), 1000) }

// NewWorker makes a worker of calls for a task queue with the usual options, without a version. It
// runs stepsAtOnce activities at once (see [StepsAtOnce]). It calls onFatal if it stops with an
// error, for example because the namespace was deleted.
func NewWorker(c client.Client, taskQueue string, steps *activities.Activities, stepsAtOnce int, onFatal func(error), watching ...interceptor.WorkerInterceptor) worker.Worker {
	return newWorker(c, taskQueue, steps, workerOptions(stepsAtOnce, onFatal, watching))
}

func workerOptions(stepsAtOnce int, onFatal func(error), watching []interceptor.WorkerInterceptor) worker.Options {
	return worker.Options{
		WorkerStopTimeout:                  stopTimeout,
		MaxConcurrentActivityExecutionSize: stepsAtOnce,
		// Half of the pollers poll the sticky queue of cached workflows, and events wait for one of
		// them. A poller is busy until its task is handed over, up to 100 ms on a busy server
		// (docs/performance.md).
		MaxConcurrentWorkflowTaskPollers: 20,
		OnFatalError:                     onFatal,
		Interceptors:                     watching,
	}
}

func newWorker(c client.Client, taskQueue string, steps *activities.Activities, options worker.Options) worker.Worker {
	worker.SetStickyWorkflowCacheSize(cachedCalls) // shared by all workers of a process
	steps.LocalSlots = semaphore.NewWeighted(int64(options.MaxConcurrentActivityExecutionSize))
	served := worker.New(c, taskQueue, options)
	workflows.Register(served, steps)
	return served
}

// InForce returns the automations for new calls. They change when the file is reloaded. New must be
// called first.
func (w *Worker) InForce() *automation.Set { return w.inForce.Load() }

// Run waits for Temporal and runs the worker from [Worker.New] until the context ends. Then it lets
// running activities finish, for at most 15 seconds. It fails if a worker cannot start or stops with
// an error. The worker is nil with CompareOnly.
func (w *Worker) Run(ctx context.Context, c client.Client, served worker.Worker, log *slog.Logger) error {
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP) // before the wait for Temporal, so that SIGHUP never ends the process
	defer signal.Stop(hangups)
	logWarnings(log, w.warnings)
	if err := w.Temporal.AwaitReady(ctx, c, log); err != nil {
		return nil // the context has ended
	}
	if served != nil {
		if err := served.Start(); err != nil {
			return fmt.Errorf("start the worker: %w", err)
		}
		log.Info(w.Shadow.serving(), "temporal", w.Temporal.Address(), "namespace", w.Temporal.Namespace(), "taskQueue", w.Temporal.TaskQueue)
	}
	stop, err := w.startBeside(ctx, c, log)
	if err != nil {
		return err
	}
	defer stop()
	w.serves.Store(true)
	if served != nil && w.Version.On() {
		w.Version.announce(ctx, c.WorkerDeploymentClient().GetHandle(w.Version.Deployment), w.Temporal.Namespace(), log)
	}
	if err := w.attend(ctx, hangups, log); err != nil {
		return err
	}
	w.serves.Store(false)
	log.Info("worker stops: finishing running activities", "atMost", stopTimeout)
	if served != nil {
		served.Stop()
	}
	return nil
}

// Ready returns why the worker cannot serve calls now, or nil.
func (w *Worker) Ready(ctx context.Context, c client.Client) error {
	if !w.serves.Load() {
		return cmp.Or(w.Temporal.Ready(), errors.New("the worker is starting or stopping"))
	}
	if _, err := c.CheckHealth(ctx, &client.CheckHealthRequest{}); err != nil {
		return errors.New("Temporal cannot be reached")
	}
	return nil
}

// attend reloads changed files until the context ends or the worker fails.
func (w *Worker) attend(ctx context.Context, hangups <-chan os.Signal, log *slog.Logger) error {
	look := time.NewTicker(lookForKey)
	defer look.Stop()
	for {
		select {
		case err := <-w.stopped:
			return fmt.Errorf("the worker failed: %w", err)
		case <-hangups:
			w.reload(log)
			w.Kustomer.look(log)
		case <-look.C:
			w.Kustomer.look(log)
		case <-ctx.Done():
			return nil
		}
	}
}

// reload loads a changed automations file. An invalid file does not replace a valid one.
func (w *Worker) reload(log *slog.Logger) {
	country, _ := w.Country.Parse() // New has already validated it
	automations, warnings, err := w.Automations.Load(country)
	if err != nil {
		log.Error("the automations file was not loaded: calls go on with the previous one", "problem", err)
		return
	}
	w.inForce.Store(automations)
	log.Info("the automations file was loaded", "version", automations.Version)
	logWarnings(log, warnings)
}

func logWarnings(log *slog.Logger, warnings load.Problems) {
	for _, warning := range warnings {
		log.Warn("the automations file may contain a mistake", "warning", warning.String())
	}
}
