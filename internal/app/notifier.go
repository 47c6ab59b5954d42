package app

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/urfave/cli/v2"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"github.com/callthread/callthread/notify"
)

// Notifier is the setting for notifications about calls that need an operator. Without a URL none is
// sent.
type Notifier struct {
	URLFile string // path; "" reads CALLTHREAD_NOTIFY_URL
}

// Flags returns the flag --notify-url-file. The URL is a secret, because anyone who has it can post.
func (n *Notifier) Flags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{
			Name: "notify-url-file", EnvVars: []string{"CALLTHREAD_NOTIFY_URL_FILE"},
			Usage: "`FILE` with the URL of a webhook, such as Slack's, to which problems are posted that need an operator, at most once a minute; without it the URL is read from CALLTHREAD_NOTIFY_URL, and without both nothing is sent", Destination: &n.URLFile,
		},
	}
}

// Address returns the URL, or "" if none is set. Its errors do not contain the URL.
func (n *Notifier) Address() (string, error) {
	address, err := Secret(n.URLFile, "--notify-url-file", "CALLTHREAD_NOTIFY_URL")
	if err != nil || address == "" {
		return "", err
	}
	if err := notify.CheckAddress(address); err != nil {
		return "", fmt.Errorf("--notify-url-file or CALLTHREAD_NOTIFY_URL: %w", err)
	}
	return address, nil
}

// newWorker makes the worker of notifications, or returns nil if no URL is set.
func (n *Notifier) newWorker(c client.Client, t *Temporal) (worker.Worker, error) {
	address, err := n.Address()
	if err != nil || address == "" {
		return nil, err
	}
	made := worker.New(c, notify.TaskQueue(t.TaskQueue), worker.Options{WorkerStopTimeout: stopTimeout})
	notify.Register(made, &notify.Activities{Temporal: c, TaskQueue: t.TaskQueue, Address: address})
	return made, nil
}

// plan creates the Schedule, which runs once a minute. Without permission it logs the command for an
// administrator.
func (n *Notifier) plan(ctx context.Context, c client.Client, calls string, log *slog.Logger) {
	if err := notify.Apply(ctx, c, calls); err != nil {
		log.Warn("notifications could not be scheduled: an administrator can schedule them with `starter setup --notify`", "problem", err)
		return
	}
	log.Info("notifications are sent", "taskQueue", notify.TaskQueue(calls))
}
