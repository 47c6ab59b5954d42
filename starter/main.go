// Command starter receives babelforce's webhooks, starts a workflow for each call and signals it.
//
// It also contains the commands for operators: they check the automations file, prepare Temporal,
// list and show calls, decide on parked calls, compare calls with babelforce's call log, and delete
// the calls of a phone number. A demo and a sandbox of Kustomer run without any account.
package main

import (
	"context"
	"io"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/callthread/callthread/internal/app"
)

func main() { app.Main("starter", run) }

// run is main without the process: tests call it.
func run(ctx context.Context, args []string, out, logs io.Writer) error {
	serving := serveCommand(logs)
	aboutCalls := append(decisionCommands(out, logs), showCommand(out, logs))
	commands := append([]*cli.Command{
		serveCommand(logs), demoCommand(out), sandboxCommand(out), checkCommand(out, logs), automationsCommand(out), setupCommand(out, logs), testNotificationCommand(out, logs),
		callsCommand(out, logs), findCommand(out, logs), parkedCommand(out, logs), forgetCommand(out, logs), statementCommand(out, logs), reconcileCommand(out, logs), shadowCommand(out, logs), probeCommand(out), keygenCommand(out), codecServerCommand(logs),
	}, aboutCalls...)
	for _, command := range commands {
		command.OnUsageError = app.UsageError
	}
	program := app.NewProgram("starter", "receives babelforce's webhooks and starts the workflows of calls", out, logs)
	program.Description = "Without a command it serves.\n\n" + program.Description
	program.Flags, program.Action = serving.Flags, serving.Action
	program.Before = app.NoFlagsBeforeCommand
	program.Commands = commands
	program.DisableSliceFlagSeparator = true // --set tags=a,b is one value
	return program.RunContext(ctx, flagsFirst(aboutCalls, args))
}

// flagsFirst moves flags before the arguments, so that operators can write them after a call's id.
// The parser itself stops at the first argument.
func flagsFirst(commands []*cli.Command, args []string) []string {
	i := slices.IndexFunc(commands, func(c *cli.Command) bool { return len(args) > 1 && c.HasName(args[1]) })
	if i < 0 {
		return args
	}
	flags, ids := slices.Clone(args[:2]), []string{"--"} // the parser takes no flags after it
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
		case len(rest) == 0: // the parser reports the missing value
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
