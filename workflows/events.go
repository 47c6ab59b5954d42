package workflows

import (
	"cmp"

	"go.temporal.io/sdk/workflow"

	"github.com/callthread/callthread/call"
)

// kinds are the events, and the signals that carry them, in the order of a call that has nothing unusual.
var kinds = []call.Kind{call.Inbound, call.Bridged, call.Finished}

// listen hears events until there is news or the deadline passes.
func (c *thread) listen(ctx workflow.Context, deadline workflow.Future, news func() bool) error {
	selector := workflow.NewSelector(ctx)
	for _, kind := range kinds {
		selector.AddReceive(workflow.GetSignalChannel(ctx, string(kind)), func(workflow.ReceiveChannel, bool) { c.drain(ctx) })
	}
	selector.AddFuture(deadline, func(workflow.Future) {})
	selector.AddReceive(ctx.Done(), func(workflow.ReceiveChannel, bool) {})
	for !news() && !deadline.IsReady() && ctx.Err() == nil {
		selector.Select(ctx)
	}
	return ctx.Err()
}

// drain hears all events that have arrived.
func (c *thread) drain(ctx workflow.Context) {
	for _, kind := range kinds {
		channel := workflow.GetSignalChannel(ctx, string(kind))
		for {
			var event call.Event
			if !channel.ReceiveAsync(&event) {
				break
			}
			c.hear(ctx, event)
		}
	}
}

// hear takes note of one event. A repeated delivery changes nothing.
func (c *thread) hear(ctx workflow.Context, event call.Event) {
	if c.heard[event.ID] {
		return
	}
	c.heard[event.ID] = true
	if c.firstHeard.IsZero() {
		c.firstHeard = event.ReceivedAt
	}
	c.state.Events = append(c.state.Events, HeardEvent{
		Kind: event.Kind, LegID: event.Leg.ID, Child: event.Leg.IsChild(), At: event.ReceivedAt,
	})
	c.tell(ctx, event.ReceivedAt, inWords(event))

	agent, queue := c.facts.Agent, c.facts.Queue
	c.facts = c.facts.Learn(event)
	switch {
	case event.Kind == call.Bridged:
		if c.isWithAgent(event.Agent) {
			return // both legs of one bridge announce it
		}
		if event.At().Before(c.lastBridge) {
			c.facts.Agent, c.facts.Queue = agent, queue
		} else {
			c.lastBridge = event.At()
		}
		c.bridges = append(c.bridges, event)
	case event.Kind == call.Finished && event.Leg.IsChild():
		c.attempts = append(c.attempts, event.Leg)
	case event.Kind == call.Finished:
		c.ended = true
	}
}

// isWithAgent reports whether the call was last said to be with this very agent.
func (c *thread) isWithAgent(agent call.Agent) bool {
	return len(c.bridges) > 0 && identity(c.bridges[len(c.bridges)-1].Agent) == identity(agent)
}

func identity(agent call.Agent) string {
	return cmp.Or(agent.ID, agent.SourceID, agent.Name)
}

func inWords(event call.Event) string {
	switch {
	case event.Kind == call.Inbound:
		return "ringing"
	case event.Kind == call.Bridged:
		return "answered by agent " + cmp.Or(event.Agent.ID, "unknown")
	case event.Leg.IsChild():
		return "an agent's phone stopped ringing or hung up"
	default:
		return "call ended (" + cmp.Or(event.Leg.FinishReason, "no reason given") + ")"
	}
}
