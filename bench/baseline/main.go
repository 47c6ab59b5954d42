// Command baseline is the reference for Callthread: the two automations of the article, written
// as in Temporal's tutorials, with default options. `baseline worker` and `baseline starter` are
// two processes.
package main

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"os"

	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"

	"github.com/callthread/callthread/bench/job"
)

func main() {
	c, err := client.Dial(client.Options{
		HostPort: os.Getenv("TEMPORAL_ADDRESS"),
		// The default logger writes every step to the terminal, which Callthread does not do.
		Logger: sdklog.NewStructuredLogger(slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))),
	})
	if err != nil {
		log.Fatalln("cannot connect to Temporal:", err)
	}
	defer c.Close()
	if len(os.Args) != 2 {
		log.Fatalln("usage: baseline starter | worker")
	}
	switch os.Args[1] {
	case "worker":
		err = runWorker(c)
	case "starter":
		err = runStarter(c)
	default:
		err = fmt.Errorf("unknown command %s: use starter or worker", os.Args[1])
	}
	if err != nil {
		log.Fatalln(err)
	}
}

func runWorker(c client.Client) error {
	activities, err := job.NewActivities(nil)
	if err != nil {
		return err
	}
	w := worker.New(c, TaskQueue, worker.Options{})
	w.RegisterWorkflow(CallWorkflow)
	w.RegisterActivity(activities)
	return w.Run(worker.InterruptCh())
}

func runStarter(c client.Client) error {
	return job.Serve(job.Receiver(func(ctx context.Context, event job.Webhook) error {
		_, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: event.WorkflowID(), TaskQueue: TaskQueue}, CallWorkflow, event)
		return err
	}, func(ctx context.Context, event job.Webhook) error {
		return c.SignalWorkflow(ctx, event.WorkflowID(), "", job.SignalBridged, event)
	}))
}
