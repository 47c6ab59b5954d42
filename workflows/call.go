// Package workflows tells what happens to a call, durably: one workflow per
// call, from ring to note. It holds no I/O, no clock and no word of Kustomer's
// or babelforce's formats.
package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/callthread/callthread/activities"
	"github.com/callthread/callthread/call"
)

// CallWorkflow is the life of one phone call. It opens the call's conversation
// while the phone rings, hands it to each agent who picks up, and closes it
// with what became of the call. It survives anything that happens to the
// processes around it, and ends only when the call is over and written down.
func CallWorkflow(ctx workflow.Context, in CallInput) (State, error) {
	c, err := setUp(ctx, in)
	if err != nil {
		return State{}, err
	}
	err = c.run(ctx)
	return c.state, err
}

func (c *thread) run(ctx workflow.Context) error {
	if err := c.learnParentLeg(ctx); err != nil {
		return err
	}
	if err := c.openConversation(ctx); err != nil {
		return err
	}
	for {
		bridge, more, err := c.nextBridge(ctx)
		if err != nil {
			return err
		}
		if !more {
			break
		}
		if err := c.handOver(ctx, bridge); err != nil {
			return err
		}
	}
	return c.close(ctx)
}

// learnParentLeg waits a moment for the caller's own leg, when the first
// event heard was about an attempt to reach an agent: that leg's numbers are not the caller's.
func (c *thread) learnParentLeg(ctx workflow.Context) error {
	known := func() bool { return c.facts.Leg.ID != "" }
	if c.drain(ctx); known() {
		return nil
	}
	c.state.WaitsFor = "the event of the caller's own leg"
	return c.listen(ctx, c.timer(ctx, c.patience.Settle, "time for the caller's own event"), known)
}

// openConversation opens the conversation, the first step of every call.
func (c *thread) openConversation(ctx workflow.Context) error {
	c.state.WaitsFor = "Kustomer to open the conversation"
	return c.step(ctx, "open the conversation", func(ctx workflow.Context, _ bool) error {
		opened, err := run(ctx, steps.CreateConversation, activities.CreateConversationInput{Facts: c.facts})
		if err != nil {
			return err
		}
		c.opened = opened
		c.state.ConversationID = opened.ConversationID
		c.state.ConversationURL = opened.ConversationURL
		c.state.CustomerID = opened.CustomerID
		c.state.Warnings = append(c.state.Warnings, opened.Warnings...)
		if !c.firstHeard.IsZero() {
			c.state.RingToConversationMS = opened.OpenedAt.Sub(c.firstHeard).Milliseconds()
		}
		c.tell(ctx, opened.OpenedAt, "conversation opened")
		return workflow.UpsertTypedSearchAttributes(ctx, KustomerConversationID.ValueSet(opened.ConversationID))
	})
}

// nextBridge waits until an agent picks up. It answers false when none will
// any more: the call has ended and overtaken events had time to arrive, or
// nothing was heard for too long.
func (c *thread) nextBridge(ctx workflow.Context) (bridge call.Event, more bool, err error) {
	for c.drain(ctx); c.handled == len(c.bridges); {
		if c.handled > 0 && !c.opened.ExpectsFinish {
			return call.Event{}, false, nil
		}
		deadline := c.deadline(ctx)
		if deadline.IsReady() {
			return call.Event{}, false, nil
		}
		ended := c.ended
		news := func() bool { return c.handled < len(c.bridges) || c.ended != ended }
		if err := c.listen(ctx, deadline, news); err != nil {
			return call.Event{}, false, err
		}
	}
	c.handled++
	return c.bridges[c.handled-1], true, nil
}

// deadline is the timer that bounds the current wait. A call that is answered
// and ends in good time needs no more than the first.
func (c *thread) deadline(ctx workflow.Context) workflow.Future {
	switch {
	case c.ended:
		c.state.WaitsFor = "events that were overtaken by the end of the call"
		if c.settled == nil {
			c.settled = c.timer(ctx, c.patience.Settle, "time for overtaken events")
		}
		return c.settled
	case c.handled == 0:
		c.state.WaitsFor = "an agent to pick up"
		return c.unanswered
	case !c.unanswered.IsReady():
		c.state.WaitsFor = "the end of the call"
		return c.unanswered
	default:
		c.state.WaitsFor = "the end of the call"
		if c.unended == nil {
			c.unended = c.timer(ctx, c.patience.End, "time for the end of the call")
		}
		return c.unended
	}
}

// handOver gives the conversation to the agent who picked up.
func (c *thread) handOver(ctx workflow.Context, bridge call.Event) error {
	facts := c.facts.AsOf(bridge)
	overtaken := bridge.At().Before(c.lastBridge)
	if !overtaken {
		c.state.AgentID, c.state.QueueName = facts.Agent.ID, facts.Queue.Name
	}
	if err := c.enter(ctx, Bridged, agentAttributes(c.state)...); err != nil {
		return err
	}
	c.handOvers++
	updated, err := c.update(ctx, "assign the agent, tag and note", activities.UpdateConversationInput{
		Event:        call.Bridged,
		Facts:        facts,
		Note:         noteName(call.Bridged, c.handOvers),
		KeepAssignee: overtaken,
	})
	if err != nil || updated.UpdatedAt.IsZero() {
		return err
	}
	if len(updated.AssignedUsers) > 0 {
		c.state.AssignedUsers = updated.AssignedUsers
	}
	if c.state.BridgeToUpdateMS == 0 && !bridge.ReceivedAt.IsZero() {
		c.state.BridgeToUpdateMS = updated.UpdatedAt.Sub(bridge.ReceivedAt).Milliseconds()
	}
	c.tell(ctx, updated.UpdatedAt, "conversation handed over")
	return nil
}

// close writes down what became of the call.
func (c *thread) close(ctx workflow.Context) error {
	c.facts.Outcome = call.OutcomeOf(c.facts.Leg, c.attempts, len(c.bridges) > 0)
	if c.facts.Outcome == call.Answered && len(c.bridges) == 0 {
		// The legs tell that an agent had the caller on the line, though the event that says who was lost.
		if err := c.handOver(ctx, call.Event{Kind: call.Bridged}); err != nil {
			return err
		}
	}
	if c.opened.ExpectsFinish {
		updated, err := c.update(ctx, "write the outcome", activities.UpdateConversationInput{
			Event: call.Finished,
			Facts: c.facts,
			Note:  noteName(call.Finished, 1),
		})
		if err != nil {
			return err
		}
		c.tell(ctx, updated.UpdatedAt, "outcome written: "+string(c.facts.Outcome))
	}
	if err := c.handOverLatecomers(ctx); err != nil {
		return err
	}
	return c.leave(ctx)
}

// handOverLatecomers serves bridges that arrived while the outcome was being written.
func (c *thread) handOverLatecomers(ctx workflow.Context) error {
	for c.drain(ctx); c.handled < len(c.bridges); c.drain(ctx) {
		c.handled++
		if err := c.handOver(ctx, c.bridges[c.handled-1]); err != nil {
			return err
		}
		c.facts.Outcome = call.Answered
	}
	return nil
}

// leave ends the run once everybody who asked has their answer.
func (c *thread) leave(ctx workflow.Context) error {
	phase := Missed
	if c.facts.Outcome == call.Answered {
		phase = Finished
	}
	c.state.Outcome = c.facts.Outcome
	c.state.WaitsFor = ""
	c.over = true
	if err := c.enter(ctx, phase, CallOutcome.ValueSet(string(c.state.Outcome))); err != nil {
		return err
	}
	return workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) })
}
