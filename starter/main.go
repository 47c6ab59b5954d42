// Command starter receives babelforce's webhooks and starts and signals the
// workflows of calls. It also holds the commands around that: a demo, a
// stand-in for Kustomer, and the set-up of Temporal.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/urfave/cli/v2"

	"github.com/callthread/callthread/internal/config"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "starter:", err)
		os.Exit(1)
	}
}

// run is all of main that a test can call.
func run(ctx context.Context, args []string, out, logs io.Writer) error {
	serving := serveCommand(logs)
	commands := []*cli.Command{serveCommand(logs), demoCommand(out), sandboxCommand(out), checkCommand(out), automationsCommand(out), setupCommand(out, logs)}
	for _, command := range commands {
		command.OnUsageError = config.UsageError
	}
	app := &cli.App{
		Name:            "starter",
		Usage:           "receives babelforce's webhooks and starts the workflows of calls",
		Description:     "Without a command it serves.\n\n" + config.TemporalHelp,
		HideHelpCommand: true,
		ExitErrHandler:  func(*cli.Context, error) {}, // main says what is wrong, once
		OnUsageError:    config.UsageError,
		Writer:          out,
		ErrWriter:       logs,
		Flags:           serving.Flags,
		Before:          config.NoFlagsBeforeCommand,
		Action:          serving.Action,
		Commands:        commands,
	}
	return app.RunContext(ctx, args)
}
