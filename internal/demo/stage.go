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
	// Secret is the shared secret of the demo's receiver, which listens on this machine only.
	Secret = "demo-secret"
	// sandboxKey is the sandbox's API key.
	sandboxKey = "sandbox-key"
	// defaultBudget is the rate limit of an org on the Enterprise plan, in requests per minute.
	defaultBudget = 1000

	// startAttempts is above 1 because another program may take a free port before the child
	// listens on it.
	startAttempts = 3
)

// Ports are the preferred ports. If one is in use or 0, any free port is taken.
type Ports struct{ Temporal, UI, Webhooks, Sandbox, Codec int }

// UsualPorts are the ports that the README names.
var UsualPorts = Ports{Temporal: 7233, UI: 8233, Webhooks: 8080, Sandbox: 8090, Codec: 8091}

// Stage is everything that a call passes through, running on this machine.
type Stage struct {
	Temporal client.Client
	// TemporalAddress, UI and WebhookURL are the addresses of the parts. UI is "" for a
	// Temporal that the stage did not start.
	TemporalAddress, UI, WebhookURL string
	// Namespace and TaskQueue are where the calls run in Temporal.
	Namespace, TaskQueue string
	// Sandbox is nil if the real Kustomer is used.
	Sandbox *sandbox.Server
	// KustomerURL is the address of the API, and of the sandbox's page.
	KustomerURL string
	Kustomer    *kustomer.Client
	// CallLogURL is the address of babelforce's call log; "" without one.
	CallLogURL string
	// CodecURL is the address of the codec server for the Web UI; "" without encryption.
	CodecURL string
	// Folder holds the files of the programs and Temporal's database; "" if everything is in
	// memory.
	Folder string

	parts   map[Part]*part // separate processes, which may be killed
	failed  chan error     // receives the first failure of a part
	closers []func()
}

// StageOptions configure a stage.
type StageOptions struct {
	// Kustomer is the real one; nil starts the sandbox.
	Kustomer *kustomer.Client
	Limits   call.Limits
	// Keys encrypt what Temporal stores, in the format of the programs' setting; "" stores plain
	// text.
	Keys string
	// Automations is the content of an automations file; nil uses the built-in one.
	Automations []byte
	// Country is the country of numbers without a country code, two letters; "" if none is set.
	Country string
	// NewReceiver makes the receiver that runs in this process. It is not used with Programs.
	NewReceiver func(ReceiverOptions) (http.Handler, error)
	// Programs run the receiver and the worker. Temporal then keeps its state in a file, so
	// that each process can be killed. nil runs everything but Temporal in this process.
	Programs *Programs
	// Existing is a Temporal that already runs, at the address in its client configuration
	// (TEMPORAL_ADDRESS and so on); nil starts one.
	Existing *Existing
	// CallLog is babelforce's call log, with which worker programs compare the calls; nil if calls
	// are not compared.
	CallLog http.Handler
	// Org configures the sandbox's org; zero uses the sandbox's defaults.
	Org      sandbox.Config
	Ports    Ports
	Budget   int   // of the sandbox, in requests per minute; 0 uses a real org's limit
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
	if options.CallLog != nil {
		if s.CallLogURL, err = s.serve(0, options.CallLog); err != nil {
			return nil, err
		}
	}
	if options.Programs != nil {
		return s, s.startPrograms(ctx, options)
	}
	set, _, err := load.BytesIn(options.Country, "automations", options.automations())
	if err != nil {
		return nil, err
	}
	steps := activities.New(s.Kustomer, func() *automation.Set { return set }, options.Country)
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
	org := options.Org
	org.APIKey, org.Budget, org.Seed = sandboxKey, cmp.Or(options.Budget, defaultBudget), options.Seed
	org.AllowDuplicates = options.Programs != nil // otherwise the sandbox would prevent doubled calls, and not the product
	s.Sandbox = sandbox.New(org)
	if s.KustomerURL, err = s.serve(options.Ports.Sandbox, s.Sandbox); err != nil {
		return err
	}
	s.Kustomer, err = kustomer.New(kustomer.Config{BaseURL: s.KustomerURL, APIKey: sandboxKey, RequestsPerMinute: ourShare(options.Budget)})
	return err
}

// ourShare is the product's share of the org's rate limit.
func ourShare(budget int) int { return cmp.Or(budget, defaultBudget) * 8 / 10 }

// ReceiverOptions are the options that a stage passes to its receiver. The receiver starts
// workflows eagerly and accepts webhooks with the secret. The program that sets the stage
// supplies the receiver, so that this package does not import one.
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

// serve serves on this machine only, at the port if it is free, and at any free port otherwise.
func (s *Stage) serve(port int, handler http.Handler) (url string, err error) {
	listener, err := listen(port)
	if err != nil {
		return "", err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second}
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			panic(err) // no other code closes the listener
		}
	}()
	s.closers = append(s.closers, func() { _ = server.Close() })
	return "http://" + listener.Addr().String(), nil
}

// Close stops everything in the reverse order of its start.
func (s *Stage) Close() {
	for i := len(s.closers) - 1; i >= 0; i-- {
		s.closers[i]()
	}
}

// port returns the preferred port if it is free. If not, processes that get killed need ports
// that no other program takes while they are down: outside those that programs prefer, and
// below the ephemeral ports.
func (o StageOptions) port(preferred int) int {
	if free := preferably(preferred); o.Programs == nil || free == preferred {
		return free
	}
	return preferably(20_000 + rand.IntN(10_000))
}

// preferably returns the port if it is free, and any free port otherwise, for a child to listen on.
func preferably(port int) int {
	listener, err := listen(port)
	if err != nil {
		return port // no port is free; the child reports the error
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().(*net.TCPAddr).Port
}

// listen listens on this machine only, at the port if it is free, and at any free port otherwise.
func listen(port int) (net.Listener, error) {
	if listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
		return listener, nil
	}
	return net.Listen("tcp", "127.0.0.1:0")
}
