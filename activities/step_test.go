package activities

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/kustomer"
)

// rang is when the call of these tests began to ring.
var rang = time.Date(2026, 7, 1, 10, 0, 0, 0, time.UTC)

// played is a call whose record decides which steps are due.
type played struct {
	*org
	t      *testing.T
	record call.Record
	is     Conversation // as its last step left it
}

func (o *org) called(t *testing.T) *played {
	return &played{org: o, t: t, record: call.Record{Key: "k-1", Started: rang, Limits: call.DefaultLimits}}
}

// hears adds a report, and does the one step that is then due.
func (p *played) hears(event call.Event) StepResult {
	p.t.Helper()
	p.record.Add(event, event.ReceivedAt)
	return p.does(event.ReceivedAt)
}

// does the step that is due at a time.
func (p *played) does(now time.Time) StepResult {
	p.t.Helper()
	step := p.record.Next(now).Step
	require.NotNil(p.t, step)
	do := p.UpdateConversation
	if p.record.Opened == nil {
		do = p.CreateConversation
	}
	result, _, err := repeat(p.t, do, StepInput{Step: *step, Conversation: p.is})
	require.NoError(p.t, err)
	p.is = result.Conversation
	p.record.Done(*step, call.Done{Conversation: result.Conversation.ID != "", Expects: result.Expects, Agent: result.Agent})
	return result
}

// isOpen is the call's conversation, which was opened a second after the call began to ring.
var isOpen = Conversation{
	ID: "c-1", URL: "https://acme.kustomerapp.com/c-1", CustomerID: "cu-1", OpenedAt: rang.Add(time.Second), Known: true, Rev: 7,
}

// knownTo is a call's facts while an agent has it.
func knownTo(agent call.Agent) call.Facts {
	return call.Facts{Key: "k-1", Leg: call.Leg{ID: "k-1", From: caller}, Agent: agent}
}

// pickUp is an agent's picking up, which was reported after so many seconds.
func pickUp(note string, agent call.Agent, seconds int) call.PickUp {
	at := rang.Add(time.Duration(seconds) * time.Second)
	return call.PickUp{Note: note, Facts: knownTo(agent), At: at, ReceivedAt: at}
}

// story is what happened to a call that began to ring at the usual time.
func story(pickUps ...call.PickUp) call.Story {
	return call.Story{Opening: knownTo(call.Agent{}), RangAt: rang, PickUps: pickUps}
}

// closed is a story with its outcome.
func closed(s call.Story, note string, outcome call.Outcome) call.Story {
	facts := knownTo(call.Agent{})
	facts.Outcome = outcome
	s.Closing = &call.Closing{Note: note, Facts: facts}
	return s
}

func TestEachCauseAsksForItsUpdate(t *testing.T) {
	byAmira, byBastian := call.Agent{ID: "7", SourceID: amira.ID}, call.Agent{ID: "8", SourceID: bastian.ID}
	first, second := pickUp("bridged", byAmira, 10), pickUp("bridged-2", byBastian, 60)
	overtaken := pickUp("bridged-2", byAmira, 10)
	overtaken.OutOfOrder = true
	nameless := pickUp("bridged", call.Agent{ID: "7"}, 10)
	nameless.Unassigned = true
	placed := story()
	placed.Placer.Unassigned = true
	answered := closed(story(first), "finished", call.Answered)
	missed := closed(story(), "finished", call.NoAgent)
	recorded, wrappedUp := answered, answered
	recorded.Recordings = []call.RecordingNote{{Note: "recorded"}, {Note: "recorded-2", Recording: call.Recording{ID: "r-2"}}}
	wrappedUp.WrappedUp = true
	withRecording := answered.Closing.Facts
	withRecording.Recording = call.Recording{ID: "r-2"}

	for name, c := range map[string]struct {
		cause   call.Cause
		was, is call.Story
		want    updateInput
	}{
		"an agent picks up": {call.PickedUp, story(), story(first), updateInput{
			Event: call.Bridged, Facts: first.Facts, Note: "bridged", Since: first.ReceivedAt, Agents: []string{amira.ID},
		}},
		"the next agent picks up": {call.PickedUp, story(first), story(first, second), updateInput{
			Event: call.Bridged, Facts: second.Facts, Note: "bridged-2", Since: second.ReceivedAt, Agents: []string{amira.ID, bastian.ID},
		}},
		"the next agent's pick-up was known first": {call.PickedUp, story(second), story(second, overtaken), updateInput{
			Event: call.Bridged, Facts: overtaken.Facts, Note: "bridged-2", Since: overtaken.ReceivedAt, Agents: []string{amira.ID, bastian.ID}, KeepAssignee: true,
		}},
		"the agent before was nobody whom Kustomer knows": {call.PickedUp, story(nameless), story(nameless, second), updateInput{
			Event: call.Bridged, Facts: second.Facts, Note: "bridged-2", Since: second.ReceivedAt, Agents: []string{bastian.ID}, Undo: []string{UnassignedTag},
		}},
		"the agent who placed the call was nobody whom Kustomer knows": {call.PickedUp, placed, story(first), updateInput{
			Event: call.Bridged, Facts: first.Facts, Note: "bridged", Since: first.ReceivedAt, Agents: []string{amira.ID}, Undo: []string{UnassignedTag},
		}},
		// The pick-up has its note, and is not to have a second one.
		"the agent is identified": {call.AgentIdentified, story(nameless), story(first), updateInput{
			Event: call.Bridged, Facts: first.Facts, Since: first.ReceivedAt, Agents: []string{amira.ID}, Undo: []string{UnassignedTag},
		}},
		"the call is over": {call.Ended, story(first), answered, updateInput{
			Event: call.Finished, Facts: answered.Closing.Facts, Note: "finished", Since: first.ReceivedAt, Agents: []string{amira.ID},
		}},
		"the outcome was another": {call.Ended, missed, closed(story(first), "finished-2", call.Answered), updateInput{
			Event: call.Finished, Facts: answered.Closing.Facts, Note: "finished-2", Since: first.ReceivedAt, Agents: []string{amira.ID},
			Undo: []string{"call_no_agent"}, Corrects: true,
		}},
		"another recording is available": {call.RecordingAvailable, answered, recorded, updateInput{
			Event: call.Recorded, Facts: withRecording, Note: "recorded-2", Since: first.ReceivedAt, Agents: []string{amira.ID}, Corrects: true,
		}},
		"the wrap-up is over": {call.WrapUpOver, answered, wrappedUp, updateInput{
			Event: call.WrappedUp, Facts: answered.Closing.Facts, Note: "wrappedUp", Since: first.ReceivedAt, Agents: []string{amira.ID}, Corrects: true,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			amend := &Amendment{Name: new("Amira's")}
			want := c.want
			want.ConversationID, want.Left, want.LookFirst, want.Amend = isOpen.ID, isOpen, true, amend
			want.Facts.Kustomer = call.Kustomer{CustomerID: isOpen.CustomerID, ConversationID: isOpen.ID, ConversationURL: isOpen.URL}
			step := call.Step{Causes: []call.Cause{c.cause}, Was: c.was, Is: c.is}
			require.Equal(t, want, newOrg(t).updateOf(StepInput{Step: step, Conversation: isOpen, MayBeDone: true, Amend: amend}))
		})
	}
}

