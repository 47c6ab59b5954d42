package workflows

import (
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/callthread/callthread/activities"
	"github.com/callthread/callthread/call"
)

// learnCaller waits a moment for an event that says who calls, when the first
// one heard does not: it was about an attempt to reach an agent, or overtook the ringing.
func (c *thread) learnCaller(ctx workflow.Context) error {
	known := func() bool { return c.rang || c.facts.KnowsCustomer() || c.facts.Outgoing && c.ended }
	if c.drain(ctx); known() {
		return nil
	}
	c.state.WaitsFor = "an event that says who calls"
	patience := callerPatience
	if c.facts.Outgoing {
		c.state.WaitsFor, patience = "an event that says who is called", calledPatience
	}
	return c.listen(ctx, c.timer(ctx, patience, "time limit to learn who calls"), known)
}

// isIncomplete reports whether the conversation lacks what has become known since it was opened.
func (c *thread) isIncomplete() bool { return c.isNobodys() || c.isPlacers() }

// completeOpening adds what has become known since the conversation was opened.
func (c *thread) completeOpening(ctx workflow.Context) error {
	if err := c.giveToCaller(ctx); err != nil {
		return err
	}
	return c.giveToPlacer(ctx)
}

// isPlacers reports whether the conversation was opened before it was known which agent has placed the call, and now it is.
func (c *thread) isPlacers() bool { return c.placersUnknown && c.facts.Agent != call.Agent{} }

// giveToPlacer gives the conversation what it lacks, now that it is known who has placed the call.
func (c *thread) giveToPlacer(ctx workflow.Context) error {
	if !c.isPlacers() {
		return nil
	}
	c.placersUnknown = false
	names := func(bridge call.Event) bool { return bridge.Agent != call.Agent{} } // who is assigned as they come
	if c.state.ConversationID == "" || c.gone || slices.ContainsFunc(c.bridges, names) {
		return nil
	}
	const what = "name the agent who has placed the call"
	c.state.WaitsFor = "Kustomer to " + what
	return c.step(ctx, what, activities.PriorityHandOver, func(ctx workflow.Context, t try) error {
		in := c.opening(t)
		in.Existing = c.state.ConversationID
		completed, err := run(ctx, c, steps.CreateConversation, in)
		if err != nil {
			return err
		}
		c.left, c.state.AgentID, c.unassigned = completed.Left, c.facts.Agent.ID, completed.Unassigned
		c.warn(ctx, completed.OpenedAt, completed.Warnings)
		return c.list(ctx, agentAttributes(c.state)...)
	})
}

// isNobodys reports whether the conversation was opened before it was known who calls, and now it is.
func (c *thread) isNobodys() bool {
	number := c.facts.Leg.From
	if c.facts.Outgoing {
		number = c.facts.Leg.To
	}
	return c.nobodys && number != ""
}

// giveToCaller moves a conversation that was opened for nobody to the caller:
// the event that tells who calls was held up for longer than the agent could wait.
func (c *thread) giveToCaller(ctx workflow.Context) error {
	if !c.isNobodys() {
		return nil
	}
	c.nobodys = false
	version := workflow.GetVersion(ctx, "give to caller", workflow.DefaultVersion, 1)
	if version == workflow.DefaultVersion || c.state.ConversationID == "" {
		return nil
	}
	const what = "give the conversation to the caller"
	c.state.WaitsFor = "Kustomer to " + what
	return c.step(ctx, what, activities.PriorityHandOver, func(ctx workflow.Context, t try) error {
		moved, err := run(ctx, c, steps.MoveConversation, activities.MoveConversationInput{
			Facts: c.facts, ConversationID: c.state.ConversationID, Left: c.left, Amend: t.amend,
		})
		if err != nil {
			return err
		}
		c.left, c.gone = moved.Left, moved.Gone
		isMoved := moved.CustomerID != c.state.CustomerID
		c.state.CustomerID, c.facts.Kustomer.CustomerID = moved.CustomerID, moved.CustomerID
		c.isIn(c.state.ConversationID, moved.ConversationURL)
		c.warn(ctx, moved.MovedAt, moved.Warnings)
		if isMoved && moved.Caller != "" {
			c.state.Caller = moved.Caller
			c.tell(ctx, moved.MovedAt, "conversation moved: it belongs to "+moved.Caller)
		}
		if moved.CallerHash == "" {
			return nil
		}
		return c.list(ctx, CallerHash.ValueSet(moved.CallerHash))
	})
}

// rangAt is when the call began to ring, as far as is known.
func (c *thread) rangAt() time.Time {
	if rang := c.facts.Leg.CreatedAt; !rang.IsZero() {
		return rang
	}
	return c.firstHeard
}

// openedInWords says how the call came to its conversation.
func openedInWords(opened activities.CreateConversationResult) string {
	if opened.Joined {
		return "the call has joined the customer's open conversation"
	}
	return "conversation opened"
}
