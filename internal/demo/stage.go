package demo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/callthread/callthread/activities"
	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/automation/load"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/internal/app"
	"github.com/callthread/callthread/kustomer"
	"github.com/callthread/callthread/kustomer/sandbox"
)

const (
	// Secret is what the demo's receiver wants of senders; it listens on this machine only.
	Secret = "demo-secret"
	// sandboxKey is the sandbox's API key.
	sandboxKey = "sandbox-key"
	// defaultBudget is that of a real org on the Enterprise plan, in requests a minute.
	defaultBudget = 1000

	// startAttempts: another program may take a port between our finding it free and the child's use of it.
	startAttempts = 3
)

// Ports are those to listen at. In place of one that is in use, or 0, any free one is taken.
type Ports struct{ Temporal, UI, Webhooks, Sandbox, Codec int }

// UsualPorts are those that the README names.
var UsualPorts = Ports{Temporal: 7233, UI: 8233, Webhooks: 8080, Sandbox: 8090, Codec: 8091}

// Stage is everything that a call passes through, running on this machine.
type Stage struct {
	Temporal client.Client
	// TemporalAddress, UI and WebhookURL are where people and programs reach it;
	// UI is "" for a Temporal that was there already.
	TemporalAddress, UI, WebhookURL string
	// Namespace and TaskQueue are where in Temporal the calls are.
	Namespace, TaskQueue string
	// Sandbox is nil where the real Kustomer takes its place.
	Sandbox *sandbox.Server
	// KustomerURL is the API's address; the sandbox's page is at the same.
	KustomerURL string
	Kustomer    *kustomer.Client
	// CodecURL is where calls are decrypted for the Web UI; "" where they are in the clear.
	CodecURL string
	// Folder is for the files of programs, and Temporal's database beside them; "" where all is in memory.
	Folder string

	parts   map[Part]*part // that run as processes of their own, and may be killed
	failed  chan error     // what makes it pointless to go on
	closers []func()
}

// StageOptions say what stage to set.
type StageOptions struct {
	// Kustomer is the real one to use; nil sets up the sandbox.
	Kustomer *kustomer.Client
	Limits   call.Limits
	// Keys encrypt what Temporal stores, as its programs are told of them; "" stores it in the clear.
	Keys string
	// Automations is the content of an automations file; nil is that of the built-in one.
	Automations []byte
	// NewReceiver makes the receiver that runs in this process, where no Programs are given.
	NewReceiver func(ReceiverOptions) (http.Handler, error)
	// Programs run the receiver and the worker, and Temporal then keeps its state
	// in a file, so that each can be killed; nil runs all but Temporal in this process.
	Programs *Programs
	// Existing is a Temporal that runs already, found as its own client
	// configuration says (TEMPORAL_ADDRESS and so on); nil starts one.
	Existing *Existing
	Ports    Ports
	Budget   int   // the sandbox's, in requests a minute; 0 is that of a real org
	Seed     int64 // of the sandbox's faults
	Progress io.Writer
	Log      *slog.Logger
}

// SetStage starts the Temporal server, the sandbox, the worker and the webhook receiver.
func SetStage(ctx context.Context, options StageOptions) (_ *Stage, err error) {
	s := &Stage{Kustomer: options.Kustomer, parts: make(map[Part]*part), failed: make(chan error, 1)}
	defer func() {
		if err != nil {
			s.Close()
		}
	}()
	if err := s.reachTemporal(ctx, options); err != nil {
		return nil, err
	}
	if s.Kustomer == nil {
		if err := s.startSandbox(options); err != nil {
			return nil, err
		}
	}
	if options.Programs != nil {
		return s, s.startPrograms(ctx, options)
	}
	set, _, err := load.Bytes("automations", options.automations())
	if err != nil {
		return nil, err
	}
	steps := activities.New(s.Kustomer, func() *automation.Set { return set }, "")
	worker := app.NewWorker(s.Temporal, s.TaskQueue, steps, app.StepsAtOnce(ourShare(options.Budget)), nil)
	if err := worker.Start(); err != nil {
		return nil, fmt.Errorf("start the worker: %w", err)
	}
	s.closers = append(s.closers, worker.Stop)
	return s, s.startReceiver(options, set.Handles(call.Outbound))
}

func (o StageOptions) automations() []byte {
	if o.Automations == nil {
		return automation.DefaultFile
	}
	return o.Automations
}

func (s *Stage) startSandbox(options StageOptions) (err error) {
	s.Sandbox = sandbox.New(sandbox.Config{
		APIKey: sandboxKey, Budget: cmp.Or(options.Budget, defaultBudget), Seed: options.Seed,
		AllowDuplicates: options.Programs != nil, // or it would be the sandbox that keeps calls from being doubled
	})
	if s.KustomerURL, err = s.serve(options.Ports.Sandbox, s.Sandbox); err != nil {
		return err
	}
	s.Kustomer, err = kustomer.New(kustomer.Config{BaseURL: s.KustomerURL, APIKey: sandboxKey, RequestsPerMinute: ourShare(options.Budget)})
	return err
}

// ourShare is the product's part of the org's budget.
func ourShare(budget int) int { return cmp.Or(budget, defaultBudget) * 8 / 10 }

// ReceiverOptions are what a stage asks of its receiver: to start workflows
// eagerly, and to accept webhooks with the secret. The program that sets the
// stage brings the receiver, so that this package needs no part of a program.
type ReceiverOptions struct {
	Temporal          client.Client
	TaskQueue, Secret string
	Limits            call.Limits
	WantsOutbound     bool // whether the automations handle outbound calls
	Log               *slog.Logger
}

func (s *Stage) startReceiver(options StageOptions, wantsOutbound bool) error {
	receiver, err := options.NewReceiver(ReceiverOptions{
		Temporal: s.Temporal, TaskQueue: s.TaskQueue, Secret: Secret,
		Limits: options.Limits, WantsOutbound: wantsOutbound, Log: options.Log,
	})
	if err != nil {
		return err
	}
	base, err := s.serve(options.Ports.Webhooks, receiver)
	s.WebhookURL = base + "/webhooks/babelforce"
	return err
}

// serve serves on this machine only, at the port if it is free, else at any that is.
func (s *Stage) serve(port int, handler http.Handler) (url string, err error) {
	listener, err := listen(port)
	if err != nil {
		return "", err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second}
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			panic(err) // the listener is ours alone: nothing else can end it
		}
	}()
	s.closers = append(s.closers, func() { _ = server.Close() })
	return "http://" + listener.Addr().String(), nil
}

// Close stops everything, in the opposite order of its start.
func (s *Stage) Close() {
	for i := len(s.closers) - 1; i >= 0; i-- {
		s.closers[i]()
	}
}

// port is the preferred one, if it is free. Processes that get
// killed need ports that nobody takes while they are down: outside those that
// programs prefer, and below those that systems hand out.
func (o StageOptions) port(preferred int) int {
	if o.Programs == nil {
		return preferably(preferred)
	}
	return preferably(20_000 + rand.IntN(10_000))
}

// preferably is the port if it is free, else any that is, for a child to listen at.
func preferably(port int) int {
	listener, err := listen(port)
	if err != nil {
		return port // nothing is free, as the child will say
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().(*net.TCPAddr).Port
}

// listen listens on this machine only, at the port if it is free, else at any that is.
func listen(port int) (net.Listener, error) {
	if listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
		return listener, nil
	}
	return net.Listen("tcp", "127.0.0.1:0")
}
