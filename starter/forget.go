package main

import (
	"errors"
	"io"

	"github.com/urfave/cli/v2"

	"github.com/callthread/callthread/internal/app"
	"github.com/callthread/callthread/internal/operator"
)

var errNotSure = errors.New("nothing was deleted: pass --yes to delete everything about these calls from Temporal; it cannot be undone")

// forgetCommand deletes the calls of a number.
func forgetCommand(out, logs io.Writer) *cli.Command {
	var n number
	var asJSON, sure bool
	return &cli.Command{
		Name:  "forget",
		Usage: "delete the calls of a phone number from Temporal, and print a receipt",
		Description: "Without --yes it only lists what it would delete. Calls under way, including parked ones, are kept: finish them first.\n" +
			"Data in Kustomer must be deleted there; the receipt names the conversations. The command fails if a call was kept.\n\n" + app.TemporalHelp,
		Flags: append([]cli.Flag{
			&cli.BoolFlag{Name: "yes", Usage: "delete; it cannot be undone", Destination: &sure},
			&cli.BoolFlag{Name: "json", Usage: "print the receipt as JSON", Destination: &asJSON},
		}, n.flags()...),
		Action: func(c *cli.Context) error {
			return n.find(c, logs, func(o *operator.Operator, number operator.Number, calls []operator.Call, unread error) error {
				if !sure {
					return errors.Join(operator.PrintFound(out, calls), unread, errNotSure)
				}
				receipt, err := o.Forget(c.Context, number, calls)
				if err != nil {
					return o.Unreached(err)
				}
				if unread != nil {
					receipt.Unreadable = unread.Error()
				}
				if asJSON {
					return errors.Join(operator.PrintJSON(out, receipt), receipt.Failed())
				}
				return errors.Join(receipt.Print(out), receipt.Failed())
			})
		},
	}
}
