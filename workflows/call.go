// Package workflows tells what happens to a call, durably: one workflow per
// call, from ring to note. It holds no I/O, no clock and no word of Kustomer's
// or babelforce's formats.
package workflows

import (
	"cmp"

	"go.temporal.io/sdk/temporal"
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
	if listed := c.publish(ctx); err == nil {
		err = listed
	}
	return c.state, err
}

func (c *thread) run(ctx workflow.Context) error {
	if err := c.learnCaller(ctx); err != nil {
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
		if err := c.handOver(ctx, bridge, noteName(call.Bridged, c.handled)); err != nil {
			return err
		}
	}
	return c.close(ctx)
}

// openConversation opens the conversation, the first step of every call.
func (c *thread) openConversation(ctx workflow.Context) error {
	if rang := c.facts.Leg.CreatedAt; !rang.IsZero() && workflow.Now(ctx).Sub(rang) > oldNews {
		c.resumed, c.isOld = true, true
	}
	c.local = workflow.GetVersion(ctx, "local steps", workflow.DefaultVersion, 1) == 1
	const what = "open the conversation"
	c.state.WaitsFor = "Kustomer to " + what
	return c.step(ctx, what, activities.PriorityRing, func(ctx workflow.Context, t try) error {
		c.placersUnknown = c.facts.Outgoing && c.facts.Agent == call.Agent{}
		opened, err := c.open(ctx, what, c.opening(t))
		if err != nil {
			return err
		}
		c.opened, c.left, c.nobodys = opened, opened.Left, !c.facts.KnowsCustomer()
		c.state.CustomerID, c.facts.Kustomer.CustomerID = opened.CustomerID, opened.CustomerID
		c.isIn(opened.ConversationID, opened.ConversationURL)
		c.state.Automations, c.unassigned = opened.Automations, opened.Unassigned
		c.warn(ctx, cmp.Or(opened.OpenedAt, workflow.Now(ctx)), opened.Warnings)
		if opened.ConversationID == "" {
			c.tell(ctx, workflow.Now(ctx), "no automation opens a conversation for this call")
			return nil
		}
		if !c.firstHeard.IsZero() {
			c.state.RingToConversationMS = opened.OpenedAt.Sub(c.firstHeard).Milliseconds()
		}
		c.tell(ctx, opened.OpenedAt, openedInWords(opened))
		if c.state.Caller = opened.Caller; opened.Caller != "" {
			c.tell(ctx, opened.OpenedAt, "it belongs to "+opened.Caller)
		}
		attributes := []temporal.SearchAttributeUpdate{KustomerConversationID.ValueSet(opened.ConversationID)}
		if c.facts.Outgoing {
			c.state.AgentID = c.facts.Agent.ID // who has placed it
			attributes = append(attributes, agentAttributes(c.state)...)
		}
		if opened.CallerHash != "" {
			attributes = append(attributes, CallerHash.ValueSet(opened.CallerHash))
		}
		return c.list(ctx, attributes...)
	})
}

// open finds or opens the conversation.
func (c *thread) open(ctx workflow.Context, what string, in activities.CreateConversationInput) (activities.CreateConversationResult, error) {
	if c.opensLocally(ctx, in) {
		return runLocally(ctx, c, what, steps.CreateConversation, in, func(in *activities.CreateConversationInput) { in.LookFirst = true })
	}
	in.LookFirst = in.LookFirst || c.local && c.began >= repeatedTask // it may have been, when the first task was tried before
	return run(ctx, c, steps.CreateConversation, in)
}

func (c *thread) opening(t try) activities.CreateConversationInput {
	return activities.CreateConversationInput{Facts: c.facts, LookFirst: t.again, Amend: t.amend, Rang: c.rangAt()}
}

