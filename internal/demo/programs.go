package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/callthread/callthread/internal/child"
)

// Programs are the command lines of the receiver and the worker. The stage configures
// them through environment variables.
type Programs struct {
	Receiver, Worker []string
	// Replicas is the number of processes of each program; 0 means 1. Receivers are behind a load
	// balancer.
	Replicas int
}

const (
	// programTimeout bounds the time until the receiver listens.
	programTimeout = 30 * time.Second
	// programStopTimeout bounds the time to stop. By then no steps or requests should be in
	// progress.
	programStopTimeout = 5 * time.Second
)

// startPrograms starts receivers and workers as separate processes.
func (s *Stage) startPrograms(ctx context.Context, options StageOptions) error {
	file := filepath.Join(s.Folder, "automations.yaml")
	if err := os.WriteFile(file, options.automations(), 0o600); err != nil {
		return fmt.Errorf("write the automations file: %w", err)
	}
	balancers := options.Ports.Webhooks
	if options.Programs.Replicas > 1 {
		options.Ports.Webhooks = 0 // no receiver may take the port of the load balancer
	}
	var receivers []string
	for n := range max(options.Programs.Replicas, 1) {
		address, err := s.startReceiverProgram(ctx, Receiver.nth(n+1), file, options)
		if err != nil {
			return err
		}
		if err := s.startProgram(ctx, Worker.nth(n+1), options.Programs.Worker, s.environment(address, file, options)); err != nil {
			return err
		}
		receivers = append(receivers, address)
	}
	base := "http://" + receivers[0]
	if len(receivers) > 1 {
		var err error
		if base, err = s.serve(balancers, balance(receivers)); err != nil {
			return err
		}
	}
	s.WebhookURL = base + "/webhooks/babelforce"
	return nil
}

// startReceiverProgram starts a receiver and waits until it answers. If it ends because
// another program has taken its port, it gets another port.
func (s *Stage) startReceiverProgram(ctx context.Context, name Part, automations string, options StageOptions) (address string, err error) {
	for range startAttempts {
		address = net.JoinHostPort("127.0.0.1", strconv.Itoa(options.port(options.Ports.Webhooks)))
		if err = s.startProgram(ctx, name, options.Programs.Receiver, s.environment(address, automations, options)); err != nil {
			return "", err
		}
		err = s.awaitReceiver(ctx, name, "http://"+address+"/healthz")
		if failed := (stageFailure{}); !errors.As(err, &failed) || failed.part != name {
			break
		}
	}
	return address, err
}

// startProgram starts one receiver or worker.
func (s *Stage) startProgram(ctx context.Context, name Part, line, environment []string) error {
	program := &part{start: func(context.Context) (*child.Process, error) {
		command := exec.Command(line[0], line[1:]...)
		command.Env = environment
		return child.Start(command)
	}}
	s.parts[name] = program
	if err := program.run(ctx, name, s.fail); err != nil {
		return err
	}
	s.closers = append(s.closers, func() {
		program.end(func(p *child.Process) { p.Stop(programStopTimeout) })
	})
	return nil
}

// balance sends requests to the receivers in turn, so that the events of one call pass
// through all of them. For a dead receiver it answers 502, as a load balancer does that has
// not noticed the failure.
func balance(receivers []string) http.Handler {
	var turn atomic.Uint64
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "http", Host: receivers[turn.Add(1)%uint64(len(receivers))]})
		},
		ErrorLog: log.New(io.Discard, "", 0), // errors about killed receivers are expected
	}
}

// products are the prefixes of the product's environment variables.
var products = []string{"TEMPORAL", "CALLTHREAD", "KUSTOMER", "BABELFORCE"}

// environment returns this process's environment without the user's settings of the product,
// and adds the stage's settings. An existing Temporal keeps its own client settings.
func (s *Stage) environment(listen, automations string, options StageOptions) (environment []string) {
	for _, setting := range os.Environ() {
		product, _, _ := strings.Cut(setting, "_")
		if product == "TEMPORAL" && options.Existing != nil || !slices.Contains(products, product) {
			environment = append(environment, setting)
		}
	}
	if options.Existing == nil {
		environment = append(environment, "TEMPORAL_CONFIG_FILE="+os.DevNull, "TEMPORAL_ADDRESS="+s.TemporalAddress)
	}
	if s.CallLogURL != "" {
		environment = append(environment, "BABELFORCE_URL="+s.CallLogURL, "BABELFORCE_TOKEN="+logToken,
			"CALLTHREAD_RECONCILE_SETTLE=1ms", "CALLTHREAD_RECONCILE_EVERY=24h") // the demo begins the comparisons
	}
	return append(environment,
		"CALLTHREAD_TASK_QUEUE="+s.TaskQueue,
		"KUSTOMER_URL="+s.KustomerURL,
		"KUSTOMER_API_KEY="+sandboxKey,
		"KUSTOMER_BUDGET="+strconv.Itoa(ourShare(options.Budget)),
		"CALLTHREAD_WEBHOOK_SECRET="+Secret,
		"CALLTHREAD_LISTEN="+listen,
		"CALLTHREAD_AUTOMATIONS="+automations,
		"CALLTHREAD_COUNTRY="+options.Country,
		"CALLTHREAD_ENCRYPTION_KEYS="+options.Keys,
		"CALLTHREAD_SETTLE="+options.Limits.Settle.String(),
		"CALLTHREAD_RECORDING_TIMEOUT="+options.Limits.Recording.String(),
		"CALLTHREAD_METRICS_LISTEN=", // no metrics
		"CALLTHREAD_LOG_LEVEL=error",
	)
}

// awaitReceiver waits until the receiver answers or a process has ended.
func (s *Stage) awaitReceiver(ctx context.Context, name Part, url string) error {
	ctx, cancel := context.WithTimeout(ctx, programTimeout)
	defer cancel()
	for {
		if response, err := http.Get(url); err == nil {
			return response.Body.Close()
		}
		select {
		case err := <-s.failed:
			return err
		case <-ctx.Done():
			return fmt.Errorf("wait for the receiver: %w\n%s", ctx.Err(), s.parts[name].process.Output())
		case <-time.After(50 * time.Millisecond):
		}
	}
}
