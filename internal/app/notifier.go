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

// Notifier says where messages are posted about what needs somebody. Without an
// address none is sent.
type Notifier struct{ URLFile string }

// Flags are the settings. The address is a secret: whoever has it can post there.
func (n *Notifier) Flags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{
			Name: "notify-url-file", EnvVars: []string{"CALLTHREAD_NOTIFY_URL_FILE"},
			Usage: "`FILE` that holds the URL of a webhook, such as Slack's, to which is posted what needs somebody, at most once a minute; without it the URL is read from CALLTHREAD_NOTIFY_URL, and without either nothing is sent", Destination: &n.URLFile,
		},
	}
}

// newWorker makes the worker that looks and sends, nil where there is no address.
func (n *Notifier) newWorker(c client.Client, t *Temporal) (worker.Worker, error) {
	address, err := Secret(n.URLFile, "--notify-url-file", "CALLTHREAD_NOTIFY_URL")
	if err != nil || address == "" {
		return nil, err
	}
	if err := notify.CheckAddress(address); err != nil {
		return nil, fmt.Errorf("--notify-url-file or CALLTHREAD_NOTIFY_URL: %w", err)
	}
	made := worker.New(c, notify.TaskQueue(t.TaskQueue), worker.Options{WorkerStopTimeout: stopTimeout})
	notify.Register(made, &notify.Activities{Temporal: c, TaskQueue: t.TaskQueue, Address: address})
	return made, nil
}

// plan has Temporal look once a minute. If the worker may not, its log says how an administrator does.
func (n *Notifier) plan(ctx context.Context, c client.Client, calls string, log *slog.Logger) {
	if err := notify.Apply(ctx, c, calls); err != nil {
		log.Warn("notifications could not be scheduled: an administrator does it with `starter setup --notify`", "problem", err)
		return
	}
	log.Info("notifications are sent", "taskQueue", notify.TaskQueue(calls))
}
