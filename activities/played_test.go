package activities

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/kustomer"
)

// played is a call against an org. The record decides what is due, as in the workflow.
type played struct {
	*org
	t            *testing.T
	rang         time.Time // when the call began to ring; all reports arrive then, by Temporal's clock
	record       call.Record
	conversation Conversation
}

var noon = time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)

// rings is a call with a report of the ring only.
func (o *org) rings(t *testing.T, from string) *played {
	return o.ringsAs(t, func(e *call.Event) { e.Leg.From = from })
}

// ringsAs is a call whose report of the ring is changed by a function.
func (o *org) ringsAs(t *testing.T, change func(*call.Event)) *played {
	e := call.Event{Kind: call.Inbound, Leg: call.Leg{ID: "k-1", From: caller, CreatedAt: noon}}
	change(&e)
	rang := e.Leg.CreatedAt
	p := &played{org: o, t: t, rang: rang, record: call.Record{Key: e.Leg.Key(), Started: rang, Limits: call.DefaultLimits}}
	p.reports(e)
	return p
}

// reports adds a report, which arrives now.
func (p *played) reports(e call.Event) {
	e.ReceivedAt = time.Now()
	p.record.Add(e, p.rang)
}

// picksUp reports that an agent picked up after that many seconds.
func (p *played) picksUp(seconds int, agent call.Agent) { p.reports(p.pickUp(seconds, agent)) }

// pickUp is the report that an agent picked up after that many seconds.
func (p *played) pickUp(seconds int, agent call.Agent) call.Event {
	leg := call.Leg{ID: p.record.Key, CreatedAt: p.rang, Seconds: &seconds}
	return call.Event{Kind: call.Bridged, Leg: leg, Agent: agent, Queue: call.Queue{Name: "Support"}}
}

// ends reports that the caller's leg ended after that many seconds, with a reason.
func (p *played) ends(seconds int, reason string) {
	p.reports(call.Event{Kind: call.Finished, Leg: call.Leg{ID: p.record.Key, CreatedAt: p.rang, Seconds: &seconds, FinishReason: reason}})
}

// next is the input of the step that is due now, or after the time for late reports.
func (p *played) next(change ...func(*StepInput)) StepInput {
	p.t.Helper()
	next := p.record.Next(p.rang)
	if next.Step == nil {
		next = p.record.Next(p.rang.Add(24 * time.Hour))
	}
	require.NotNil(p.t, next.Step, "nothing is due")
	in := StepInput{Step: *next.Step, Conversation: p.conversation}
	for _, f := range change {
		f(&in)
	}
	return in
}

// isLate begins a hand-over a minute after the pick-up was reported and the conversation
// opened.
func isLate(in *StepInput) {
	in.Conversation.OpenedAt = in.Conversation.OpenedAt.Add(-time.Minute)
	for i := range in.Is.PickUps {
		in.Is.PickUps[i].ReceivedAt = in.Is.PickUps[i].ReceivedAt.Add(-time.Minute)
	}
}

// mayBeDone says that a failed attempt may have done the step, in full or in part.
func mayBeDone(in *StepInput) { in.MayBeDone = true }

// hasEarlierRun says that an earlier run may have done the step.
func hasEarlierRun(in *StepInput) { in.EarlierRun = true }

// amended is a step with an operator's amendment.
func amended(t *testing.T, text string) func(*StepInput) {
	return func(in *StepInput) { in.Amend = amendment(t, text) }
}

// completes records the result of a step.
func (p *played) completes(in StepInput, result StepResult) {
	p.conversation = result.Conversation
	p.record.Done(in.Step, call.Done{
		Conversation: result.Conversation.ID != "", Expects: result.Expects, Agents: result.Agents, Placer: result.Placer,
	})
}

// step returns the activity of a step.
func (p *played) step(in StepInput) func(context.Context, StepInput) (StepResult, error) {
	if in.Has(call.Rang) {
		return p.CreateConversation
	}
	return p.UpdateConversation
}

// does runs the next step, which must succeed at the first attempt.
func (p *played) does(change ...func(*StepInput)) StepResult {
	p.t.Helper()
	in := p.next(change...)
	result, err := attempt(p.step(in), in)
	require.NoError(p.t, err)
	p.completes(in, result)
	return result
}

// tries runs an attempt at the next step whose result is lost.
func (p *played) tries(change ...func(*StepInput)) (StepResult, error) {
	p.t.Helper()
	in := p.next(change...)
	return attempt(p.step(in), in)
}

// repeats runs the next step until it succeeds, and returns the errors of the failed
// attempts.
func (p *played) repeats(change ...func(*StepInput)) (StepResult, []*temporal.ApplicationError) {
	p.t.Helper()
	in := p.next(change...)
	result, failed, err := repeat(p.t, p.step(in), in)
	require.NoError(p.t, err)
	p.completes(in, result)
	return result, failed
}

// edits changes the conversation as a person does.
func (p *played) edits(update kustomer.ConversationUpdate) {
	p.t.Helper()
	_, err := p.client.UpdateConversation(p.t.Context(), p.conversation.ID, update)
	require.NoError(p.t, err)
}

// opened is a call whose conversation is open.
func (o *org) opened(t *testing.T) *played {
	t.Helper()
	p := o.rings(t, caller)
	p.does()
	return p
}

// answered is a call that Amira picked up and whose hand-over is due.
func (o *org) answered(t *testing.T) *played {
	t.Helper()
	p := o.opened(t)
	p.picksUp(12, agentAmira)
	return p
}

var (
	agentAmira   = call.Agent{ID: "7", Name: amira.Name, SourceID: amira.ID}
	agentBastian = call.Agent{ID: "8", Name: bastian.Name, SourceID: bastian.ID}
)
