package app

import (
	"fmt"

	"github.com/urfave/cli/v2"
)

// TemporalHelp is what --help says about reaching Temporal.
const TemporalHelp = "Temporal is reached as its own client configuration says: TEMPORAL_ADDRESS (localhost:7233),\n" +
	"TEMPORAL_NAMESPACE (default), TEMPORAL_API_KEY, TEMPORAL_TLS_*, or a profile in temporal.toml."

// Options is a group of settings that knows its flags.
type Options interface{ Flags() []cli.Flag }

// Section is a group of flags that belong to no struct.
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

// MetricsFlag says where a program serves its metrics.
func MetricsFlag(address string, destination *string) cli.Flag {
	return &cli.StringFlag{
		Name: "metrics-listen", EnvVars: []string{"CALLTHREAD_METRICS_LISTEN"},
		Usage: "`ADDRESS` at which /metrics is served for Prometheus, and by workers /healthz and /readyz too; empty serves none", Value: address, Destination: destination,
	}
}

// UsageError hands a mistyped flag on to main, which says so in one line: the
// whole help in between would hide it.
func UsageError(_ *cli.Context, err error, _ bool) error {
	return fmt.Errorf("%w; --help lists what there is", err)
}

// NoFlagsBeforeCommand refuses flags that stand where the command does not see them.
func NoFlagsBeforeCommand(c *cli.Context) error {
	if command := c.App.Command(c.Args().First()); command != nil && c.NumFlags() > 0 {
		return fmt.Errorf("flags before the command %q have no effect: write them after it", command.Name)
	}
	return nil
}

// NoArguments refuses what is no flag: a mistyped command must not start something else.
func NoArguments(c *cli.Context) error {
	if c.Args().Present() {
		return fmt.Errorf("unknown command or argument %q; --help lists what there is", c.Args().First())
	}
	return nil
}
