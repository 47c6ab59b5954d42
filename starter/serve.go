package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os/signal"
	"syscall"

	"github.com/urfave/cli/v2"
	"go.temporal.io/sdk/worker"
	"golang.org/x/sync/errgroup"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/internal/config"
	"github.com/callthread/callthread/internal/metrics"
	"github.com/callthread/callthread/internal/tracing"
	"github.com/callthread/callthread/starter/webhook"
)

func serveCommand(logs io.Writer) *cli.Command {
	s := &server{}
	s.worker.Temporal = &s.temporal
	return &cli.Command{
		Name:        "serve",
		Usage:       "receive webhooks (the default)",
		Description: config.TemporalHelp + "\n\n" + tracing.Help,
		Flags:       config.Flags(s, &s.proxies, &s.tls, &s.temporal, &s.worker, &s.logging),
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
	proxies, err := s.proxies.Parse()
	if err != nil {
		return err
	}
	traced, err := tracing.Start(ctx, "callthread-starter", log)
	if err != nil {
		return err
	}
	defer traced.Stop()
	counted := metrics.New()
	webhooks := counted.Webhooks()
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
	listener, err := s.tls.listenAt(s.listen, log)
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
		Temporal:  client,
		TaskQueue: s.temporal.TaskQueue,
		Verifier:  verifier,
		// Temporal would begin a call on this very build, whichever is current.
		Eager:            s.withWorker && !s.worker.Version.On(),
		ConversationWait: s.waitTimeout,
		Rate:             s.rate,
		Proxies:          proxies,
		Ready:            s.temporal.Ready,
		Outgoing:         func() bool { return inForce().Handles(call.Outbound) },
		Limits:           s.limits,
		Log:              log,
		Observe:          func(a webhook.Answered) { webhooks(a.Event, a.Status, a.Late || a.Ignored, a.Took) },
	})
	group.Go(func() error {
		defer stopWorker()
		return serveHTTP(ctx, listener, traced.Webhooks(handler), proxies, log)
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