func TestPeoplesChoicesStayThatWereMadeAfterTheCauseWasReported(t *testing.T) {
	agent := call.Agent{ID: "7"}
	first, second := pickUp("bridged", agent, 10), pickUp("bridged-2", agent, 60)
	inferred := call.PickUp{Note: "answered", Inferred: true}
	for name, c := range map[string]struct {
		cause  call.Cause
		is     call.Story
		opened time.Time
		want   time.Time
	}{
		"nobody picked up":                         {call.Ended, story(), isOpen.OpenedAt, rang},
		"nobody reported the pick-up":              {call.Ended, story(inferred), isOpen.OpenedAt, rang},
		"the last pick-up":                         {call.PickedUp, story(first, second), isOpen.OpenedAt, second.ReceivedAt},
		"the last of those that were reported":     {call.PickedUp, story(inferred, first), isOpen.OpenedAt, first.ReceivedAt},
		"the outcome of a call with two pick-ups":  {call.Ended, story(first, second), isOpen.OpenedAt, second.ReceivedAt},
		"a pick-up during an outage":               {call.PickedUp, story(first), second.At, second.At},
		"an agent who is identified after that":    {call.AgentIdentified, story(first), second.At, second.At},
		"the outcome of a call during an outage":   {call.Ended, story(first), second.At, first.ReceivedAt},
		"a pick-up after the conversation is open": {call.PickedUp, story(second), first.At, second.ReceivedAt},
	} {
		step := call.Step{Causes: []call.Cause{c.cause}, Is: c.is}
		require.Equal(t, c.want, Since(StepInput{Step: step, Conversation: Conversation{OpenedAt: c.opened}}), name)
	}
}

func TestCallsOwnAgentsAreAllWhoHadItEachOnce(t *testing.T) {
	found, named, both := pickUp("bridged", call.Agent{Email: bastian.Email}, 10), pickUp("bridged-2", call.Agent{SourceID: amira.ID}, 20), pickUp("bridged-3", call.Agent{SourceID: amira.ID}, 30)
	found.Users, both.Users = []string{bastian.ID}, []string{amira.ID}
	require.Equal(t, []string{amira.ID, bastian.ID}, StepInput{Step: call.Step{Is: story(found, named, both)}}.agents())
	require.Empty(t, StepInput{Step: call.Step{Is: story()}}.agents())
}

// rings is the report that the call begins to ring; takes is the one that Amira picks up.
func rings() call.Event {
	return call.Event{Kind: call.Inbound, ReceivedAt: rang, Leg: call.Leg{ID: "k-1", From: caller, CreatedAt: rang}}
}

func takes() call.Event {
	return call.Event{
		Kind: call.Bridged, ReceivedAt: rang.Add(7 * time.Second), Leg: call.Leg{ID: "k-1", Seconds: new(7)},
		Agent: call.Agent{ID: "7", Name: amira.Name, SourceID: amira.ID},
	}
}

