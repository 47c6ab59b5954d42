package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/urfave/cli/v2"
	"go.temporal.io/sdk/worker"
	"golang.org/x/sync/errgroup"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/babelforce"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/internal/config"
	"github.com/callthread/callthread/internal/metrics"
	"github.com/callthread/callthread/internal/tracing"
	"github.com/callthread/callthread/starter/webhook"
	"github.com/callthread/callthread/workflows"
)

// server is the webhook receiver with its settings.
type server struct {
	logging  config.Log
	temporal config.Temporal
	worker   config.Worker

	listen        string
	metricsListen string
	secretFile    string
	insecure      bool
	withWorker    bool
	waitTimeout   time.Duration
	rate          float64
	patience      workflows.Patience
}

const (
	// maxWait leaves time to accept the event before the wait, and to answer after it.
	maxWait = writeTimeout - 20*time.Second
	maxRate = 1_000_000
)

func serveCommand(logs io.Writer) *cli.Command {
	s := &server{}
	s.worker.Temporal = &s.temporal
	return &cli.Command{
		Name:        "serve",
		Usage:       "receive webhooks (the default)",
		Description: config.TemporalHelp + "\n\n" + tracing.Help,
		Flags:       config.Flags(s, &s.temporal, &s.worker, &s.logging),
		Action: func(c *cli.Context) error {
			if err := config.NoArguments(c); err != nil {
				return err
			}
			log, err := s.logging.Logger(logs)
			if err != nil {
				return err
			}
			return s.run(c.Context, log)
		},
	}
}

// Flags are the settings of the receiver itself.
func (s *server) Flags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{
			Name: "listen", EnvVars: []string{"CALLTHREAD_LISTEN"},
			Usage: "`ADDRESS` at which webhooks are received", Value: ":8080", Destination: &s.listen,
		},
		&cli.StringFlag{
			Name: "webhook-secret-file", EnvVars: []string{"CALLTHREAD_WEBHOOK_SECRET_FILE"},
			Usage: "`FILE` with the webhook secret, or several separated by commas while one replaces another; without it they are read from CALLTHREAD_WEBHOOK_SECRET", Destination: &s.secretFile,
		},
		&cli.BoolFlag{
			Name:  "insecure",
			Usage: "accept webhooks from anybody, where no secret is set", Destination: &s.insecure,
		},
		&cli.BoolFlag{
			Name: "with-worker", EnvVars: []string{"CALLTHREAD_WITH_WORKER"},
			Usage: "run the worker in this process too, which is faster on one machine; its settings are those of Kustomer below", Destination: &s.withWorker,
		},
		config.MetricsFlag(":9091", &s.metricsListen),
		&cli.DurationFlag{
			Name: "wait-timeout", EnvVars: []string{"CALLTHREAD_WAIT_TIMEOUT"},
			Usage: "how long ?wait=conversation waits for the conversation", Value: 5 * time.Second, Destination: &s.waitTimeout,
		},
		&cli.Float64Flag{
			Name: "max-rate", EnvVars: []string{"CALLTHREAD_MAX_RATE"},
			Usage: "webhooks a second beyond which senders are told to slow down; 0 is no limit", Value: 200, Destination: &s.rate,
		},
		&cli.DurationFlag{
			Name: "bridge-timeout", EnvVars: []string{"CALLTHREAD_BRIDGE_TIMEOUT"},
			Usage: "how long a call may go unanswered, with no word of its end, before it counts as missed", Value: workflows.DefaultPatience.Bridge, Destination: &s.patience.Bridge,
		},
		&cli.DurationFlag{
			Name: "end-timeout", EnvVars: []string{"CALLTHREAD_END_TIMEOUT"},
			Usage: "how long after that the end of an answered call is waited for", Value: workflows.DefaultPatience.End, Destination: &s.patience.End,
		},
		&cli.DurationFlag{
			Name: "settle", EnvVars: []string{"CALLTHREAD_SETTLE"},
			Usage: "how long after the end of a call overtaken events are waited for, before its outcome is written", Value: workflows.DefaultPatience.Settle, Destination: &s.patience.Settle,
		},
		&cli.DurationFlag{
			Name: "recording-timeout", EnvVars: []string{"CALLTHREAD_RECORDING_TIMEOUT"},
			Usage: "how long after the end of a call its recordings are waited for, where an automation wants them", Value: workflows.DefaultPatience.Recording, Destination: &s.patience.Recording,
		},
	}
}

