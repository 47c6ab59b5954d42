package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/urfave/cli/v2"

	"github.com/callthread/callthread/internal/app"
	"github.com/callthread/callthread/internal/operator"
)

// probeCommand finds out how a babelforce account answers where the API is not documented.
func probeCommand(out io.Writer) *cli.Command {
	var log app.Babelforce
	var asJSON bool
	return &cli.Command{
		Name:  "probe",
		Usage: "find out how the call log of a babelforce account can be read, with about a dozen requests that change nothing",
		Description: "It prints no phone numbers and no names. A setting to use follows an arrow.\n" +
			"Run it before calls are compared, and again within a minute after a call.",
		Flags: append(log.Flags(), jsonFlag(&asJSON)),
		Action: func(c *cli.Context) error {
			if err := app.NoArguments(c); err != nil {
				return err
			}
			client, err := log.Client()
			if err != nil {
				return err
			}
			if client == nil {
				return errors.New("set --babelforce-user and --babelforce-password-file, or --babelforce-token-file")
			}
			findings, failed := client.Probe(c.Context)
			if asJSON {
				return errors.Join(operator.PrintJSON(out, findings), failed)
			}
			for _, f := range findings {
				fmt.Fprintf(out, "%s\n  %s\n", f.Question, f.Answer)
				if f.Setting != "" {
					fmt.Fprintf(out, "  → %s\n", f.Setting)
				}
			}
			return failed
		},
	}
}
