package activities

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/kustomer"
	"github.com/callthread/callthread/kustomer/sandbox"
)

// opensForNobody opens a conversation before it is known who calls, and says
// what to do once it is.
func opensForNobody(t *testing.T, o *org) (opened createResult, in moveInput) {
	t.Helper()
	opened, err := attempt(o.createStep, ringing(""))
	require.NoError(t, err)
	in = moveInput{Facts: ringing(caller).Facts, ConversationID: opened.ConversationID, Left: opened.Left}
	in.Facts.Kustomer.CustomerID = opened.CustomerID
	return opened, in
}

func TestAConversationIsGivenToTheCallerWhenItIsKnownWhoThatIs(t *testing.T) {
	for name, fault := range map[string]sandbox.Fault{
		"at once":                   {Method: "GET", Route: "/v1/users", Kind: sandbox.FaultReset},
		"after the answer was lost": {Method: "PUT", Route: "/v1/conversations/{id}", Kind: sandbox.FaultLoseAnswer, Times: 2},
		"after an outage":           {Method: "PUT", Route: "/v1/conversations/{id}", Kind: sandbox.FaultStatus, Status: 503, Times: 2},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOrg(t)
			opened, in := opensForNobody(t, o)
			o.Inject(fault)
			moved, _, err := repeat(t, o.moveStep, in)
			require.NoError(t, err)
			conversation := o.conversation(t)
			require.Equal(t, conversation.CustomerID, moved.CustomerID)
			require.NotEqual(t, opened.CustomerID, moved.CustomerID)
			require.Equal(t, []string{caller}, o.State().Customers[1].Phones)
			require.Equal(t, "Call from "+caller, conversation.Name)
			require.Equal(t, o.client.ConversationURL(moved.CustomerID, conversation.ID), moved.ConversationURL)
			require.Equal(t, conversation.Rev, moved.Left.Rev)
			require.Empty(t, moved.Warnings)
		})
	}
}

func TestAConversationThatSomebodyHasGivenToACustomerStaysThere(t *testing.T) {
	o := newOrg(t)
	_, in := opensForNobody(t, o)
	theirs, err := o.client.CreateCustomer(t.Context(), kustomer.NewCustomer{Name: "Mrs. Öz"})
	require.NoError(t, err)
	_, err = o.client.MoveConversation(t.Context(), in.ConversationID, theirs.ID)
	require.NoError(t, err)
	moved, err := attempt(o.moveStep, in)
	require.NoError(t, err)
	require.Equal(t, theirs.ID, o.conversation(t).CustomerID)
	require.Equal(t, theirs.ID, moved.CustomerID)
	require.Contains(t, moved.Warnings[0], "another customer")
}

func TestAConversationOfAFixedCustomerIsNotMoved(t *testing.T) {
	o := newOrg(t)
	fixed, err := o.client.CreateCustomer(t.Context(), kustomer.NewCustomer{Name: "Hotline"})
	require.NoError(t, err)
	o.automate(t, "automations:\n- { event: call.inbound, action: kustomer.conversation.create, options: { customer: "+fixed.ID+" } }")
	_, in := opensForNobody(t, o)
	require.Zero(t, o.spent(func() {
		moved, err := attempt(o.moveStep, in)
		require.NoError(t, err)
		require.Equal(t, fixed.ID, moved.CustomerID)
	}))
}

func TestAnOperatorSaysWhoseAConversationIsThatCannotBeGivenToTheCaller(t *testing.T) {
	o := newOrg(t)
	o.automate(t, "callers: { unknown: park }\n"+creates)
	_, in := opensForNobody(t, o)
	_, err := attempt(o.moveStep, in)
	require.Equal(t, CallerUnknown, failureOf(t, err).Type())
	theirs, err := o.client.CreateCustomer(t.Context(), kustomer.NewCustomer{Name: "Mrs. Öz"})
	require.NoError(t, err)
	in.Amend = &Amendment{Customer: &theirs.ID}
	moved, err := attempt(o.moveStep, in)
	require.NoError(t, err)
	require.Equal(t, theirs.ID, moved.CustomerID)
	require.Equal(t, theirs.ID, o.conversation(t).CustomerID)
}
