package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/urfave/cli/v2"

	"github.com/callthread/callthread/internal/app"
	"github.com/callthread/callthread/notify"
)

// testNotificationCommand sends a test message to the address of notifications.
func testNotificationCommand(out, logs io.Writer) *cli.Command {
	var notifier app.Notifier
	return &cli.Command{
		Name:  "test-notification",
		Usage: "send one message, marked as a test, to the URL of notifications, and say whether it was accepted",
		Description: "Run it where a worker runs, because workers send the notifications. It does not print the URL, which is a secret,\n" +
			"and fails if the message is not accepted.",
		Flags: notifier.Flags(),
		Action: func(c *cli.Context) error {
			if err := app.NoArguments(c); err != nil {
				return err
			}
			address, err := notifier.Address()
			if err != nil {
				return err
			}
			if address == "" {
				return errors.New("no URL of notifications is set: set CALLTHREAD_NOTIFY_URL or --notify-url-file")
			}
			namespace, err := namespaceOfCalls(logs)
			if err != nil {
				return err
			}
			message := notify.TestMessage(namespace)
			status, err := notify.Post(c.Context, address, message)
			if err != nil {
				return fmt.Errorf("the test message was not accepted: %w%s", err, hint(status))
			}
			fmt.Fprintf(out, "The test message was accepted (HTTP %d). Look where your messages appear for:\n  %s\n", status, message.Text)
			return nil
		},
	}
}

// namespaceOfCalls returns the namespace that messages name. It does not connect to Temporal.
func namespaceOfCalls(logs io.Writer) (string, error) {
	var server app.Temporal
	client, err := server.Client(slog.New(slog.NewTextHandler(logs, nil)))
	if err != nil {
		return "", err
	}
	client.Close()
	return server.Namespace(), nil
}

// hint returns what to do about an HTTP status that is not a success; 0 is no answer.
func hint(status int) string {
	switch {
	case status == 0:
		return ". Check the host and port of the URL, and that this machine may reach it"
	case status/100 == 3:
		return ": redirects are not followed. Set the URL that it redirects to"
	case status/100 == 5:
		return ". Its server has a problem: try again later"
	}
	return ". Check the URL, which may be mistyped or withdrawn, and that the receiver takes JSON with a field \"text\""
}
