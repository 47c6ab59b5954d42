package main

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/callthread/callthread/babelforce"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/internal/app"
)

// server is the webhook receiver and its flags.
type server struct {
	logging  app.Log
	temporal app.Temporal
	worker   app.Worker
	tls      serverTLS
	proxies  proxies

	listen        string
	metricsListen string
	secretFile    string
	insecure      bool
	withWorker    bool
	waitTimeout   time.Duration
	rate          float64
	limits        call.Limits
}

const (
	// maxWait leaves time within writeTimeout to accept the event and to answer.
	maxWait = writeTimeout - 20*time.Second
	maxRate = 1_000_000
	// shortSecret is the length below which a secret is probably a word, not random.
	shortSecret = 16
)

// Flags returns the flags of the receiver itself.
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
			Usage: "accept webhooks from anyone, if no secret is set", Destination: &s.insecure,
		},
		&cli.BoolFlag{
			Name: "with-worker", EnvVars: []string{"CALLTHREAD_WITH_WORKER"},
			Usage: "also run the worker in this process, which is faster on one machine; it needs the settings of Kustomer below", Destination: &s.withWorker,
		},
		app.MetricsFlag(":9091", &s.metricsListen),
		&cli.DurationFlag{
			Name: "wait-timeout", EnvVars: []string{"CALLTHREAD_WAIT_TIMEOUT"},
			Usage: "how long ?wait=conversation waits for the conversation", Value: 5 * time.Second, Destination: &s.waitTimeout,
		},
		&cli.Float64Flag{
			Name: "max-rate", EnvVars: []string{"CALLTHREAD_MAX_RATE"},
			Usage: "webhooks a second; a burst waits for up to eight seconds, and further webhooks are answered 429; 0 is no limit", Value: 200, Destination: &s.rate,
		},
		&cli.DurationFlag{
			Name: "bridge-timeout", EnvVars: []string{"CALLTHREAD_BRIDGE_TIMEOUT"},
			Usage: "how long an unanswered call may stay without a report before it counts as missed", Value: call.DefaultLimits.Bridge, Destination: &s.limits.Bridge,
		},
		&cli.DurationFlag{
			Name: "end-timeout", EnvVars: []string{"CALLTHREAD_END_TIMEOUT"},
			Usage: "how much longer than --bridge-timeout, from its start, an answered call waits for its end", Value: call.DefaultLimits.End, Destination: &s.limits.End,
		},
		&cli.DurationFlag{
			Name: "settle", EnvVars: []string{"CALLTHREAD_SETTLE"},
			Usage: "how long a call waits for late reports after its end, before its outcome is written", Value: call.DefaultLimits.Settle, Destination: &s.limits.Settle,
		},
		&cli.DurationFlag{
			Name: "recording-timeout", EnvVars: []string{"CALLTHREAD_RECORDING_TIMEOUT"},
			Usage: "how long a call waits for recordings after its end, if an automation needs them", Value: call.DefaultLimits.Recording, Destination: &s.limits.Recording,
		},
	}
}

// validate returns an error for settings that cannot work.
func (s *server) validate() error {
	switch {
	case s.listen == "":
		return errors.New("--listen (CALLTHREAD_LISTEN) must not be empty")
	case s.waitTimeout <= 0 || s.waitTimeout > maxWait:
		return fmt.Errorf("--wait-timeout (CALLTHREAD_WAIT_TIMEOUT) must be above 0 and at most %s", maxWait)
	case !(s.rate >= 0 && s.rate <= maxRate): // NaN too
		return fmt.Errorf("--max-rate (CALLTHREAD_MAX_RATE) must be between 0 and %d", maxRate)
	case min(s.limits.Bridge, s.limits.End, s.limits.Settle, s.limits.Recording) < 0:
		return errors.New("--bridge-timeout (CALLTHREAD_BRIDGE_TIMEOUT), --end-timeout (CALLTHREAD_END_TIMEOUT), --settle (CALLTHREAD_SETTLE) and --recording-timeout (CALLTHREAD_RECORDING_TIMEOUT) must not be negative")
	}
	return nil
}

// verifier reads the webhook secrets. It fails if none is set, except with --insecure.
func (s *server) verifier(log *slog.Logger) (*babelforce.Verifier, error) {
	secrets, err := app.Secret(s.secretFile, "--webhook-secret-file", "CALLTHREAD_WEBHOOK_SECRET")
	if err != nil {
		return nil, err
	}
	if secrets == "" {
		if !s.insecure {
			return nil, errors.New("no webhook secret: set --webhook-secret-file or CALLTHREAD_WEBHOOK_SECRET to a long random text (or pass --insecure to accept webhooks from anyone)")
		}
		log.Warn("webhooks are accepted from anyone: no secret is set")
		return nil, nil
	}
	verifier, err := babelforce.NewVerifier(strings.Split(secrets, ","))
	if err != nil {
		return nil, fmt.Errorf("--webhook-secret-file or CALLTHREAD_WEBHOOK_SECRET: %w", err)
	}
	for secret := range strings.SplitSeq(secrets, ",") {
		if len(strings.TrimSpace(secret)) < shortSecret {
			log.Warn("a webhook secret is short enough to be guessed: create a long one with `openssl rand -hex 32`")
		}
	}
	return verifier, nil
}
