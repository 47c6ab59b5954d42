package main

import (
	"context"
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/callthread/callthread/bench/job"
	"github.com/callthread/callthread/workflows"
)

const workflowType = "CallWorkflow"

// CallWorkflow is the workflow of bare with what the guarantees add.
func (g guarantees) CallWorkflow(ctx workflow.Context, inbound job.Webhook) (string, error) {
	var opened conversation
	ringing := g.step(ctx, "open the conversation")
	if err := workflow.ExecuteLocalActivity(ringing, keepingSteps.CreateConversation, inbound).Get(ctx, &opened); err != nil {
		return "", err
	}
	if err := g.isOpen(ctx, opened); err != nil {
		return "", err
	}
	bridged, err := g.awaitAgent(ctx)
	if err != nil {
		return "", err
	}
	handOver := g.step(ctx, "assign the agent, tag and note")
	if err := workflow.ExecuteLocalActivity(handOver, keepingSteps.UpdateConversation, opened.ID, bridged).Get(ctx, &opened); err != nil {
		return "", err
	}
	return g.keep(keptOfRun), g.isOver(ctx, bridged)
}

func (g guarantees) step(ctx workflow.Context, words string) workflow.Context {
	options := workflow.LocalActivityOptions{ScheduleToCloseTimeout: 5 * time.Second}
	if g[job.Words] {
		options.Summary = words
	}
	return workflow.WithLocalActivityOptions(ctx, options)
}

func (g guarantees) isOpen(ctx workflow.Context, opened conversation) error {
	if g[job.Words] {
		workflow.SetCurrentDetails(ctx, "- "+workflow.Now(ctx).UTC().Format(time.DateTime)+" conversation opened\n- now: waits for an agent")
	}
	if g[job.Attributes] {
		return workflow.UpsertTypedSearchAttributes(ctx, workflows.KustomerConversationID.ValueSet(opened.ID))
	}
	return nil
}

// awaitAgent waits for the signal. With the guarantee timer, it waits for at most an hour.
func (g guarantees) awaitAgent(ctx workflow.Context) (bridged job.Webhook, err error) {
	signals := workflow.GetSignalChannel(ctx, job.SignalBridged)
	if !g[job.Timer] {
		signals.Receive(ctx, &bridged)
		return bridged, nil
	}
	var options workflow.TimerOptions
	if g[job.Words] {
		options.Summary = "time limit for an agent to pick up"
	}
	workflow.NewSelector(ctx).
		AddReceive(signals, func(c workflow.ReceiveChannel, _ bool) { c.Receive(ctx, &bridged) }).
		AddFuture(workflow.NewTimerWithOptions(ctx, time.Hour, options), func(workflow.Future) {
			err = temporal.NewApplicationError("no agent has picked up", "NoAgent")
		}).Select(ctx)
	return bridged, err
}

func (g guarantees) isOver(ctx workflow.Context, bridged job.Webhook) error {
	if g[job.Words] {
		workflow.SetCurrentDetails(ctx, "- "+workflow.Now(ctx).UTC().Format(time.DateTime)+" conversation handed over\n- over: answered")
	}
	if g[job.Attributes] {
		return workflow.UpsertTypedSearchAttributes(ctx,
			workflows.CallPhase.ValueSet(string(workflows.Finished)), workflows.CallOutcome.ValueSet("answered"), workflows.WaitsFor.ValueUnset(),
			workflows.AgentID.ValueSet(bridged.Agent.SourceID), workflows.QueueName.ValueSet(bridged.Queue.Name))
	}
	return nil
}

// The additional bytes that Callthread stores in the payloads of a call's history.
const (
	keptOfWebhook = 150
	keptOfStep    = 530
	keptOfRun     = 630
)

// keep returns a string of the size that Callthread stores in addition to bare.
func (g guarantees) keep(bytes int) string {
	if !g[job.Record] {
		return ""
	}
	return strings.Repeat("x", bytes)
}

// conversation is the result of a step.
type conversation struct {
	ID   string `json:"id"`
	Kept string `json:"kept,omitempty"`
}

// keeping are the activities of bare with results of the size of Callthread's.
type keeping struct {
	bare *job.Activities
	with guarantees
}

// CreateConversation creates the conversation.
func (k *keeping) CreateConversation(ctx context.Context, inbound job.Webhook) (conversation, error) {
	id, err := k.bare.CreateConversation(ctx, inbound)
	return conversation{id, k.with.keep(keptOfStep)}, err
}

// UpdateConversation hands the conversation over.
func (k *keeping) UpdateConversation(ctx context.Context, id string, bridged job.Webhook) (conversation, error) {
	return conversation{id, k.with.keep(keptOfStep)}, k.bare.UpdateConversation(ctx, id, bridged)
}

// keepingSteps names the activities; it is never called.
var keepingSteps *keeping