// run serves until the context ends, then answers what it has taken, finishes
// the worker's steps, and only then lets go of Temporal.
func (s *server) run(ctx context.Context, log *slog.Logger) error {
	if err := s.validate(); err != nil {
		return err
	}
	verifier, err := s.verifier(log)
	if err != nil {
		return err
	}
	traced, err := tracing.Start(ctx, "callthread-starter", log)
	if err != nil {
		return err
	}
	defer traced.Stop()
	counted := metrics.New()
	s.temporal.Metrics, s.temporal.Interceptors = counted.SDK(), traced.Interceptors()
	client, err := s.temporal.Client(log)
	if err != nil {
		return err
	}
	defer client.Close()

	var served worker.Worker
	inForce := s.worker.InForce
	if s.withWorker {
		if served, err = s.worker.New(client, traced.Kustomer(s.worker.Kustomer.URL, counted.Kustomer), counted.Steps(s.worker.Kustomer.Budget)); err != nil {
			return err
		}
		counted.CountsRunning(client, log)
	} else if inForce, err = s.prepareAlone(); err != nil {
		return err
	}
	listener, err := listenAt(s.listen)
	if err != nil {
		return err
	}

	group, ctx := errgroup.WithContext(ctx)
	if err := counted.Serve(ctx, s.metricsListen, nil, log); err != nil {
		return errors.Join(err, listener.Close(), group.Wait())
	}
	workerCtx, stopWorker := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWorker()
	if s.withWorker {
		group.Go(func() error { return s.worker.Run(workerCtx, client, served, log) })
	} else {
		group.Go(func() error {
			_ = s.temporal.AwaitReady(ctx, client, log) // ends early only when told to stop
			return nil
		})
	}
	handler := webhook.New(webhook.Config{
		Temporal:         client,
		TaskQueue:        s.temporal.TaskQueue,
		Verifier:         verifier,
		Eager:            s.withWorker,
		ConversationWait: s.waitTimeout,
		Rate:             s.rate,
		Outgoing:         func() bool { return inForce().Handles(call.Outbound) },
		Patience:         s.patience,
		Log:              log,
		Observe:          func(a webhook.Answered) { counted.Webhook(a.Event, a.Status, a.Late || a.Ignored, a.Took) },
	})
	group.Go(func() error {
		defer stopWorker()
		return serveHTTP(ctx, listener, traced.Webhooks(handler), log)
	})
	return group.Wait()
}

// prepareAlone is for a receiver whose workers are other processes. It returns
// the automations, of which workers carry out all and a receiver needs to know
// but whether they want calls that agents place. To want them, or no more, takes
// a restart of such a receiver: only workers take up a changed file.
func (s *server) prepareAlone() (inForce func() *automation.Set, err error) {
	// Workers read the automations anew on a hangup, and whoever sends it to all
	// of a deployment must not end its receivers, as is the default.
	signal.Ignore(syscall.SIGHUP)
	automations, err := s.worker.Automations.Load()
	return func() *automation.Set { return automations }, err
}

// validate refuses settings that cannot work, before anything runs.
func (s *server) validate() error {
	switch {
	case s.listen == "":
		return errors.New("--listen (CALLTHREAD_LISTEN) must not be empty")
	case s.waitTimeout <= 0 || s.waitTimeout > maxWait:
		return fmt.Errorf("--wait-timeout (CALLTHREAD_WAIT_TIMEOUT) must be above 0 and at most %s", maxWait)
	case !(s.rate >= 0 && s.rate <= maxRate): // NaN too
		return fmt.Errorf("--max-rate (CALLTHREAD_MAX_RATE) must be between 0 and %d", maxRate)
	case min(s.patience.Bridge, s.patience.End, s.patience.Settle, s.patience.Recording) < 0:
		return errors.New("--bridge-timeout (CALLTHREAD_BRIDGE_TIMEOUT), --end-timeout (CALLTHREAD_END_TIMEOUT), --settle (CALLTHREAD_SETTLE) and --recording-timeout (CALLTHREAD_RECORDING_TIMEOUT) must not be negative")
	}
	return nil
}

// verifier reads the secrets that senders must know. Only --insecure does without.
func (s *server) verifier(log *slog.Logger) (*babelforce.Verifier, error) {
	secrets, err := config.Secret(s.secretFile, "--webhook-secret-file", "CALLTHREAD_WEBHOOK_SECRET")
	if err != nil {
		return nil, err
	}
	if secrets == "" {
		if !s.insecure {
			return nil, errors.New("no webhook secret: set --webhook-secret-file or CALLTHREAD_WEBHOOK_SECRET to a long random text (or pass --insecure to let anybody post)")
		}
		log.Warn("webhooks are accepted from anybody: no secret is set")
		return nil, nil
	}
	verifier, err := babelforce.NewVerifier(strings.Split(secrets, ","))
	if err != nil {
		return nil, fmt.Errorf("--webhook-secret-file or CALLTHREAD_WEBHOOK_SECRET: %w", err)
	}
	return verifier, nil
}
