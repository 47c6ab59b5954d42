package activities

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/kustomer"
)

func amendment(t *testing.T, text string) *Amendment {
	t.Helper()
	var m Amendment
	require.NoError(t, json.Unmarshal([]byte(text), &m))
	require.NoError(t, m.Validate())
	return &m
}

func TestAnAmendmentChangesTheOpeningOfAConversation(t *testing.T) {
	o := newOrg(t)
	o.automate(t, "automations:\n- { event: call.inbound, action: kustomer.conversation.create, options: "+
		"{ name: Call, priority: 2, tags: [a], assignedTeams: ["+support.ID+"], custom: { waitSecondsNum: 1, callIdStr: '{call.id}' } } }\n"+
		"- { event: call.inbound, action: kustomer.conversation.update, options: { note: Rings } }")
	other, err := o.client.CreateCustomer(t.Context(), kustomer.NewCustomer{Name: "Somebody else"})
	require.NoError(t, err)
	in := ringing(caller)
	in.Amend = amendment(t, `{"customer": "`+other.ID+`", "name": "Amended", "status": "done", "direction": "out", "priority": 5,
		"tags": ["b"], "assignedTeams": [], "assignedUsers": ["`+bastian.ID+`"], "custom": {"waitSecondsNum": null, "outcomeStr": "x"}, "note": ""}`)
	_, err = attempt(o.createStep, in)
	require.NoError(t, err)
	is := o.conversation(t)
	require.Equal(t, []any{other.ID, "Amended", "done", "out", 5}, []any{is.CustomerID, is.Name, is.Status, is.Direction, is.Priority})
	require.Equal(t, []string{"b"}, is.Tags)
	require.Equal(t, []string{bastian.ID}, is.AssignedUsers)
	require.Empty(t, is.AssignedTeams)
	require.Equal(t, map[string]any{"callIdStr": "k-1", "outcomeStr": "x"}, is.Custom)
	require.Empty(t, is.Notes)
}

func TestAnAmendedNumberFindsTheCaller(t *testing.T) {
	o := newOrg(t)
	in := ringing("what is this")
	in.Facts.Leg.Anonymous = true
	in.Amend = amendment(t, `{"customer": "`+caller+`"}`)
	_, err := attempt(o.createStep, in)
	require.NoError(t, err)
	require.Equal(t, []string{caller}, o.State().Customers[0].Phones)
}

func TestAnAmendmentChangesAnUpdate(t *testing.T) {
	o := newOrg(t)
	in := answering(o.open(t))
	in.Amend = amendment(t, `{"name": "Amended", "status": "snoozed", "priority": 1, "assignedUsers": ["`+bastian.ID+`"],
		"assignedTeams": ["`+support.ID+`"], "tags": ["seen"], "removeTags": ["inbound_call"], "custom": {"outcomeStr": "x"}, "note": "By hand"}`)
	o.update(t, in)
	is := o.conversation(t)
	require.Equal(t, []any{"Amended", "snoozed", 1}, []any{is.Name, is.Status, is.Priority})
	require.Equal(t, []string{bastian.ID}, is.AssignedUsers)
	require.Equal(t, []string{support.ID}, is.AssignedTeams)
	require.Equal(t, []string{"babelforce", "call_lost", "seen"}, is.Tags)
	require.Equal(t, map[string]any{"outcomeStr": "x"}, is.Custom)
	require.Equal(t, "By hand", is.Notes[0].Body)
}

func TestWhatAnAmendmentDoesNotNameStays(t *testing.T) {
	o := newOrg(t)
	in := answering(o.open(t))
	in.Amend = amendment(t, `{"note": "By hand"}`)
	o.update(t, in)
	is := o.conversation(t)
	require.Equal(t, []string{amira.ID}, is.AssignedUsers)
	require.Equal(t, []string{"babelforce", "inbound_call", "call_answered"}, is.Tags)
}

func TestAMistypedAmendmentIsRefused(t *testing.T) {
	var m Amendment
	require.ErrorContains(t, json.Unmarshal([]byte(`{"asignedTeams": []}`), &m), "asignedTeams")
	require.Error(t, json.Unmarshal([]byte(`{"priority": "high"}`), &m))
	require.ErrorContains(t, Amendment{}.Validate(), "retry")
	require.ErrorContains(t, Amendment{Custom: map[string]any{}}.Validate(), "retry")
}

func TestAmendedTagsTakeThePlaceOfAListThatWasToBeSet(t *testing.T) {
	o := newOrg(t)
	in := answering(o.open(t))
	o.automate(t, creates+"- { event: call.bridged, action: kustomer.conversation.update, options: { tags: { set: [all, anew] } } }")
	in.Amend = amendment(t, `{"tags": ["one_more"]}`)
	o.update(t, in)
	require.Equal(t, []string{"babelforce", "inbound_call", "call_lost", "one_more"}, o.conversation(t).Tags)
}
