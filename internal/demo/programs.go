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
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/callthread/callthread/internal/child"
)

// Programs are the command lines of the product's two programs. What they
// need to know they are told by their environment.
type Programs struct {
	Receiver, Worker []string
	// Replicas is how many run of each, the receivers behind a load balancer; 0 is one.
	Replicas int
}

const (
	// programTimeout is how long the receiver may take until it listens.
	programTimeout = 30 * time.Second
	// programStopTimeout is for steps and requests under way, of which there should be none any more.
	programStopTimeout = 5 * time.Second
)

// startPrograms starts receivers and workers as processes of their own.
func (s *Stage) startPrograms(ctx context.Context, options StageOptions) error {
	file := filepath.Join(s.Folder, "automations.yaml")
	if err := os.WriteFile(file, options.automations(), 0o600); err != nil {
		return fmt.Errorf("write the automations file: %w", err)
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
		if base, err = s.serve(options.Ports.Webhooks, balance(receivers)); err != nil {
			return err
		}
	}
	s.WebhookURL = base + "/webhooks/babelforce"
	return nil
}

// startReceiverProgram starts a receiver and waits until it answers. If it ends
// instead, because another program has taken its port, it gets another port.
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

// balance hands requests to receivers in turn, so that the events of one call
// come through all of them. One that is dead answers 502 until it is back, as a
// load balancer does that has not noticed yet.
func balance(receivers []string) http.Handler {
	var turn atomic.Uint64
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "http", Host: receivers[turn.Add(1)%uint64(len(receivers))]})
		},
		ErrorLog: log.New(io.Discard, "", 0), // of those that were killed
	}
}

// environment is ours without the settings of whoever runs this, and with those
// of the stage. A Temporal that was there already is reached as we reach it.
func (s *Stage) environment(listen, automations string, options StageOptions) (environment []string) {
	for _, setting := range os.Environ() {
		product, _, _ := strings.Cut(setting, "_")
		if product == "TEMPORAL" && options.Existing != nil || product != "TEMPORAL" && product != "CALLTHREAD" && product != "KUSTOMER" {
			environment = append(environment, setting)
		}
	}
	if options.Existing == nil {
		environment = append(environment, "TEMPORAL_CONFIG_FILE="+os.DevNull, "TEMPORAL_ADDRESS="+s.TemporalAddress)
	}
	return append(environment,
		"CALLTHREAD_TASK_QUEUE="+s.TaskQueue,
		"KUSTOMER_URL="+s.KustomerURL,
		"KUSTOMER_API_KEY="+sandboxKey,
		"KUSTOMER_BUDGET="+strconv.Itoa(ourShare(options.Budget)),
		"CALLTHREAD_WEBHOOK_SECRET="+Secret,
		"CALLTHREAD_LISTEN="+listen,
		"CALLTHREAD_AUTOMATIONS="+automations,
		"CALLTHREAD_ENCRYPTION_KEYS="+options.Keys,
		"CALLTHREAD_SETTLE="+options.Limits.Settle.String(),
		"CALLTHREAD_RECORDING_TIMEOUT="+options.Limits.Recording.String(),
		"CALLTHREAD_METRICS_LISTEN=", // none
		"CALLTHREAD_LOG_LEVEL=error",
	)
}

// awaitReceiver waits until the receiver answers, or something has ended instead.
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