func TestOpeningSaysWhatTheCallWaitsFor(t *testing.T) {
	o := newOrg(t)
	o.automate(t, creates+"- { event: recording.finished, action: kustomer.conversation.update, options: { note: Recorded } }\n")
	p := o.called(t)
	opened := p.hears(rings())
	require.Equal(t, call.Expects{Finish: true, Recording: true}, opened.Expects)
	is := o.conversation(t)
	require.Equal(t, []string{is.ID, is.CustomerID, o.client.ConversationURL(is.CustomerID, is.ID)}, []string{p.is.ID, p.is.CustomerID, p.is.URL})
	require.Equal(t, opened.At, p.is.OpenedAt)
	require.Equal(t, is.Rev, p.is.Rev)
}

func TestCallThatNoAutomationOpensAConversationForHasNone(t *testing.T) {
	o := newOrg(t)
	o.automate(t, "automations:\n- { event: call.outbound, action: kustomer.conversation.create, options: {} }\n")
	p := o.called(t)
	require.Equal(t, Conversation{}, p.hears(rings()).Conversation)
	require.Empty(t, o.State().Conversations)
	p.record.Add(takes(), takes().ReceivedAt)
	require.Nil(t, p.record.Next(takes().ReceivedAt).Step)
}

func TestHandOverSaysWhomItHasAssigned(t *testing.T) {
	p := newOrg(t).called(t)
	opened := p.hears(rings()).Conversation
	updated := p.hears(takes())
	require.Equal(t, call.Resolved{Users: []string{amira.ID}}, updated.Agent)
	require.Equal(t, []string{amira.ID}, updated.Conversation.AssignedUsers)
	require.Equal(t, []string{opened.ID, opened.URL, opened.CustomerID}, []string{p.is.ID, p.is.URL, p.is.CustomerID})
	require.Equal(t, opened.OpenedAt, p.is.OpenedAt)
}

func TestMergedConversationIsWhereTheCallGoesOn(t *testing.T) {
	o := newOrg(t)
	p := o.called(t)
	opened := p.hears(rings()).Conversation
	into, err := o.client.CreateConversation(t.Context(), kustomer.NewConversation{CustomerID: opened.CustomerID})
	require.NoError(t, err)
	require.NoError(t, o.Merge(opened.ID, into.ID))
	p.hears(takes())
	require.Equal(t, []string{into.ID, o.client.ConversationURL(opened.CustomerID, into.ID)}, []string{p.is.ID, p.is.URL})
}

func TestDeletedConversationIsStillTheCalls(t *testing.T) {
	o := newOrg(t)
	p := o.called(t)
	opened := p.hears(rings()).Conversation
	o.deletes(t, opened.ID)
	p.hears(takes())
	require.True(t, p.is.Deleted)
	require.Equal(t, []string{opened.ID, opened.URL, opened.CustomerID}, []string{p.is.ID, p.is.URL, p.is.CustomerID})
}

func TestConversationOfACallerWhoIsIdentifiedLaterBecomesTheCallers(t *testing.T) {
	o := newOrg(t)
	p := o.called(t)
	p.record.Add(takes(), rang)
	soon := rang.Add(time.Minute) // the caller's name was waited for
	opened := p.does(soon).Conversation
	handedOver := p.does(soon)
	given := p.hears(rings())
	require.NotEmpty(t, given.Caller)
	require.NotEqual(t, opened.CustomerID, p.is.CustomerID)
	is := o.conversation(t)
	require.Equal(t, []string{is.CustomerID, is.ID, o.client.ConversationURL(is.CustomerID, is.ID)}, []string{p.is.CustomerID, p.is.ID, p.is.URL})
	require.Equal(t, handedOver.Conversation.AssignedUsers, p.is.AssignedUsers)
	require.Equal(t, "Call from "+caller, is.Name)
}

func TestAgentWhoPlacedTheCallAndIsIdentifiedLaterIsAssigned(t *testing.T) {
	o := newOrg(t)
	o.automate(t, "automations:\n- { event: call.outbound, action: kustomer.conversation.create, options: { assignedUsers: [\"{agent.sourceId}\"] } }\n")
	p := o.called(t)
	placed := rings()
	placed.Kind, placed.Leg = call.Outbound, call.Leg{ID: "k-1", Type: "outbound", Source: "api", From: "+493020002000", To: caller, CreatedAt: rang}
	opened := p.hears(placed).Conversation
	require.Empty(t, o.conversation(t).AssignedUsers)
	ended := takes()
	ended.Kind, ended.Leg.ID, ended.Leg.ParentID = call.Finished, "k-2", "k-1"
	identified := p.hears(ended)
	require.False(t, identified.Agent.Unassigned)
	require.Equal(t, []string{amira.ID}, o.conversation(t).AssignedUsers)
	require.Equal(t, []string{opened.ID, opened.URL, opened.CustomerID}, []string{p.is.ID, p.is.URL, p.is.CustomerID})
	require.Equal(t, []string{amira.ID}, p.is.AssignedUsers)
}