// nextBridge waits until an agent picks up. It answers false when none will
// any more: the call has ended and overtaken events had time to arrive, or
// nothing was heard for too long.
func (c *thread) nextBridge(ctx workflow.Context) (bridge call.Event, more bool, err error) {
	for c.drain(ctx); c.handled == len(c.bridges); {
		if err := c.completeOpening(ctx); err != nil {
			return call.Event{}, false, err
		}
		if c.handled > 0 && !c.opened.ExpectsFinish {
			return call.Event{}, false, nil
		}
		deadline := c.deadline(ctx)
		if deadline.IsReady() {
			return call.Event{}, false, nil
		}
		ended, goesOn := c.ended, c.goesOn(ctx)
		news := func() bool {
			return c.handled < len(c.bridges) || c.ended != ended || c.goesOn(ctx) != goesOn || c.isIncomplete()
		}
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
	case c.goesOn(ctx):
		c.settled = nil // what was waited for is here: the next agent
		c.state.WaitsFor = "the end of the call, which was transferred"
		if c.transferred == nil {
			c.transferred = c.timer(ctx, min(c.patience.End, transferTime), "time limit for the end of the call after its transfer")
		}
		return c.transferred
	case c.ended:
		c.state.WaitsFor = "events that were overtaken by the end of the call"
		if c.settled == nil {
			settle := c.patience.Settle
			if c.facts.Leg.WasTransferred() && !c.wasFollowed() {
				settle = max(settle, transferPatience)
			}
			c.settled = c.timer(ctx, settle, "wait for late events")
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
			c.unended = c.timer(ctx, c.patience.End, "time limit for the end of the call")
		}
		return c.unended
	}
}

// wasFollowed reports whether an agent has picked up since the caller's leg
// ended, by the events' own times or else by when they were heard of.
func (c *thread) wasFollowed() bool {
	return len(c.bridges) > c.bridgesAtEnd || !c.lastBridge.IsZero() && !c.lastBridge.Before(c.endedAt)
}

// goesOn reports whether the caller's leg has ended by a transfer, and the
// agent who took the call then is still on the line, as far as the ends of
// agents' legs tell. It cannot be told where babelforce does not send them.
func (c *thread) goesOn(ctx workflow.Context) bool {
	if !c.ended || !c.facts.Leg.WasTransferred() || !c.wasFollowed() || len(c.attempts) == 0 {
		return false
	}
	return !c.over().LastAgentHungUp(c.bridges) && workflow.GetVersion(ctx, "follow transfers", workflow.DefaultVersion, 1) == 1
}

// handOver gives the conversation to the agent who picked up. The name tells
// the note of this hand-over from the call's others.
func (c *thread) handOver(ctx workflow.Context, bridge call.Event, noteName string) error {
	facts := c.facts.AsOf(bridge)
	overtaken := c.isOvertaken(bridge)
	if !overtaken {
		c.state.AgentID, c.state.QueueName = facts.Agent.ID, facts.Queue.Name
	}
	if err := c.enter(ctx, Bridged, agentAttributes(c.state)...); err != nil {
		return err
	}
	updated, err := c.update(ctx, "assign the agent, tag and note", activities.PriorityHandOver, activities.UpdateConversationInput{
		Event:        call.Bridged,
		Facts:        facts,
		Note:         noteName,
		KeepAssignee: overtaken,
		// One that was opened late, after an outage, may at once have been assigned by a rule of Kustomer's.
		Since: latest(bridge.ReceivedAt, c.opened.OpenedAt),
		Undo:  c.undoUnassigned(overtaken),
	})
	if err != nil || updated.UpdatedAt.IsZero() || updated.Gone {
		return err
	}
	if !overtaken {
		c.unassigned = updated.Unassigned
	}
	switch {
	case len(updated.AssignedUsers) > 0:
		c.state.AssignedUsers = updated.AssignedUsers
		c.remember(updated.AssignedUsers)
	case updated.Unassigned:
		c.state.AssignedUsers = updated.Left.AssignedUsers
	}
	if c.state.BridgeToUpdateMS == 0 && !bridge.ReceivedAt.IsZero() {
		c.state.BridgeToUpdateMS = updated.UpdatedAt.Sub(bridge.ReceivedAt).Milliseconds()
	}
	c.tell(ctx, updated.UpdatedAt, handedOverInWords(updated))
	return nil
}

// handedOverInWords says whether the agent has the conversation now.
func handedOverInWords(updated activities.UpdateConversationResult) string {
	if updated.Unassigned {
		return "conversation updated, but assigned to nobody: Kustomer does not know the agent"
	}
	return "conversation handed over"
}

// undoUnassigned is the tag that the last hand-over has left, if its agent was
// unknown to Kustomer. It is not for one that was overtaken to take away.
func (c *thread) undoUnassigned(overtaken bool) []string {
	if c.unassigned && !overtaken {
		return []string{activities.UnassignedTag}
	}
	return nil
}
