package main

import (
	"context"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/callthread/callthread/bench/job"
	"github.com/callthread/callthread/internal/codec"
	"github.com/callthread/callthread/internal/metrics"
	"github.com/callthread/callthread/kustomer"
)

// guarantees are the requested guarantees. The program is bare with what each of them adds.
type guarantees map[string]bool

func (g guarantees) run() error {
	counted := metrics.New()
	c, err := g.connect(counted)
	if err != nil {
		return err
	}
	defer c.Close()
	w, err := g.worker(c, counted)
	if err != nil {
		return err
	}
	if err := w.Start(); err != nil {
		return err
	}
	defer w.Stop()
	handler, err := g.receiver(counted, job.Receiver(
		func(ctx context.Context, event job.Webhook) error { return g.start(ctx, c, event) },
		func(ctx context.Context, event job.Webhook) error { return g.signal(ctx, c, event) },
	))
	if err != nil {
		return err
	}
	return job.Serve(handler)
}

func (g guarantees) connect(counted *metrics.Metrics) (client.Client, error) {
	options := clientOptions()
	if g[job.Metrics] {
		options.MetricsHandler = counted.SDK()
	}
	if g[job.Encryption] {
		key, err := codec.NewKey("bench")
		if err != nil {
			return nil, err
		}
		keys, err := codec.ParseKeys(key)
		if err != nil {
			return nil, err
		}
		keys.Protect(&options)
	}
	return client.Dial(options)
}

func (g guarantees) worker(c client.Client, counted *metrics.Metrics) (worker.Worker, error) {
	options, observe := workerOptions(), func(context.Context, kustomer.Exchange) {}
	if g[job.Metrics] {
		options.Interceptors = append(options.Interceptors, counted.Steps(0))
		observe = func(_ context.Context, exchange kustomer.Exchange) { counted.Kustomer(exchange) }
	}
	activities, err := job.NewActivities(observe)
	if err != nil {
		return nil, err
	}
	w := worker.New(c, taskQueue, options)
	w.RegisterWorkflowWithOptions(g.CallWorkflow, workflow.RegisterOptions{Name: workflowType})
	w.RegisterActivity(&keeping{activities, g})
	return w, nil
}
