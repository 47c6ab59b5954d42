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
func run[In, Out any](ctx workflow.Context, activity func(context.Context, In) (Out, error), in In) (Out, error) {
	var out Out
	err := workflow.ExecuteActivity(ctx, activity, in).Get(ctx, &out)
	return out, err
}

// step carries out one step that writes to Kustomer. While Kustomer refuses
// it, the call is parked for an operator, who lets it try again or leaves the
// step out; nothing else may lose a call. again tells a repeated step that it
// may have been carried out before.
func (c *thread) step(ctx workflow.Context, what string, do func(ctx workflow.Context, again bool) error) error {
	for again := false; ; again = true {
		err := do(kustomerStep(ctx, what), again)
		if err == nil || temporal.IsCanceledError(err) {
			return err
		}
		decision, err := c.park(ctx, what, err)
		if err != nil {
			return err
		}
		if decision == UpdateSkip {
			c.state.Skipped = append(c.state.Skipped, what)
			return nil
		}
	}
}

// park waits for an operator's decision on a step that Kustomer refused.
func (c *thread) park(ctx workflow.Context, what string, cause error) (decision string, err error) {
	before, waited := c.state.Phase, c.state.WaitsFor
	c.state.ParkedBecause = fmt.Sprintf("could not %s: %s", what, reason(cause))
	c.state.WaitsFor = "an operator to retry or skip: " + what
	c.tell(ctx, workflow.Now(ctx), "parked: "+c.state.ParkedBecause)
	if err := c.enter(ctx, Parked); err != nil {
		return "", err
	}

	c.decision = ""
	if err := c.listen(ctx, nil, func() bool { return c.decision != "" }); err != nil {
		return "", err
	}

	c.tell(ctx, workflow.Now(ctx), "operator's decision: "+c.decision)
	c.state.ParkedBecause, c.state.WaitsFor = "", waited
	return c.decision, c.enter(ctx, before)
}

// reason is a failure in Kustomer's own words, without Temporal's wrapping.
func reason(err error) string {
	var failed *temporal.ApplicationError
	if errors.As(err, &failed) {
		return failed.Message()
	}
	return err.Error()
}

// update changes the call's conversation. There is none to change when an
// operator has skipped its creation; the result is then zero.
func (c *thread) update(ctx workflow.Context, what string, in activities.UpdateConversationInput) (updated activities.UpdateConversationResult, err error) {
	if c.opened.ConversationID == "" {
		return updated, nil
	}
	in.ConversationID = c.opened.ConversationID
	c.state.WaitsFor = "Kustomer to " + what
	err = c.step(ctx, what, func(ctx workflow.Context, again bool) (err error) {
		in.LookFirst = again || c.opened.Adopted
		updated, err = run(ctx, steps.UpdateConversation, in)
		return err
	})
	c.warn(ctx, updated.UpdatedAt, updated.Warnings)
	return updated, err
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
