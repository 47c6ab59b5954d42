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

// Worker says how calls are served.
type Worker struct {
	Temporal    *Temporal
	Kustomer    Kustomer
	Automations Automations
	Country     Country
	Version     Version
	Reconciler  Reconciler
	Notifier    Notifier
	Shadow      Shadow
	// CompareOnly has the worker compare calls and serve none, so that it needs nothing of Kustomer's.
	CompareOnly bool
	// Compared is given what comparisons with babelforce's log find and repair.
	Compared reconcile.Observer

	compares worker.Worker // nil where nothing is compared
	notifies worker.Worker // nil where no messages are sent
	stopped  chan error    // by Temporal's refusal, which no waiting heals
	steps    *activities.Activities
	inForce  *atomic.Pointer[automation.Set]
	warnings load.Problems // of the automations file that it started with
	serves   atomic.Bool   // it has started, and was not told to stop
}

// stopTimeout lets requests to Kustomer finish, so that nothing has to be looked up again elsewhere.
const stopTimeout = 15 * time.Second

// cachedCalls is how many calls under way a worker keeps in memory, at some 60
// KiB each; the SDK's default of 10,000 would be 600 MiB. Others are read from
// Temporal when something is heard of them, some twenty events each.
const cachedCalls = 3000

// Flags are the settings, without those of Temporal.
func (w *Worker) Flags() []cli.Flag {
	return Flags(&w.Kustomer, &w.Automations, &w.Country, &w.Version, &w.Reconciler, &w.Notifier, &w.Shadow)
}

// New makes the worker; missing settings are refused here, before anything runs.
// Its requests to Kustomer are told to observe, and its steps pass through the interceptors.
func (w *Worker) New(c client.Client, observe func(context.Context, kustomer.Exchange), watching ...interceptor.WorkerInterceptor) (worker.Worker, error) {
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
	if err := w.newBeside(c, country); err != nil {
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

// StepsAtOnce is how many steps share a budget of requests a minute at once: a
// fiftieth of it, sixteen of the default. The five requests that one may need then
// take six seconds, well within the time that a step has; with many more each would be
// cut off before its last turn, begin again, and none would ever finish. The
// rest wait in Temporal. The budget is used up with fewer than these as long as Kustomer
// takes less than 1.2 s for an answer: requests under way are their rate times their
// latency. At most 1,000, as in the SDK.
func StepsAtOnce(budget int) int { return min(max(budget/50, 1), 1000) }

// NewWorker makes a worker for a task queue, set up as all of ours are but of no
// version, that carries out so many steps at once (see [StepsAtOnce]). It tells
// onFatal when it has given up, as it does where the namespace is gone.
func NewWorker(c client.Client, taskQueue string, steps *activities.Activities, stepsAtOnce int, onFatal func(error), watching ...interceptor.WorkerInterceptor) worker.Worker {
	return newWorker(c, taskQueue, steps, workerOptions(stepsAtOnce, onFatal, watching))
}

func workerOptions(stepsAtOnce int, onFatal func(error), watching []interceptor.WorkerInterceptor) worker.Options {
	return worker.Options{
		WorkerStopTimeout:                  stopTimeout,
		MaxConcurrentActivityExecutionSize: stepsAtOnce,
		// An event waits for one of the half of them that poll for calls which this worker has
		// in memory. Each is busy until its task was handed over, up to 100 ms on a busy server
		// (docs/performance.md).
		MaxConcurrentWorkflowTaskPollers: 20,
		OnFatalError:                     onFatal,
		Interceptors:                     watching,
	}
}

func newWorker(c client.Client, taskQueue string, steps *activities.Activities, options worker.Options) worker.Worker {
	worker.SetStickyWorkflowCacheSize(cachedCalls) // one for all workers of a process
	steps.LocalRoom = semaphore.NewWeighted(int64(options.MaxConcurrentActivityExecutionSize))
	served := worker.New(c, taskQueue, options)
	workflows.Register(served, steps)
	return served
}

// InForce is the automations that new calls use, once the worker is made. They
// change when their file is read anew.
func (w *Worker) InForce() *automation.Set { return w.inForce.Load() }

// Run serves calls until the context ends, then finishes the steps under way. The
// worker of calls is nil where only comparisons are made.
func (w *Worker) Run(ctx context.Context, c client.Client, served worker.Worker, log *slog.Logger) error {
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP) // from the start: one that comes while Temporal is waited for must not end the process
	defer signal.Stop(hangups)
	logWarnings(log, w.warnings)
	if err := w.Temporal.AwaitReady(ctx, c, log); err != nil {
		return nil // told to stop while waiting
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
	log.Info("worker stops: finishing the steps under way", "atMost", stopTimeout)
	if served != nil {
		served.Stop()
	}
	return nil
}

// Ready says what keeps the worker from serving calls now, if anything.
func (w *Worker) Ready(ctx context.Context, c client.Client) error {
	if !w.serves.Load() {
		return cmp.Or(w.Temporal.Ready(), errors.New("the worker starts, or stops"))
	}
	if _, err := c.CheckHealth(ctx, &client.CheckHealthRequest{}); err != nil {
		return errors.New("Temporal cannot be reached")
	}
	return nil
}

// attend takes up changed files until the context ends or the worker gives up.
func (w *Worker) attend(ctx context.Context, hangups <-chan os.Signal, log *slog.Logger) error {
	look := time.NewTicker(lookForKey)
	defer look.Stop()
	for {
		select {
		case err := <-w.stopped:
			return fmt.Errorf("the worker cannot go on: %w", err)
		case <-hangups:
			w.reload(log)
			w.Kustomer.takeUpKey(log)
		case <-look.C:
			w.Kustomer.takeUpKey(log)
			w.Kustomer.logWait(w.Kustomer.client.WaitsUntil(), log)
		case <-ctx.Done():
			return nil
		}
	}
}

// reload takes up a changed automations file. A bad one never replaces a good one.
func (w *Worker) reload(log *slog.Logger) {
	country, _ := w.Country.Parse() // New has refused what is none
	automations, warnings, err := w.Automations.Load(country)
	if err != nil {
		log.Error("the automations file was not taken up: calls go on with the one before", "problem", err)
		return
	}
	w.inForce.Store(automations)
	log.Info("the automations file was taken up", "version", automations.Version)
	logWarnings(log, warnings)
}

func logWarnings(log *slog.Logger, warnings load.Problems) {
	for _, warning := range warnings {
		log.Warn("something in the automations file looks wrong", "warning", warning.String())
	}
}
