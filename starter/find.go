package main

import (
	"errors"
	"io"

	"github.com/urfave/cli/v2"

	"github.com/callthread/callthread/internal/config"
)

// findCommand lists the calls of a number.
func findCommand(out, logs io.Writer) *cli.Command {
	var f caller
	var asJSON bool
	return &cli.Command{
		Name:  "find",
		Usage: "find the calls of a phone number, newest first",
		Description: "Temporal knows numbers only as hashes with the encryption key. Calls without one (they began before encryption was switched\n" +
			"on, or were never opened) are looked through one by one, which takes some seconds per thousand.\n\n" + config.TemporalHelp,
		Flags: append([]cli.Flag{
			&cli.BoolFlag{Name: "json", Usage: "print JSON, for scripts", Destination: &asJSON},
		}, f.flags()...),
		Action: func(c *cli.Context) error {
			return f.run(c, logs, func(those []listedCall, unread error) error {
				if asJSON {
					return errors.Join(printJSON(out, those), unread)
				}
				return errors.Join(printCalls(out, those, len(those)), unread)
			})
		},
	}
}
