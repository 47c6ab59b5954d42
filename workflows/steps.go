package workflows

import (
	"context"
	"errors"
	"fmt"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/callthread/callthread/activities"
	"github.com/callthread/callthread/call"
)

// steps names the activities; it is never called.
var steps *activities.Activities

// run carries out one activity. It exists so that the compiler checks the
// input and the result, which ExecuteActivity does not.
func run[In, Out any](ctx workflow.Context, c *thread, activity func(context.Context, In) (Out, error), in In) (out Out, err error) {
	if err = c.publish(ctx); err == nil {
		err = workflow.ExecuteActivity(ctx, activity, in).Get(ctx, &out)
	}
	return out, err
}

// try tells a step what went before.
type try struct {
	again   bool // it may have been carried out already, wholly or in part
	decided bool // an operator has said so
	amend   *activities.Amendment
}

// step carries out one step that writes to Kustomer. While Kustomer refuses
// it, the call is parked for an operator, who lets it try again, as it is or
// amended, or leaves the step out; nothing else may lose a call.
func (c *thread) step(ctx workflow.Context, what string, priority int, do func(ctx workflow.Context, t try) error) error {
	// After a transfer, the next agent has the caller on the line though the caller's own leg has ended.
	if c.ended && !c.facts.Leg.WasTransferred() && priority < activities.PriorityOutcome {
		priority = activities.PriorityCatchUp
	}
	for t := (try{again: c.resumed}); ; t.again, t.decided = true, true {
		c.show(ctx)
		err := do(kustomerStep(ctx, what, priority), t)
		if err == nil || temporal.IsCanceledError(err) {
			return err
		}
		decision, err := c.park(ctx, what, err)
		if err != nil {
			return err
		}
		switch decision.name {
		case UpdateSkip:
			c.state.Skipped = append(c.state.Skipped, what)
			return nil
		case UpdateAmend:
			t.amend = decision.amendment
		}
	}
}

// park waits for an operator's decision on a step that Kustomer refused.
func (c *thread) park(ctx workflow.Context, what string, cause error) (decision, error) {
	before, waited := c.state.Phase, c.state.WaitsFor
	said, brief := reason(cause)
	c.state.ParkedBecause = fmt.Sprintf("could not %s: %s", what, said)
	brief = fmt.Sprintf("could not %s: %s", what, brief)
	c.state.WaitsFor = "an operator to retry, amend or skip: " + what
	c.tell(ctx, workflow.Now(ctx), "parked: "+c.state.ParkedBecause)
	workflow.GetLogger(ctx).Error("call is parked: an operator has to retry, amend or skip", "call", c.state.CallID, "reason", brief)
	if err := c.enter(ctx, Parked, ParkedBecause.ValueSet(cut(brief))); err != nil {
		return decision{}, err
	}

	c.decision = decision{}
	if err := c.listen(ctx, nil, func() bool { return c.decision.name != "" }); err != nil {
		return decision{}, err
	}

	c.tell(ctx, workflow.Now(ctx), "operator's decision: "+c.decision.name)
	c.state.ParkedBecause, c.state.WaitsFor = "", waited
	return c.decision, c.enter(ctx, before, ParkedBecause.ValueUnset())
}

// reason is a failure in Kustomer's own words, without Temporal's wrapping, and
// briefly without them: they may quote whom Kustomer knows, and the list of
// runs and the log must not.
func reason(err error) (said, brief string) {
	var failed *temporal.ApplicationError
	if !errors.As(err, &failed) {
		return err.Error(), err.Error()
	}
	if !failed.HasDetails() || failed.Details(&brief) != nil {
		brief = failed.Type()
	}
	return failed.Message(), brief
}

// update changes the call's conversation. There is none to change when an
// operator has skipped its creation; the result is then zero.
func (c *thread) update(ctx workflow.Context, what string, priority int, in activities.UpdateConversationInput) (updated activities.UpdateConversationResult, err error) {
	if c.state.ConversationID == "" {
		return updated, nil
	}
	in.ConversationID, in.Left, in.Agents = c.state.ConversationID, c.left, c.agents
	c.state.WaitsFor = "Kustomer to " + what
	err = c.step(ctx, what, priority, func(ctx workflow.Context, t try) (err error) {
		in.LookFirst, in.Amend = t.again || c.opened.Adopted || c.gone, t.amend
		if c.updatesLocally(ctx, t, in) {
			updated, err = runLocally(ctx, c, what, steps.UpdateConversation, in, func(in *activities.UpdateConversationInput) { in.LookFirst = true })
		} else {
			updated, err = run(ctx, c, steps.UpdateConversation, in)
		}
		return err
	})
	if err != nil {
		return updated, err
	}
	c.warn(ctx, updated.UpdatedAt, updated.Warnings)
	return updated, c.follow(ctx, updated)
}

// follow takes note of what people have done with the conversation meanwhile.
func (c *thread) follow(ctx workflow.Context, updated activities.UpdateConversationResult) error {
	c.left = updated.Left // unknown where the step was left out
	if updated.Gone && !c.gone {
		c.warn(ctx, updated.UpdatedAt, []string{"the conversation was deleted in Kustomer: nothing more can be written to it"})
	}
	c.gone = updated.Gone
	if updated.MovedTo == "" {
		return nil
	}
	c.isIn(updated.MovedTo, updated.MovedToURL)
	return c.list(ctx, KustomerConversationID.ValueSet(updated.MovedTo))
}

// isIn says which conversation is the call's.
func (c *thread) isIn(conversationID, url string) {
	c.state.ConversationID, c.state.ConversationURL = conversationID, url
	c.facts.Kustomer.ConversationID, c.facts.Kustomer.ConversationURL = conversationID, url
}

// noteName tells the notes of one call apart: the first of a kind is named after it.
func noteName(kind call.Kind, nth int) string {
	if nth == 1 {
		return string(kind)
	}
	return fmt.Sprintf("%s-%d", kind, nth)
}

// agentAttributes are the search attributes of whoever has the call.
func agentAttributes(state State) []temporal.SearchAttributeUpdate {
	var attributes []temporal.SearchAttributeUpdate
	if state.AgentID != "" {
		attributes = append(attributes, AgentID.ValueSet(state.AgentID))
	}
	if state.QueueName != "" {
		attributes = append(attributes, QueueName.ValueSet(cut(state.QueueName)))
	}
	return attributes
}

// cut keeps a name that somebody chose within what Temporal takes as a search attribute (2 KB).
func cut(name string) string {
	const limit = 255
	if runes := []rune(name); len(runes) > limit {
		return string(runes[:limit])
	}
	return name
}
