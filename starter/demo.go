package main

import (
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"os/signal"
	"syscall"

	"github.com/urfave/cli/v2"

	"github.com/callthread/callthread/babelforce"
	"github.com/callthread/callthread/internal/app"
	"github.com/callthread/callthread/internal/demo"
	"github.com/callthread/callthread/starter/webhook"
)

// demoCommand shows the whole product at work, with nothing installed but Go.
func demoCommand(out io.Writer) *cli.Command {
	var options demo.Options
	var faults bool
	var replicas int
	var crm app.Kustomer
	return &cli.Command{
		Name:  "demo",
		Usage: "start everything here, play calls, show what happens to each, and check them all",
		Description: "Uses the Temporal that TEMPORAL_ADDRESS names, where it is set, in a task queue of its own; else starts one,\n" +
			"with the Temporal CLI that TEMPORAL_CLI names or PATH holds, else builds it once.\n" +
			"With KUSTOMER_URL and KUSTOMER_API_KEY set, writes to that Kustomer instead of the sandbox; the key then needs\n" +
			"the role org.permission.user.read too, to find agents.",
		Flags: append(crm.Flags(),
			&cli.IntFlag{Name: "calls", Usage: "stop after `N` calls; 0 goes on until Ctrl-C", Destination: &options.Calls},
			&cli.Float64Flag{Name: "rate", Usage: "calls a second", Value: 1, Destination: &options.Rate},
			&cli.BoolFlag{Name: "faults", Usage: "shuffle and repeat events, let Kustomer lose answers, fail and break connections, and kill -9 receiver, worker and Temporal (sandbox only)", Destination: &faults},
			&cli.IntFlag{Name: "replicas", Usage: "run so many receivers and so many workers, as processes of their own (sandbox only); 0 runs one of each in this process, where there are no --faults", Destination: &replicas},
			&cli.BoolFlag{Name: "encrypt", Usage: "encrypt what Temporal stores of calls, with a key made for this run; the Web UI shows it through a codec server", Destination: &options.Encrypt},
			&cli.Int64Flag{Name: "seed", Usage: "of the calls and the faults; a Temporal that is kept takes the calls of a seed once, so where TEMPORAL_ADDRESS is set each run has another unless told", Value: 1, Destination: &options.Seed},
		),
		Action: func(c *cli.Context) error {
			if err := app.NoArguments(c); err != nil {
				return err
			}
			// Outside these the pause between two calls cannot be told; NaN is outside too.
			if inRange := options.Rate >= 0.001 && options.Rate <= 1000; options.Calls < 0 || !inRange {
				return errors.New("--calls must not be negative, and --rate must be between 0.001 and 1000")
			}
			if replicas < 0 {
				return errors.New("--replicas must not be negative")
			}
			if os.Getenv("TEMPORAL_ADDRESS") != "" {
				options.Existing = &demo.Existing{}
				if !c.IsSet("seed") { // it remembers the calls of runs before
					options.Seed = rand.Int64N(1_000_000_000)
				}
			}
			if crm.URL != "" {
				client, err := crm.Client(nil)
				if err != nil {
					return err
				}
				options.Kustomer = client
			}
			if faults || replicas > 0 {
				if crm.URL != "" {
					return errors.New("--faults and --replicas are for the sandbox only: unset KUSTOMER_URL")
				}
				programs, err := ourselves()
				if err != nil {
					return err
				}
				programs.Replicas = replicas
				options.Programs = &programs
			}
			if faults {
				options.Faults = &demo.Faults{}
			}
			options.Out, options.Ports, options.NewReceiver = out, demo.UsualPorts, demoReceiver
			options.Log = slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{Level: slog.LevelError}))
			// Without a reader, as behind `| head`, or a terminal: Go would end the process at once, and leave its files behind.
			ctx, stop := signal.NotifyContext(c.Context, syscall.SIGPIPE, syscall.SIGHUP)
			defer stop()
			_, err := demo.Run(ctx, options)
			return err
		},
	}
}

// demoReceiver is the webhook receiver as this program serves it, without its limits.
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

// ourselves runs this very program as receiver and as worker, so that no other
// needs to be built: a receiver that nobody uses, with a worker in it, is a worker.
func ourselves() (programs demo.Programs, err error) {
	self, err := os.Executable()
	return demo.Programs{
		Receiver: []string{self, "serve"},
		Worker:   []string{self, "serve", "--with-worker", "--listen", "127.0.0.1:0"},
	}, err
}
