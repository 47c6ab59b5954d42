package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/callthread/callthread/activities"
	"github.com/callthread/callthread/call"
)

// linger stays for what comes after a call, where automations want it: its
// recordings, and the end of the agent's wrap-up. It answers true when
// something was heard of the call itself.
func (c *thread) linger(ctx workflow.Context) (more bool, err error) {
	if c.state.ConversationID == "" || !c.opened.ExpectsRecording && c.opened.WrapUpTime == 0 {
		return false, nil
	}
	if err := c.isOver(ctx); err != nil {
		return false, err
	}
	if c.recording == nil && c.opened.ExpectsRecording {
		c.recording = c.timer(ctx, c.sinceTheEnd(ctx, c.patience.Recording), "time limit for recordings")
	}
	if c.wrapUp == nil && c.opened.WrapUpTime > 0 && c.closed.Outcome == call.Answered {
		c.wrapUp = c.timer(ctx, c.sinceTheEnd(ctx, c.opened.WrapUpTime), "time for the agent to wrap up")
	}
	ending := c.over().Ending()
	isMore := func() bool { return c.handled < len(c.bridges) || c.isIncomplete() || c.over().Ending() != ending }
	for {
		if err := c.writeAfterwards(ctx); err != nil {
			return false, err
		}
		c.drain(ctx) // what came while that was being done
		if c.recorded < len(c.recordings) {
			continue
		}
		deadline := c.afterwards()
		if isMore() || deadline == nil {
			return isMore(), nil
		}
		news := func() bool { return isMore() || c.recorded < len(c.recordings) }
		if err := c.listen(ctx, deadline, news); err != nil {
			return false, err
		}
	}
}

// sinceTheEnd is what is left of a time that began with the end of the call.
func (c *thread) sinceTheEnd(ctx workflow.Context, d time.Duration) time.Duration {
	if c.endHeard.IsZero() {
		return d
	}
	return max(d-workflow.Now(ctx).Sub(c.endHeard), 0)
}

// afterwards is the timer to wait for next, nil if there is none.
func (c *thread) afterwards() workflow.Future {
	if c.wrapUp != nil && !c.wrapUp.IsReady() {
		c.state.WaitsFor = "the agent to wrap up"
		return c.wrapUp
	}
	if c.recording != nil && !c.recording.IsReady() {
		c.state.WaitsFor = "recordings of the call"
		return c.recording
	}
	return nil
}

// writeAfterwards writes down what has come since the end of the call.
func (c *thread) writeAfterwards(ctx workflow.Context) error {
	for ; c.recorded < len(c.recordings); c.recorded++ {
		facts := c.closedFacts()
		facts.Recording = c.recordings[c.recorded].Recording
		const what = "write down a recording"
		if err := c.writeAfter(ctx, what, call.Recorded, noteName(call.Recorded, c.recorded+1), facts); err != nil {
			return err
		}
	}
	if c.wrapUp == nil || !c.wrapUp.IsReady() || c.wrappedUp {
		return nil
	}
	c.wrappedUp = true
	return c.writeAfter(ctx, "wrap the call up", call.WrappedUp, string(call.WrappedUp), c.closedFacts())
}

func (c *thread) writeAfter(ctx workflow.Context, what string, event call.Kind, note string, facts call.Facts) error {
	updated, err := c.update(ctx, what, activities.PriorityCatchUp, activities.UpdateConversationInput{
		Event: event, Facts: facts, Note: note, Since: c.since(),
	})
	if err != nil || updated.UpdatedAt.IsZero() || updated.Gone {
		return err
	}
	done := map[call.Kind]string{call.Recorded: "recording written down", call.WrappedUp: "wrapped up"}[event]
	c.tell(ctx, updated.UpdatedAt, done)
	return nil
}
