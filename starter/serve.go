package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os/signal"
	"syscall"

	"github.com/urfave/cli/v2"
	"go.temporal.io/sdk/worker"
	"golang.org/x/sync/errgroup"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/babelforce"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/internal/app"
	"github.com/callthread/callthread/internal/source"
	"github.com/callthread/callthread/starter/webhook"
)

func serveCommand(logs io.Writer) *cli.Command {
	s := &server{}
	s.worker.Temporal = &s.temporal
	return &cli.Command{
		Name:        "serve",
		Usage:       "receive webhooks (the default)",
		Description: app.ServeHelp,
		Flags:       app.Flags(s, &s.proxies, &s.tls, &s.temporal, &s.worker, &s.logging),
		Action: func(c *cli.Context) error {
			if err := app.NoArguments(c); err != nil {
				return err
			}
			log, err := s.logging.Logger(logs)
			if err != nil {
				return err
			}
			if err := s.worker.InMode(c); err != nil {
				return err
			}
			return s.run(c.Context, s.worker.Shadow.Log(log))
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
	process, err := app.Start(ctx, "callthread-starter", &s.temporal, s.worker.Shadow.On, log)
	if err != nil {
		return err
	}
	defer process.Stop()

	var served worker.Worker
	inForce := s.worker.InForce
	if s.withWorker {
		s.worker.Reconciler.Limits = s.limits
		if served, err = process.NewWorker(&s.worker); err != nil {
			return err
		}
	} else if inForce, err = s.prepareAlone(); err != nil {
		return err
	}
	handler := s.handler(process, verifier, proxies, func() bool { return inForce().Handles(call.Outbound) })
	listener, err := s.tls.listenAt(s.listen, log)
	if err != nil {
		return err
	}

	group, ctx := errgroup.WithContext(ctx)
	if err := process.Metrics.Serve(ctx, s.metricsListen, nil, log); err != nil {
		return errors.Join(err, listener.Close(), group.Wait())
	}
	process.Announce()
	workerCtx, stopWorker := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWorker()
	if s.withWorker {
		group.Go(func() error { return s.worker.Run(workerCtx, process.Client, served, log) })
	} else {
		group.Go(func() error {
			_ = s.temporal.AwaitReady(ctx, process.Client, log) // ends early only when told to stop
			return nil
		})
	}
	group.Go(func() error {
		defer stopWorker()
		return serveHTTP(ctx, listener, process.Traces.Webhooks(handler), proxies, log)
	})
	return group.Wait()
}

func (s *server) handler(process *app.Process, verifier *babelforce.Verifier, proxies source.Proxies, wantsOutbound func() bool) http.Handler {
	count, countIgnored := process.Metrics.Webhooks(), process.Metrics.IgnoredFields(babelforce.KnownFields())
	return webhook.New(webhook.Config{
		Temporal:  process.Client,
		TaskQueue: s.temporal.TaskQueue,
		Verifier:  verifier,
		// Temporal would begin a call on this very build, whichever is current.
		Eager:            s.withWorker && !s.worker.Version.On(),
		ConversationWait: s.waitTimeout,
		Rate:             s.rate,
		Proxies:          proxies,
		Ready:            s.temporal.Ready,
		Outgoing:         wantsOutbound,
		Limits:           s.limits,
		Shadow:           s.worker.Shadow.On,
		Log:              process.Log,
		Observe: func(a webhook.Answered) {
			count(a.Event, a.Status, a.Late || a.Ignored, a.Took)
			countIgnored(a.IgnoredFields)
		},
	})
}

// prepareAlone is for a receiver whose workers are other processes. It returns
// the automations, of which workers carry out all and a receiver needs to know
// but whether they want calls that agents place. To want them, or no more, takes
// a restart of such a receiver: only workers take up a changed file.
func (s *server) prepareAlone() (inForce func() *automation.Set, err error) {
	// Workers read the automations anew on a hangup, and whoever sends it to all
	// of a deployment must not end its receivers, as is the default.
	signal.Ignore(syscall.SIGHUP)
	automations, _, err := s.worker.Automations.Load("")
	return func() *automation.Set { return automations }, err
}
