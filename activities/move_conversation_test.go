package activities

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/kustomer"
	"github.com/callthread/callthread/kustomer/sandbox"
)

// identifiedLater is a call whose conversation was opened before the caller was known. The
// step that moves it to the caller is due.
func (o *org) identifiedLater(t *testing.T) *played {
	t.Helper()
	p := o.rings(t, "")
	p.does()
	p.reports(call.Event{Kind: call.Inbound, Leg: call.Leg{ID: "k-1", From: caller, CreatedAt: noon}})
	require.Equal(t, []call.Cause{call.CustomerIdentified}, p.next().Causes)
	return p
}

func TestAConversationIsGivenToTheCallerWhenItIsKnownWhoThatIs(t *testing.T) {
	for name, fault := range map[string]sandbox.Fault{
		"at once":                          {Method: "GET", Route: "/v1/users", Kind: sandbox.FaultReset},
		"after the answer was lost":        {Method: "PUT", Route: "/v1/conversations/{id}", Kind: sandbox.FaultLoseAnswer, Times: 2},
		"after the name's answer was lost": {Method: "PUT", Route: "/v1/conversations/{id}", Kind: sandbox.FaultLoseAnswer, Skip: 1, Times: 1},
		"after an outage":                  {Method: "PUT", Route: "/v1/conversations/{id}", Kind: sandbox.FaultStatus, Status: 503, Times: 2},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOrg(t)
			p := o.identifiedLater(t)
			opened := p.conversation
			require.Equal(t, "Call from a withheld number", opened.Name)
			o.Inject(fault)
			moved, _ := p.repeats()
			conversation := o.conversation(t)
			require.Equal(t, conversation.CustomerID, moved.Conversation.CustomerID)
			require.NotEqual(t, opened.CustomerID, moved.Conversation.CustomerID)
			require.Equal(t, []string{caller}, o.State().Customers[1].Phones)
			require.Equal(t, "Call from "+caller, conversation.Name)
			require.Equal(t, o.client.ConversationURL(conversation.CustomerID, conversation.ID), moved.Conversation.URL)
			require.Equal(t, conversation.Rev, moved.Conversation.Rev)
			require.NotEmpty(t, moved.Caller)
			require.Empty(t, moved.Warnings)
		})
	}
}

func TestMoveByAPersonIsKept(t *testing.T) {
	o := newOrg(t)
	p := o.identifiedLater(t)
	theirs, err := o.client.CreateCustomer(t.Context(), kustomer.NewCustomer{Name: "Mrs. Öz"})
	require.NoError(t, err)
	_, err = o.client.MoveConversation(t.Context(), p.conversation.ID, theirs.ID)
	require.NoError(t, err)
	moved := p.does()
	require.Equal(t, theirs.ID, o.conversation(t).CustomerID)
	require.Equal(t, theirs.ID, moved.Conversation.CustomerID)
	require.Contains(t, moved.Warnings[0], "another customer")
}

func TestFixedCustomerKeepsTheConversation(t *testing.T) {
	o := newOrg(t)
	fixed, err := o.client.CreateCustomer(t.Context(), kustomer.NewCustomer{Name: "Hotline"})
	require.NoError(t, err)
	o.automate(t, "automations:\n- { event: call.inbound, action: kustomer.conversation.create, options: { customer: "+fixed.ID+" } }")
	p := o.identifiedLater(t)
	require.Zero(t, o.spent(func() { require.Equal(t, fixed.ID, p.does().Conversation.CustomerID) }))
}

func TestOperatorDecidesARefusedMove(t *testing.T) {
	o := newOrg(t)
	o.automate(t, "callers: { unknown: park }\n"+creates)
	p := o.identifiedLater(t)
	_, err := p.tries()
	require.Equal(t, CallerUnknown, failureOf(t, err).Type())
	theirs, err := o.client.CreateCustomer(t.Context(), kustomer.NewCustomer{Name: "Mrs. Öz"})
	require.NoError(t, err)
	moved := p.does(mayBeDone, func(in *StepInput) { in.Amend = &Amendment{Customer: &theirs.ID} })
	require.Equal(t, theirs.ID, moved.Conversation.CustomerID)
	require.Equal(t, theirs.ID, o.conversation(t).CustomerID)
	require.Equal(t, "the customer that an operator named", moved.Caller)
}

func TestInvalidLateNumberMovesNothing(t *testing.T) {
	o := newOrg(t)
	p := o.rings(t, "")
	before := p.does().Conversation.CustomerID
	pickUp := p.pickUp(12, agentAmira)
	pickUp.Leg.From = "client:user_2089123456"
	p.reports(pickUp)
	result := p.does()
	require.Equal(t, []string{"no customer was looked up, because what babelforce sent cannot be read as a number"}, result.Warnings)
	require.Equal(t, isUnreadable, result.Caller)
	require.Equal(t, before, o.conversation(t).CustomerID)
}

// The pick-up reports the caller's number: one step moves and hands over the conversation.
func TestHandOverAlsoMovesTheConversation(t *testing.T) {
	o := newOrg(t)
	p := o.rings(t, "")
	p.does()
	pickUp := p.pickUp(12, agentAmira)
	pickUp.Leg.From = caller
	p.reports(pickUp)
	require.Equal(t, []call.Cause{call.PickedUp, call.CustomerIdentified}, p.next().Causes)
	require.Empty(t, p.does().Warnings)
	conversation := o.conversation(t)
	require.Equal(t, o.State().Customers[1].ID, conversation.CustomerID)
	require.Equal(t, []string{amira.ID}, conversation.AssignedUsers)
	require.Equal(t, []string{"babelforce", "inbound_call", "call_answered"}, conversation.Tags)
	require.Equal(t, "Call from "+caller, conversation.Name)
	require.Len(t, conversation.Notes, 1)
}

func TestMergedConversationIsNotMoved(t *testing.T) {
	o := newOrg(t)
	p := o.identifiedLater(t)
	owner := p.conversation.CustomerID
	target := p.mergedInto(kustomer.NewConversation{Name: "The bill"})
	require.Equal(t, target, p.does().Conversation.ID)
	for _, conversation := range o.State().Conversations {
		require.Equal(t, owner, conversation.CustomerID)
	}
	require.Equal(t, "The bill", o.State().Conversations[1].Name)
}

// Everything was written, and the answer to the last request was lost.
func TestMoveIsRecognisedAfterALostAnswer(t *testing.T) {
	o := newOrg(t)
	p := o.rings(t, "")
	p.does()
	pickUp := p.pickUp(12, agentAmira)
	pickUp.Leg.From = caller
	p.reports(pickUp)
	o.Inject(sandbox.Fault{Method: "POST", Route: "/v1/conversations/{id}/notes", Kind: sandbox.FaultLoseAnswer, Times: 1})
	result, failed := p.repeats()
	require.Len(t, failed, 1)
	is := o.conversation(t)
	require.Equal(t, o.State().Customers[1].ID, is.CustomerID)
	require.Equal(t, is.CustomerID, result.Conversation.CustomerID)
	require.Equal(t, o.client.ConversationURL(is.CustomerID, is.ID), result.Conversation.URL)
}
