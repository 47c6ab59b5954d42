package main

import (
	"fmt"
	"io"
	"log/slog"

	"github.com/urfave/cli/v2"

	"github.com/callthread/callthread/internal/app"
	"github.com/callthread/callthread/kustomer/sandbox"
)

// sandboxKey is the API key that the sandbox accepts by default.
const sandboxKey = "sandbox-key"

// sandboxCommand serves a simulation of Kustomer, for use without an org.
func sandboxCommand(out io.Writer) *cli.Command {
	var listen, key string
	var budget int
	return &cli.Command{
		Name:  "sandbox",
		Usage: "serve a simulation of Kustomer: its API, a page that shows conversations, and faults on request",
		Flags: []cli.Flag{
			&cli.StringFlag{
				Name: "listen", EnvVars: []string{"CALLTHREAD_SANDBOX_LISTEN"},
				Usage: "`ADDRESS` to serve at; anyone who reaches it can change the sandbox", Value: "127.0.0.1:8090", Destination: &listen,
			},
			&cli.StringFlag{
				Name: "api-key", EnvVars: []string{"KUSTOMER_API_KEY"},
				Usage: "the API `KEY` that it accepts", Value: sandboxKey, Destination: &key,
			},
			&cli.IntFlag{
				Name:  "budget",
				Usage: "requests a minute for the whole org, as Kustomer limits them", Value: 1000, Destination: &budget,
			},
		},
		Action: func(c *cli.Context) error {
			if err := app.NoArguments(c); err != nil {
				return err
			}
			if key == "" || budget < 1 {
				return fmt.Errorf("--api-key must not be empty, nor --budget below 1")
			}
			listener, err := listenAt(listen)
			if err != nil {
				return err
			}
			fmt.Fprintf(out, "Kustomer sandbox at http://%s\n", listener.Addr())
			if key == sandboxKey { // any other may be a real one
				fmt.Fprintf(out, "Use it with KUSTOMER_URL=http://%s KUSTOMER_API_KEY=%s\n", listener.Addr(), key)
			}
			log := slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{Level: slog.LevelWarn}))
			return serveHTTP(c.Context, listener, sandbox.New(sandbox.Config{APIKey: key, Budget: budget}), nil, log)
		},
	}
}
