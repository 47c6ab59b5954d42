// Command starter receives babelforce's webhooks and starts and signals the
// workflows of calls. It also holds the commands around that: a demo, a
// stand-in for Kustomer, the set-up of Temporal, and looking at calls and deciding on parked ones.
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

// run is all of main that a test can call.
func run(ctx context.Context, args []string, out, logs io.Writer) error {
	serving := serveCommand(logs)
	aboutCalls := append(decisionCommands(out, logs), showCommand(out, logs))
	commands := append([]*cli.Command{
		serveCommand(logs), demoCommand(out), sandboxCommand(out), checkCommand(out, logs), automationsCommand(out), setupCommand(out, logs),
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
