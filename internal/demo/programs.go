package demo

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/callthread/callthread/internal/child"
)

// Programs are the command lines of the product's two programs. What they
// need to know they are told by their environment.
type Programs struct{ Receiver, Worker []string }

// Part is a process of the stage.
type Part string

// The parts that can be killed.
const (
	Receiver Part = "receiver"
	Worker   Part = "worker"
	Temporal Part = "Temporal"
)

var parts = []Part{Receiver, Temporal, Worker}

const (
	// programTimeout is how long the receiver may take until it listens.
	programTimeout = 30 * time.Second
	// programStopTimeout is for steps and requests under way, of which there should be none any more.
	programStopTimeout = 5 * time.Second
)

// stageFailure is what makes it pointless to go on.
type stageFailure struct{ error }

// part is a process that can be killed and started anew.
type part struct {
	start func(context.Context) (*child.Process, error)

	mu      sync.Mutex
	process *child.Process
	down    bool // on purpose
}

// run starts the part, and tells the stage should it end by itself.
func (p *part) run(ctx context.Context, name Part, fail func(error)) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	process, err := p.start(ctx)
	if err != nil {
		return fmt.Errorf("start %s: %w", name, err)
	}
	p.process, p.down = process, false
	go p.watch(process, name, fail)
	return nil
}

func (p *part) watch(process *child.Process, name Part, fail func(error)) {
	<-process.Exited()
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.down && p.process == process {
		fail(fmt.Errorf("%s ended by itself: %s\n%s", name, process.End(), process.Output()))
	}
}

// end lets go of the process in the given way.
func (p *part) end(how func(*child.Process)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.down = true
	how(p.process)
}

// Kill ends a part with no chance to tidy up.
func (s *Stage) Kill(name Part) { s.parts[name].end((*child.Process).Kill) }

// Restart starts a part that was killed, at the same address. It waits until Temporal answers, but not for the others.
func (s *Stage) Restart(ctx context.Context, name Part) error {
	return s.parts[name].run(ctx, name, s.fail)
}

// fail ends the run.
func (s *Stage) fail(err error) {
	select {
	case s.failed <- stageFailure{err}:
	default: // one failure is enough
	}
}

// untilFailure is a context that ends when the stage fails, with that as its cause.
func (s *Stage) untilFailure(ctx context.Context) (context.Context, context.CancelFunc) {
	watched, fail := context.WithCancelCause(ctx)
	go func() {
		select {
		case err := <-s.failed:
			fail(err)
		case <-watched.Done():
		}
	}()
	return watched, func() { fail(context.Canceled) }
}

// failure is what has ended the context, if it was the stage.
func failure(ctx context.Context) error {
	var failed stageFailure
	if errors.As(context.Cause(ctx), &failed) {
		return failed.error
	}
	return nil
}

// startPrograms starts receiver and worker as processes of their own.
func (s *Stage) startPrograms(ctx context.Context, options StageOptions) error {
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(options.port(webhookPort)))
	file := filepath.Join(s.Folder, "automations.yaml")
	if err := os.WriteFile(file, options.automations(), 0o600); err != nil {
		return fmt.Errorf("write the automations file: %w", err)
	}
	environment := s.environment(address, file, options)
	for name, line := range map[Part][]string{Receiver: options.Programs.Receiver, Worker: options.Programs.Worker} {
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
	}
	s.WebhookURL = "http://" + address + "/webhooks/babelforce"
	return s.awaitReceiver(ctx, "http://"+address+"/healthz")
}

// environment is ours without the settings of whoever runs this, and with those of the stage.
func (s *Stage) environment(listen, automations string, options StageOptions) (environment []string) {
	for _, setting := range os.Environ() {
		product, _, _ := strings.Cut(setting, "_")
		if product != "TEMPORAL" && product != "CALLTHREAD" && product != "KUSTOMER" {
			environment = append(environment, setting)
		}
	}
	return append(environment,
		"TEMPORAL_CONFIG_FILE="+os.DevNull,
		"TEMPORAL_ADDRESS="+s.TemporalAddress,
		"KUSTOMER_URL="+s.KustomerURL,
		"KUSTOMER_API_KEY="+sandboxKey,
		"KUSTOMER_BUDGET="+strconv.Itoa(ourShare(options.Budget)),
		"CALLTHREAD_WEBHOOK_SECRET="+Secret,
		"CALLTHREAD_LISTEN="+listen,
		"CALLTHREAD_AUTOMATIONS="+automations,
		"CALLTHREAD_ENCRYPTION_KEYS="+options.Keys,
		"CALLTHREAD_SETTLE="+options.Patience.Settle.String(),
		"CALLTHREAD_RECORDING_TIMEOUT="+options.Patience.Recording.String(),
		"CALLTHREAD_METRICS_LISTEN=", // none
		"CALLTHREAD_LOG_LEVEL=error",
	)
}

// awaitReceiver waits until the receiver answers, or something has ended instead.
func (s *Stage) awaitReceiver(ctx context.Context, url string) error {
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
			return fmt.Errorf("wait for the receiver: %w\n%s", ctx.Err(), s.parts[Receiver].process.Output())
		case <-time.After(50 * time.Millisecond):
		}
	}
}
