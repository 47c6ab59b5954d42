package main

import (
	"time"

	"go.temporal.io/sdk/workflow"
)

// TaskQueue is where the worker looks for calls.
const TaskQueue = "baseline"

// signalBridged is sent when an agent picks up.
const signalBridged = "bridged"

// Webhook is what babelforce sends, as far as it is used here.
type Webhook struct {
	Call struct {
		ID       string `json:"id"`
		From     string `json:"from"`
		Duration int    `json:"duration"`
	} `json:"call"`
	Agent struct {
		Name     string `json:"name"`
		SourceID string `json:"sourceId"`
	} `json:"agent"`
	Queue struct {
		Name string `json:"name"`
	} `json:"queue"`
}

// CallWorkflow opens a conversation, and updates it once an agent has picked up.
func CallWorkflow(ctx workflow.Context, inbound Webhook) error {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: 30 * time.Second})

	var conversationID string
	if err := workflow.ExecuteActivity(ctx, steps.CreateConversation, inbound).Get(ctx, &conversationID); err != nil {
		return err
	}
	var bridged Webhook
	workflow.GetSignalChannel(ctx, signalBridged).Receive(ctx, &bridged)
	return workflow.ExecuteActivity(ctx, steps.UpdateConversation, conversationID, bridged).Get(ctx, nil)
}

// steps names the activities; it is never called.
var steps *Activities
