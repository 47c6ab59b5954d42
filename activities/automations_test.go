package activities

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/kustomer"
	"github.com/callthread/callthread/kustomer/sandbox"
)

var support = sandbox.DefaultTeams()[0]

func TestOneRequestChangesEveryField(t *testing.T) {
	o := newOrg(t)
	o.automate(t, creates+`
- event: call.bridged
  action: kustomer.conversation.update
  options:
    name: "{queue.name}"
    status: snoozed
    priority: 5
    assignedTeams: [`+support.ID+`]
    tags: { set: [b], add: [c], remove: [a] }
    custom: { waitSecondsNum: "{call.duration}", callIdStr: "{call.id}", answeredBool: true, outcomeStr: "{agent.email}", ringingAt: "{call.dateCreated}" }
`)
	p := o.rings(t, caller)
	opened := p.does()
	require.False(t, opened.Expects.Finish)
	p.picksUp(12, agentAmira)
	require.Equal(t, 1, o.spent(func() {
		updated := p.does()
		require.Equal(t, opened.Automations, updated.Automations)
		require.NotEmpty(t, updated.Automations)
	}))
	require.Equal(t, 1, o.State().Requests["PUT /v1/conversations/{id}"])
	conversation := o.conversation(t)
	require.Equal(t, "Support", conversation.Name)
	require.Equal(t, "snoozed", conversation.Status)
	require.Equal(t, 5, conversation.Priority)
	require.Equal(t, []string{support.ID}, conversation.AssignedTeams)
	require.Empty(t, conversation.AssignedUsers)
	require.Equal(t, []string{"b", "c"}, conversation.Tags)
	require.Equal(t, map[string]any{
		"waitSecondsNum": 12.0, "callIdStr": "k-1", "answeredBool": true, "ringingAt": "2026-07-01T12:00:00.000Z",
	}, conversation.Custom, "the agent has no address")
	require.Empty(t, conversation.Notes)
}

func TestEmptySetRemovesAllTags(t *testing.T) {
	o := newOrg(t)
	p := o.answered(t)
	o.automate(t, creates+"- { event: call.bridged, action: kustomer.conversation.update, options: { tags: { set: [] } } }")
	p.does()
	require.Empty(t, o.conversation(t).Tags)
}

func TestUnconvertibleAttributeIsLeftOut(t *testing.T) {
	o := newOrg(t)
	o.automate(t, `
fields: [score]
automations:
- event: call.inbound
  action: kustomer.conversation.create
  options: { custom: { waitSecondsNum: "{score}", callIdStr: "{call.id}" } }
`)
	opened := o.ringsAs(t, func(e *call.Event) { e.Extra = map[string]string{"score": "much"} }).does()
	require.Equal(t, []string{"attribute waitSecondsNum was left out: its value is not a number"}, opened.Warnings)
	require.Equal(t, map[string]any{"callIdStr": "k-1"}, o.conversation(t).Custom)
}

const noteOnInbound = creates + "- { event: call.inbound, action: kustomer.conversation.update, options: { note: 'Rings: {call.from:last4}' } }"

func requireOneRingingNote(t *testing.T, o *org) {
	t.Helper()
	notes := o.conversation(t).Notes
	require.Len(t, notes, 1)
	require.Equal(t, "Rings: 5555", notes[0].Body)
	require.Equal(t, "babelforce:k-1:inbound", notes[0].ExternalID)
}

func TestNoteOnARingingCallIsWrittenOnce(t *testing.T) {
	o := newOrg(t)
	o.automate(t, noteOnInbound)
	require.Equal(t, 4, o.spent(func() { o.opened(t) }), "customer looked up and created, conversation, note")
	require.True(t, o.opened(t).conversation.Adopted)
	requireOneRingingNote(t, o)
}

func TestFirstNoteSurvivesALostAnswer(t *testing.T) {
	o := newOrg(t)
	o.automate(t, noteOnInbound)
	o.Inject(sandbox.Fault{Method: "POST", Route: "/v1/conversations/{id}/notes", Kind: sandbox.FaultLoseAnswer})
	opened, failed := o.rings(t, caller).repeats()
	require.Len(t, failed, 1)
	require.Equal(t, o.conversation(t).ID, opened.Conversation.ID)
	requireOneRingingNote(t, o)
	require.Equal(t, 1, o.State().Requests["POST /v1/conversations"])
}

func TestConversationCanHaveAFixedCustomer(t *testing.T) {
	o := newOrg(t)
	fixed, err := o.client.CreateCustomer(t.Context(), kustomer.NewCustomer{Name: "Hotline"})
	require.NoError(t, err)
	o.automate(t, "automations:\n- { event: call.inbound, action: kustomer.conversation.create, options: { customer: "+fixed.ID+" } }")
	var opened Conversation
	require.Equal(t, 1, o.spent(func() { opened = o.opened(t).conversation }), "no customer is looked up")
	require.Equal(t, fixed.ID, opened.CustomerID)
	require.Len(t, o.State().Customers, 1)
	require.Equal(t, fixed.ID, o.conversation(t).CustomerID)
	require.Equal(t, o.client.ConversationURL(fixed.ID, opened.ID), opened.URL)
}

func TestUnwantedCallCostsNoRequests(t *testing.T) {
	o := newOrg(t)
	o.automate(t, `
automations:
- event: call.inbound
  trigger: { conditions: [{ expression: call.to, operator: EQ, expectation: "+493020002000" }] }
  action: kustomer.conversation.create
  options: {}
- { event: call.inbound, action: kustomer.conversation.update, options: { note: It rings } }
`)
	p := o.rings(t, caller)
	opened := p.does()
	require.Zero(t, o.State().RequestTotal)
	require.Equal(t, StepResult{Automations: opened.Automations}, opened)
	require.NotEmpty(t, opened.Automations)
	p.picksUp(12, agentAmira)
	require.Nil(t, p.record.Next(p.rang).Step)

	opened = o.ringsAs(t, func(e *call.Event) { e.Leg.To = "+493020002000" }).does()
	require.Equal(t, o.conversation(t).ID, opened.Conversation.ID)
}

func TestNewAutomationsApplyFromTheNextStep(t *testing.T) {
	o := newOrg(t)
	p := o.rings(t, caller)
	opened := p.does()
	require.True(t, opened.Expects.Finish)
	o.automate(t, creates+"- { event: call.bridged, action: kustomer.conversation.update, options: { name: Replaced } }")
	p.picksUp(12, agentAmira)
	updated := p.does()
	require.NotEqual(t, opened.Automations, updated.Automations)
	require.Equal(t, "Replaced", o.conversation(t).Name)
	require.Empty(t, o.conversation(t).Notes)

	next := o.ringsAs(t, func(e *call.Event) { e.Leg.ID = "k-2" }).does()
	require.Equal(t, updated.Automations, next.Automations)
	require.False(t, next.Expects.Finish)
	require.Len(t, o.State().Customers, 1)
}
