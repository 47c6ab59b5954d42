package main

import (
	"errors"
	"io"

	"github.com/urfave/cli/v2"

	"github.com/callthread/callthread/internal/app"
	"github.com/callthread/callthread/internal/operator"
	"github.com/callthread/callthread/phone"
)

// findCommand lists the calls of a number.
func findCommand(out, logs io.Writer) *cli.Command {
	var n number
	var asJSON bool
	return &cli.Command{
		Name:  "find",
		Usage: "find the calls of a phone number, newest first",
		Description: "Temporal stores only a hash of each number, made with the encryption key. Calls without a hash (they began before encryption\n" +
			"was switched on, or were never opened) are searched one by one, which takes some seconds per thousand calls.\n\n" + app.TemporalHelp,
		Flags: append([]cli.Flag{
			jsonFlag(&asJSON),
		}, n.flags()...),
		Action: func(c *cli.Context) error {
			return n.find(c, logs, func(_ *operator.Operator, _ operator.Number, calls []operator.Call, unread error) error {
				if asJSON {
					return errors.Join(operator.PrintJSON(out, calls), unread)
				}
				return errors.Join(operator.PrintFound(out, calls), unread)
			})
		},
	}
}

// number contains the flags of the commands that search for a phone number.
type number struct {
	server  app.Temporal
	country app.Country
	phone   string
}

func (n *number) flags() []cli.Flag {
	phoneFlag := &cli.StringFlag{Name: "phone", Usage: "the customer's `NUMBER`: the number that called, or was called", Destination: &n.phone}
	return append([]cli.Flag{phoneFlag}, app.Flags(&n.country, &n.server.Encryption)...)
}

// parse returns every spelling of the number that a call may contain.
func (n *number) parse(logs io.Writer) (operator.Number, error) {
	home, err := n.country.Parse()
	if err != nil {
		return operator.Number{}, err
	}
	spellings, err := phone.Spellings(n.phone, home)
	switch {
	case errors.Is(err, phone.ErrNoCountry):
		return operator.Number{}, errors.New("--phone: write the number with its country code, such as +493023125042, or set its country with --country")
	case err != nil:
		return operator.Number{}, errors.New("--phone is not a phone number such as +493023125042")
	}
	return operator.Number{Spellings: spellings, Country: home, Progress: logs}, nil
}

// find passes the calls of the number to then, with an error for calls that could not be read.
func (n *number) find(c *cli.Context, logs io.Writer, then func(o *operator.Operator, number operator.Number, calls []operator.Call, unread error) error) error {
	if err := app.NoArguments(c); err != nil {
		return err
	}
	wanted, err := n.parse(logs)
	if err != nil {
		return err
	}
	o, err := connect(&n.server, logs)
	if err != nil {
		return err
	}
	defer o.Temporal.Close()
	calls, unread, err := o.Find(c.Context, wanted)
	if err != nil {
		return o.Unreached(err)
	}
	return then(o, wanted, calls, unread)
}
