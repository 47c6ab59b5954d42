package main

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/callthread/callthread/bench/job"
)

// TaskQueue is the task queue of the calls.
const TaskQueue = "baseline"

// CallWorkflow creates a conversation and updates it when an agent has picked up.
func CallWorkflow(ctx workflow.Context, inbound job.Webhook) error {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: 30 * time.Second})

	var conversationID string
	if err := workflow.ExecuteActivity(ctx, steps.CreateConversation, inbound).Get(ctx, &conversationID); err != nil {
		return err
	}
	var bridged job.Webhook
	workflow.GetSignalChannel(ctx, job.SignalBridged).Receive(ctx, &bridged)
	return workflow.ExecuteActivity(ctx, steps.UpdateConversation, conversationID, bridged).Get(ctx, nil)
}

// steps names the activities; it is never called.
var steps *job.Activities
