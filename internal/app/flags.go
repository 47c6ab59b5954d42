package app

import (
	"fmt"

	"github.com/urfave/cli/v2"
)

// TemporalHelp is the help text about the connection to Temporal.
const TemporalHelp = "The connection to Temporal is set by its own client configuration: TEMPORAL_ADDRESS (localhost:7233),\n" +
	"TEMPORAL_NAMESPACE (default), TEMPORAL_API_KEY, TEMPORAL_TLS_*, or a profile in temporal.toml."

// Options is a group of settings with flags.
type Options interface{ Flags() []cli.Flag }

// Section is a group of flags without a struct.
type Section []cli.Flag

// Flags returns the section itself.
func (s Section) Flags() []cli.Flag { return s }

// Flags joins the flags of several groups.
func Flags(groups ...Options) []cli.Flag {
	var flags []cli.Flag
	for _, group := range groups {
		flags = append(flags, group.Flags()...)
	}
	return flags
}

// MetricsFlag is the flag for the address at which a program serves its metrics.
func MetricsFlag(address string, destination *string) cli.Flag {
	return &cli.StringFlag{
		Name: "metrics-listen", EnvVars: []string{"CALLTHREAD_METRICS_LISTEN"},
		Usage: "`ADDRESS` at which /metrics is served for Prometheus, and in workers also /healthz and /readyz; empty serves none", Value: address, Destination: destination,
	}
}

// UsageError returns the error of a mistyped flag without the help text, so that main prints one
// line.
func UsageError(_ *cli.Context, err error, _ bool) error {
	return fmt.Errorf("%w; see --help", err)
}

// NoFlagsBeforeCommand returns an error for flags before a command, which would have no effect.
func NoFlagsBeforeCommand(c *cli.Context) error {
	if command := c.App.Command(c.Args().First()); command != nil && c.NumFlags() > 0 {
		return fmt.Errorf("flags before the command %q have no effect: write them after it", command.Name)
	}
	return nil
}

// NoArguments returns an error for an argument that is not a flag. Without it, a mistyped command
// would start the program.
func NoArguments(c *cli.Context) error {
	if c.Args().Present() {
		return fmt.Errorf("unknown command or argument %q; see --help", c.Args().First())
	}
	return nil
}
