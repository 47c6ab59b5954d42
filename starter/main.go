// Command starter receives babelforce's webhooks and starts and signals the
// workflows of calls. It also holds the commands around that: a demo, a
// stand-in for Kustomer, the set-up of Temporal, and looking at calls and deciding on parked ones.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/urfave/cli/v2"

	"github.com/callthread/callthread/internal/config"
	"github.com/callthread/callthread/internal/tracing"
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
	aboutCalls := append(decisionCommands(out, logs), showCommand(out, logs))
	commands := append([]*cli.Command{
		serveCommand(logs), demoCommand(out), sandboxCommand(out), checkCommand(out), automationsCommand(out), setupCommand(out, logs),
		callsCommand(out, logs), findCommand(out, logs), parkedCommand(out, logs), forgetCommand(out, logs), keygenCommand(out), codecServerCommand(logs),
	}, aboutCalls...)
	for _, command := range commands {
		command.OnUsageError = config.UsageError
	}
	app := &cli.App{
		Name:            "starter",
		Usage:           "receives babelforce's webhooks and starts the workflows of calls",
		Description:     "Without a command it serves.\n\n" + config.TemporalHelp + "\n\n" + tracing.Help,
		HideHelpCommand: true,
		ExitErrHandler:  func(*cli.Context, error) {}, // main says what is wrong, once
		OnUsageError:    config.UsageError,
		Writer:          out,
		ErrWriter:       logs,
		Flags:           serving.Flags,
		Before:          config.NoFlagsBeforeCommand,
		Action:          serving.Action,
		Commands:        commands,
		// --set tags=a,b is one value.
		DisableSliceFlagSeparator: true,
	}
	return app.RunContext(ctx, flagsFirst(aboutCalls, args))
}

// flagsFirst lets operators write the flags of these commands after a call's
// id too, where the parser no longer looks for them.
func flagsFirst(commands []*cli.Command, args []string) []string {
	i := slices.IndexFunc(commands, func(c *cli.Command) bool { return len(args) > 1 && c.HasName(args[1]) })
	if i < 0 {
		return args
	}
	flags, ids := slices.Clone(args[:2]), []string{"--"} // after which the parser takes nothing for a flag
	for rest := args[2:]; len(rest) > 0; {
		next := rest[0]
		rest = rest[1:]
		switch {
		case next == "--":
			ids, rest = append(ids, rest...), nil
		case !strings.HasPrefix(next, "-"):
			ids = append(ids, next)
		case !takesValue(commands[i], next):
			flags = append(flags, next)
		case len(rest) == 0: // the parser is to say so
			return append(flags, next)
		default:
			flags, rest = append(flags, next, rest[0]), rest[1:]
		}
	}
	return append(flags, ids...)
}

// takesValue reports whether the value of a flag is the argument that follows it.
func takesValue(command *cli.Command, arg string) bool {
	return slices.ContainsFunc(command.Flags, func(f cli.Flag) bool {
		documented, ok := f.(cli.DocGenerationFlag)
		return ok && documented.TakesValue() && slices.Contains(f.Names(), strings.TrimLeft(arg, "-"))
	})
}
