package activities

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/kustomer"
	"github.com/callthread/callthread/kustomer/sandbox"
)

var support = sandbox.DefaultTeams()[0]

func TestAnAutomationCanChangeEveryFieldInOneRequest(t *testing.T) {
	o := newOrg(t)
	o.automate(t, creates+`
- event: call.bridged
  action: kustomer.conversation.update
  options:
    name: "{queue.name}"
    status: snoozed
    priority: 5
    assignedTeams: [`+support.ID+`]
    tags: { set: [a, b], add: [c], remove: [a] }
    custom: { waitSecondsNum: "{call.duration}", callIdStr: "{call.id}", answeredBool: true, outcomeStr: "{agent.email}", ringingAt: "{call.dateCreated}" }
`)
	opened := o.open(t)
	require.False(t, opened.ExpectsFinish)
	require.Equal(t, 1, o.spent(func() {
		updated, err := attempt(o.updateStep, answering(opened))
		require.NoError(t, err)
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
	require.Equal(t, map[string]any{"waitSecondsNum": 12.0, "callIdStr": "k-1", "answeredBool": true}, conversation.Custom)
	require.Empty(t, conversation.Notes)
}

func TestSettingNoTagsRemovesThemAll(t *testing.T) {
	o := newOrg(t)
	in := answering(o.open(t))
	o.automate(t, creates+"- { event: call.bridged, action: kustomer.conversation.update, options: { tags: { set: [] } } }")
	_, err := attempt(o.updateStep, in)
	require.NoError(t, err)
	require.Empty(t, o.conversation(t).Tags)
}

func TestAnAttributeThatCannotBeConvertedCostsNoCall(t *testing.T) {
	o := newOrg(t)
	o.automate(t, `
fields: [score]
automations:
- event: call.inbound
  action: kustomer.conversation.create
  options: { custom: { waitSecondsNum: "{score}", callIdStr: "{call.id}" } }
`)
	in := ringing(caller)
	in.Facts.Extra = map[string]string{"score": "much"}
	opened, err := attempt(o.createStep, in)
	require.NoError(t, err)
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

func TestANoteOnARingingCallIsWrittenOnce(t *testing.T) {
	o := newOrg(t)
	o.automate(t, noteOnInbound)
	require.Equal(t, 4, o.spent(func() { o.open(t) }), "customer looked up and created, conversation, note")
	require.True(t, o.open(t).Adopted)
	requireOneRingingNote(t, o)
}

func TestANoteOnARingingCallWhoseAnswerIsLostIsWrittenOnce(t *testing.T) {
	o := newOrg(t)
	o.automate(t, noteOnInbound)
	o.Inject(sandbox.Fault{Method: "POST", Route: "/v1/conversations/{id}/notes", Kind: sandbox.FaultLoseAnswer})
	opened, failed, err := repeat(t, o.createStep, ringing(caller))
	require.NoError(t, err)
	require.Len(t, failed, 1)
	require.Equal(t, o.conversation(t).ID, opened.ConversationID)
	requireOneRingingNote(t, o)
	require.Equal(t, 1, o.State().Requests["POST /v1/conversations"])
}

func TestAConversationCanBelongToAFixedCustomer(t *testing.T) {
	o := newOrg(t)
	fixed, err := o.client.CreateCustomer(t.Context(), kustomer.NewCustomer{Name: "Hotline"})
	require.NoError(t, err)
	o.automate(t, "automations:\n- { event: call.inbound, action: kustomer.conversation.create, options: { customer: "+fixed.ID+" } }")
	var opened createResult
	require.Equal(t, 1, o.spent(func() { opened = o.open(t) }), "nobody is looked up")
	require.Equal(t, fixed.ID, opened.CustomerID)
	require.False(t, opened.NewCustomer)
	require.Equal(t, fixed.ID, o.conversation(t).CustomerID)
	require.Equal(t, o.client.ConversationURL(fixed.ID, opened.ConversationID), opened.ConversationURL)
}

func TestACallThatNoAutomationOpensAConversationForCostsNothing(t *testing.T) {
	o := newOrg(t)
	o.automate(t, `
automations:
- event: call.inbound
  trigger: { conditions: [{ expression: call.to, operator: EQ, expectation: "+493020002000" }] }
  action: kustomer.conversation.create
  options: {}
- { event: call.inbound, action: kustomer.conversation.update, options: { note: It rings } }
`)
	opened := o.open(t)
	require.Zero(t, o.State().RequestTotal)
	require.Equal(t, createResult{Automations: opened.Automations}, opened)
	require.NotEmpty(t, opened.Automations)

	in := ringing(caller)
	in.Facts.Leg.To = "+493020002000"
	opened, err := attempt(o.createStep, in)
	require.NoError(t, err)
	require.Equal(t, o.conversation(t).ID, opened.ConversationID)
}

func TestReplacedAutomationsAreUsedFromTheNextStepOn(t *testing.T) {
	o := newOrg(t)
	opened := o.open(t)
	require.True(t, opened.ExpectsFinish)
	o.automate(t, creates+"- { event: call.bridged, action: kustomer.conversation.update, options: { name: Replaced } }")
	updated, err := attempt(o.updateStep, answering(opened))
	require.NoError(t, err)
	require.NotEqual(t, opened.Automations, updated.Automations)
	require.Equal(t, "Replaced", o.conversation(t).Name)
	require.Empty(t, o.conversation(t).Notes)

	in := ringing(caller)
	in.Facts.Key, in.Facts.Leg.ID = "k-2", "k-2"
	next, err := attempt(o.createStep, in)
	require.NoError(t, err)
	require.Equal(t, updated.Automations, next.Automations)
	require.False(t, next.ExpectsFinish)
	require.False(t, next.NewCustomer)
}
