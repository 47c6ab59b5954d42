package main

import (
	"fmt"
	"io"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/callthread/callthread/internal/app"
	"github.com/callthread/callthread/internal/codec"
)

// keygenCommand creates an encryption key.
func keygenCommand(out io.Writer) *cli.Command {
	var id string
	return &cli.Command{
		Name:  "keygen",
		Usage: "print a new encryption key, id:base64, ready for --encryption-key-file",
		Description: "The id is stored with everything that is encrypted with the key, so that the right key decrypts it. It is not secret.\n" +
			"To replace a key: add the new one at the end of every program's keys, then move it to the front, and remove the\n" +
			"old one once the retention of Temporal's namespace has passed.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "id", Usage: "the key's `ID`: up to 32 letters, digits, dots, dashes and underscores; the current time by default", Destination: &id},
		},
		Action: func(c *cli.Context) error {
			if err := app.NoArguments(c); err != nil {
				return err
			}
			if id == "" {
				id = time.Now().UTC().Format("20060102T150405Z") // sortable, and unique unless two keys are made in one second
			}
			key, err := codec.NewKey(id)
			if err != nil {
				return fmt.Errorf("--id: %w", err)
			}
			_, err = fmt.Fprintln(out, key)
			return err
		},
	}
}
