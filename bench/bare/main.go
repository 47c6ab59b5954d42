// Command bare is the two automations of the article, written to be as fast as Temporal allows:
// local activities, eager start, several pollers, and worker and receiver in one process. It
// guarantees nothing. The flag -with adds guarantees of Callthread in their cheapest form, which
// shows the price of each.
package main

import (
	"context"
	"flag"
	"log"
	"log/slog"
	"os"

	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"

	"github.com/callthread/callthread/bench/job"
)

// taskQueue is the task queue of the calls.
const taskQueue = "bare"

func main() {
	names := flag.String("with", "", "guarantees to add, separated by commas: "+job.All()+","+job.Encryption)
	flag.Parse()
	with, err := job.ParseGuarantees(*names)
	if err == nil && len(with) == 0 {
		err = run()
	} else if err == nil {
		err = guarantees(with).run()
	}
	if err != nil {
		log.Fatalln(err)
	}
}

func run() error {
	c, err := client.Dial(clientOptions())
	if err != nil {
		return err
	}
	defer c.Close()
	activities, err := job.NewActivities(nil)
	if err != nil {
		return err
	}
	w := worker.New(c, taskQueue, workerOptions())
	w.RegisterWorkflow(CallWorkflow)
	w.RegisterActivity(activities)
	if err := w.Start(); err != nil {
		return err
	}
	defer w.Stop()
	return job.Serve(job.Receiver(func(ctx context.Context, event job.Webhook) error {
		_, err := c.ExecuteWorkflow(ctx, startOptions(event), CallWorkflow, event)
		return err
	}, func(ctx context.Context, event job.Webhook) error {
		return c.SignalWorkflow(ctx, event.WorkflowID(), "", job.SignalBridged, event)
	}))
}

func clientOptions() client.Options {
	return client.Options{
		HostPort:          os.Getenv("TEMPORAL_ADDRESS"),
		Logger:            sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)),
		ConnectionOptions: client.ConnectionOptions{GrpcCompression: &client.GrpcCompressionNone{}},
	}
}

func workerOptions() worker.Options { return worker.Options{MaxConcurrentWorkflowTaskPollers: 20} }

func startOptions(event job.Webhook) client.StartWorkflowOptions {
	return client.StartWorkflowOptions{ID: event.WorkflowID(), TaskQueue: taskQueue, EnableEagerStart: true}
}
