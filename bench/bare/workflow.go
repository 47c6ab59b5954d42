package main

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/callthread/callthread/bench/job"
)

// CallWorkflow creates a conversation and updates it when an agent has picked up.
func CallWorkflow(ctx workflow.Context, inbound job.Webhook) error {
	ctx = workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{ScheduleToCloseTimeout: 5 * time.Second})

	var conversationID string
	if err := workflow.ExecuteLocalActivity(ctx, steps.CreateConversation, inbound).Get(ctx, &conversationID); err != nil {
		return err
	}
	var bridged job.Webhook
	workflow.GetSignalChannel(ctx, job.SignalBridged).Receive(ctx, &bridged)
	return workflow.ExecuteLocalActivity(ctx, steps.UpdateConversation, conversationID, bridged).Get(ctx, nil)
}

// steps names the activities; it is never called.
var steps *job.Activities
