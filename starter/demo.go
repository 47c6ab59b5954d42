package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/urfave/cli/v2"

	"github.com/callthread/callthread/automation/load"
	"github.com/callthread/callthread/babelforce"
	"github.com/callthread/callthread/internal/app"
	"github.com/callthread/callthread/internal/check"
	"github.com/callthread/callthread/internal/demo"
	"github.com/callthread/callthread/starter/webhook"
)

// demonstration contains the flags of the demo.
type demonstration struct {
	demo.Options
	automations string // path of the user's file
	crm         app.Kustomer
	country     app.Country
	faults      bool
	replicas    int
}

// demoCommand runs everything on this machine. It needs nothing but Go.
func demoCommand(out io.Writer) *cli.Command {
	var d demonstration
	return &cli.Command{
		Name:  "demo",
		Usage: "start everything here, play calls, show what happens to each, and check them all",
		Description: "If TEMPORAL_ADDRESS is set, the demo uses that Temporal, with its own task queue. Otherwise it starts one with the\n" +
			"Temporal CLI in TEMPORAL_CLI or PATH, or downloads it once, or builds it if that fails.\n" +
			"If KUSTOMER_URL and KUSTOMER_API_KEY are set, it writes to that org instead of the sandbox. The key then also needs\n" +
			"the role org.permission.user.read, to find agents.",
		Flags: append(app.Flags(&d.crm, &d.country), d.flags()...),
		Action: func(c *cli.Context) error {
			if err := app.NoArguments(c); err != nil {
				return err
			}
			if err := d.read(c, out); err != nil {
				return err
			}
			// A closed pipe or terminal would end the process at once, and leave temporary files
			// behind.
			ctx, stop := signal.NotifyContext(c.Context, syscall.SIGPIPE, syscall.SIGHUP)
			defer stop()
			_, err := demo.Run(ctx, d.Options)
			return err
		},
	}
}

func (d *demonstration) flags() []cli.Flag {
	return []cli.Flag{
		&cli.IntFlag{Name: "calls", Usage: "stop after `N` calls; 0 goes on until Ctrl-C", Destination: &d.Calls},
		&cli.Float64Flag{Name: "rate", Usage: "calls a second", Value: 1, Destination: &d.Rate},
		&cli.StringFlag{Name: "automations", Usage: "use this YAML `FILE`, which is checked first; the sandbox has everything that it names", Destination: &d.automations},
		&cli.BoolFlag{Name: "faults", Usage: "shuffle and repeat events, let Kustomer lose answers, fail and break connections, and kill -9 receiver, worker and Temporal (sandbox only)", Destination: &d.faults},
		&cli.IntFlag{Name: "replicas", Usage: "run this many receivers and this many workers as separate processes (sandbox only); 0 runs one of each in this process, unless --faults is set", Destination: &d.replicas},
		&cli.Float64Flag{Name: "lose", Usage: "lose this `SHARE` of webhooks, such as 0.2, and find their calls by the comparison with babelforce's call log (sandbox only)", Destination: &d.Lose},
		&cli.BoolFlag{Name: "encrypt", Usage: "encrypt what Temporal stores of calls with a new key, which is printed; the Web UI shows the calls through a codec server", Destination: &d.Encrypt},
		&cli.Int64Flag{Name: "seed", Usage: "seed of the calls and the faults; a Temporal server takes the calls of a seed only once, so with TEMPORAL_ADDRESS each run has a random seed by default", Value: 1, Destination: &d.Seed},
	}
}

// read sets the options from the flags and the environment.
func (d *demonstration) read(c *cli.Context, out io.Writer) (err error) {
	if err := d.validate(); err != nil {
		return err
	}
	if d.Country, err = d.country.Parse(); err != nil {
		return err
	}
	if os.Getenv("TEMPORAL_ADDRESS") != "" {
		d.Existing = &demo.Existing{}
		if !c.IsSet("seed") { // the server already has the calls of earlier runs
			d.Seed = rand.Int64N(1_000_000_000)
		}
	}
	if d.crm.URL != "" {
		if d.Kustomer, err = d.crm.Client(nil); err != nil {
			return err
		}
	}
	if d.faults || d.replicas > 0 {
		programs, err := ourselves()
		if err != nil {
			return err
		}
		programs.Replicas = d.replicas
		d.Programs = &programs
	}
	if d.faults {
		d.Faults = &demo.Faults{}
	}
	d.Out, d.Ports, d.NewReceiver, d.Starter = out, demo.UsualPorts, demoReceiver, ownCommand()
	d.Log = slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{Level: slog.LevelError}))
	return d.readAutomations(out)
}

func (d *demonstration) validate() error {
	// Outside this range, which excludes NaN, the pause between two calls is no valid duration.
	inRange := d.Rate >= 0.001 && d.Rate <= 1000
	switch {
	case d.Calls < 0 || !inRange:
		return errors.New("--calls must not be negative, and --rate must be between 0.001 and 1000")
	case d.replicas < 0:
		return errors.New("--replicas must not be negative")
	case !(d.Lose >= 0 && d.Lose <= 1): // NaN too
		return errors.New("--lose must be between 0 and 1")
	case d.Lose > 0 && (d.crm.URL != "" || d.faults || d.replicas > 0):
		return errors.New("--lose is for the sandbox, without --faults and --replicas")
	case d.crm.URL != "" && (d.faults || d.replicas > 0):
		return errors.New("--faults and --replicas are for the sandbox only: unset KUSTOMER_URL")
	}
	return nil
}

// readAutomations reads the user's automations file, if any, and checks it as `starter check` does.
func (d *demonstration) readAutomations(out io.Writer) error {
	if d.automations == "" {
		return nil
	}
	content, err := os.ReadFile(d.automations)
	if err != nil {
		return fmt.Errorf("--automations: %w", err)
	}
	var report check.Report
	set, warnings, err := load.BytesIn(d.Country, d.automations, content)
	report.File(d.automations, set, warnings, err)
	report.Country(set, warnings)
	for _, finding := range report.Findings {
		if finding.Level != check.OK {
			printFinding(out, finding)
		}
	}
	if report.Fails() {
		return errCheckFailed
	}
	d.Own = &demo.Own{Name: d.automations, Content: content}
	return nil
}

// demoReceiver is the webhook receiver of `starter serve` without its rate limit.
func demoReceiver(options demo.ReceiverOptions) (http.Handler, error) {
	verifier, err := babelforce.NewVerifier([]string{options.Secret})
	if err != nil {
		return nil, err
	}
	return webhook.New(webhook.Config{
		Temporal: options.Temporal, TaskQueue: options.TaskQueue, Eager: true, Verifier: verifier, Limits: options.Limits,
		Outgoing: func() bool { return options.WantsOutbound }, Log: options.Log,
	}), nil
}

// ourselves returns the commands that run this program as receiver and as worker, so that no other
// program must be built. The worker is a receiver with --with-worker that gets no webhooks.
func ourselves() (programs demo.Programs, err error) {
	self, err := os.Executable()
	return demo.Programs{
		Receiver: []string{self, "serve"},
		Worker:   []string{self, "serve", "--with-worker", "--listen", "127.0.0.1:0"},
	}, err
}

// ownCommand is the name of this program for commands that a user can copy.
func ownCommand() string {
	if strings.Contains(os.Args[0], "go-build") { // started by `go run`
		return "go run ./starter"
	}
	return os.Args[0]
}
