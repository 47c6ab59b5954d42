package workflows

import (
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/callthread/callthread/activities"
	"github.com/callthread/callthread/call"
)

// close writes down what became of the call, and stays for what comes after
// it. Should a bridge arrive meanwhile, it is served, and what it made untrue is put right.
func (c *thread) close(ctx workflow.Context) error {
	var (
		outcomeTags []string
		written     call.Ending
		nth         int // how often an outcome was written
	)
	for {
		if err := c.handOverTheRest(ctx); err != nil {
			return err
		}
		over := c.over()
		if over.Ending() == written {
			if more, err := c.linger(ctx); err != nil {
				return err
			} else if !more {
				return c.leave(ctx)
			}
			continue
		}
		written = over.Ending()
		nth++
		c.closed = over.Closed(c.bridges)
		if !c.opened.ExpectsFinish {
			continue
		}
		updated, err := c.update(ctx, "write the outcome", activities.PriorityOutcome, activities.UpdateConversationInput{
			Event: call.Finished,
			Facts: c.closedFacts(),
			Note:  noteName(call.Finished, nth),
			Undo:  outcomeTags,
			Since: c.since(),
		})
		if err != nil {
			return err
		}
		if !updated.UpdatedAt.IsZero() && !updated.Gone {
			c.tell(ctx, updated.UpdatedAt, "outcome written: "+string(c.closed.Outcome))
		}
		outcomeTags = updated.AddedTags
	}
}

// closedFacts are what the call came down to, and the conversation that it is in now.
func (c *thread) closedFacts() call.Facts {
	facts := c.closed
	facts.Kustomer = c.facts.Kustomer
	return facts
}

// over is what is known of the call, were it over.
func (c *thread) over() call.Over {
	return call.Over{Facts: c.facts, Attempts: c.attempts, Bridged: len(c.bridges) > 0, Ended: c.ended, Queue: c.endedIn}
}

// handOverTheRest serves the bridges that were heard since the end of the
// call. Where the legs tell that an agent had the caller on the line, but the
// event that says who was lost, the conversation is still marked as answered.
func (c *thread) handOverTheRest(ctx workflow.Context) error {
	for c.drain(ctx); c.handled < len(c.bridges) || c.isIncomplete(); c.drain(ctx) {
		if err := c.completeOpening(ctx); err != nil {
			return err
		}
		if c.handled == len(c.bridges) {
			continue
		}
		c.handled++
		if err := c.handOver(ctx, c.bridges[c.handled-1], noteName(call.Bridged, c.handled)); err != nil {
			return err
		}
	}
	if len(c.bridges) > 0 || c.answeredUnseen || !c.over().IsAnswered() {
		return nil
	}
	c.answeredUnseen = true
	answer := c.over().Answer()
	c.facts.Agent, c.facts.Queue = answer.Agent, answer.Queue
	if err := c.handOver(ctx, answer, "answered"); err != nil {
		return err
	}
	return c.handOverTheRest(ctx)
}

// leave ends the run once everybody who asked has their answer.
func (c *thread) leave(ctx workflow.Context) error {
	c.state.WaitsFor = ""
	c.done = true
	c.tell(ctx, workflow.Now(ctx), "over: "+c.closed.Outcome.InWords())
	if err := c.isOver(ctx); err != nil {
		return err
	}
	if err := c.publish(ctx); err != nil {
		return err
	}
	return workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) })
}

// isOver shows operators that the call is over, and its outcome.
func (c *thread) isOver(ctx workflow.Context) error {
	phase := Missed
	if c.closed.Outcome == call.Answered {
		phase = Finished
	}
	if c.state.Phase == phase && c.state.Outcome == c.closed.Outcome {
		return nil
	}
	c.state.Outcome, c.state.Summary = c.closed.Outcome, c.closed.Summary
	attributes := []temporal.SearchAttributeUpdate{CallOutcome.ValueSet(string(c.state.Outcome))}
	if queue := c.closed.Queue.Name; queue != "" && queue != c.state.QueueName {
		c.state.QueueName = queue
		attributes = append(attributes, agentAttributes(State{QueueName: queue})...)
	}
	return c.enter(ctx, phase, attributes...)
}
