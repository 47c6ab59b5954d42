package activities

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/kustomer"
)

func amendment(t *testing.T, text string) *Amendment {
	t.Helper()
	var m Amendment
	require.NoError(t, json.Unmarshal([]byte(text), &m))
	require.NoError(t, m.Validate())
	return &m
}

func TestAmendmentChangesTheOpening(t *testing.T) {
	o := newOrg(t)
	o.automate(t, "automations:\n- { event: call.inbound, action: kustomer.conversation.create, options: "+
		"{ name: Call, priority: 2, tags: [a], assignedTeams: ["+support.ID+"], custom: { waitSecondsNum: 1, callIdStr: '{call.id}' } } }\n"+
		"- { event: call.inbound, action: kustomer.conversation.update, options: { note: Rings } }")
	other, err := o.client.CreateCustomer(t.Context(), kustomer.NewCustomer{Name: "Somebody else"})
	require.NoError(t, err)
	o.rings(t, caller).does(amended(t, `{"customer": "`+other.ID+`", "name": "Amended", "status": "done", "direction": "out", "priority": 5,
		"tags": ["b"], "assignedTeams": [], "assignedUsers": ["`+bastian.ID+`"], "custom": {"waitSecondsNum": null, "outcomeStr": "x"}, "note": ""}`))
	is := o.conversation(t)
	require.Equal(t, []any{other.ID, "Amended", "done", "out", 5}, []any{is.CustomerID, is.Name, is.Status, is.Direction, is.Priority})
	require.Equal(t, []string{"b"}, is.Tags)
	require.Equal(t, []string{bastian.ID}, is.AssignedUsers)
	require.Empty(t, is.AssignedTeams)
	require.Equal(t, map[string]any{"callIdStr": "k-1", "outcomeStr": "x"}, is.Custom)
	require.Empty(t, is.Notes)
}

func TestAmendedNumberFindsTheCaller(t *testing.T) {
	o := newOrg(t)
	p := o.ringsAs(t, func(e *call.Event) { e.Leg.From, e.Leg.Anonymous = "what is this", true })
	p.does(amended(t, `{"customer": "`+caller+`"}`))
	require.Equal(t, []string{caller}, o.State().Customers[0].Phones)
}

func TestAmendmentChangesAnUpdate(t *testing.T) {
	o := newOrg(t)
	o.answered(t).does(amended(t, `{"name": "Amended", "status": "snoozed", "priority": 1, "assignedUsers": ["`+bastian.ID+`"],
		"assignedTeams": ["`+support.ID+`"], "tags": ["seen"], "removeTags": ["inbound_call"], "custom": {"outcomeStr": "x"}, "note": "By hand"}`))
	is := o.conversation(t)
	require.Equal(t, []any{"Amended", "snoozed", 1}, []any{is.Name, is.Status, is.Priority})
	require.Equal(t, []string{bastian.ID}, is.AssignedUsers)
	require.Equal(t, []string{support.ID}, is.AssignedTeams)
	require.Equal(t, []string{"babelforce", "call_lost", "seen"}, is.Tags)
	require.Equal(t, map[string]any{"outcomeStr": "x"}, is.Custom)
	require.Equal(t, "By hand", is.Notes[0].Body)
}

func TestAmendmentKeepsOtherFields(t *testing.T) {
	o := newOrg(t)
	o.answered(t).does(amended(t, `{"note": "By hand"}`))
	is := o.conversation(t)
	require.Equal(t, []string{amira.ID}, is.AssignedUsers)
	require.Equal(t, []string{"babelforce", "inbound_call", "call_answered"}, is.Tags)
	require.Equal(t, "By hand", is.Notes[0].Body)
}

func TestAmendmentCanLeaveOutNoteAndAgent(t *testing.T) {
	o := newOrg(t)
	o.answered(t).does(amended(t, `{"note": "", "assignedUsers": []}`))
	is := o.conversation(t)
	require.Empty(t, is.AssignedUsers)
	require.Empty(t, is.Notes)
	require.Equal(t, []string{"babelforce", "inbound_call", "call_answered"}, is.Tags)
}

// Several notes are due. The operator amends the note of the last event.
func TestAmendedNoteIsTheLastOne(t *testing.T) {
	o := newOrg(t)
	p := o.answered(t)
	p.picksUp(60, agentBastian)
	p.does(amended(t, `{"note": "By hand"}`))
	notes := o.conversation(t).Notes
	require.Len(t, notes, 2)
	require.Contains(t, notes[0].Body, "Answered by "+amira.Name)
	require.Equal(t, "By hand", notes[1].Body)
}

func TestLaterStepKeepsTheAmendment(t *testing.T) {
	o := newOrg(t)
	p := o.answered(t)
	p.does(amended(t, `{"name": "Amended", "assignedUsers": ["`+bastian.ID+`"], "tags": ["seen"], "removeTags": []}`))
	before := o.conversation(t)
	p.ends(90, "hangup")
	require.Empty(t, p.does().Warnings)
	is := o.conversation(t)
	require.Equal(t, []any{"Amended", before.AssignedUsers, before.Tags}, []any{is.Name, is.AssignedUsers, is.Tags})
	require.Len(t, is.Notes, 2)
}

func TestMistypedAmendmentIsRefused(t *testing.T) {
	var m Amendment
	require.ErrorContains(t, json.Unmarshal([]byte(`{"asignedTeams": []}`), &m), "asignedTeams")
	require.Error(t, json.Unmarshal([]byte(`{"priority": "high"}`), &m))
	require.ErrorContains(t, Amendment{}.Validate(), "retry")
	require.ErrorContains(t, Amendment{Custom: map[string]any{}}.Validate(), "retry")
}

func TestAmendedTagsReplaceASet(t *testing.T) {
	o := newOrg(t)
	p := o.answered(t)
	o.automate(t, creates+"- { event: call.bridged, action: kustomer.conversation.update, options: { tags: { set: [all, again] } } }")
	p.does(amended(t, `{"tags": ["one_more"]}`))
	require.Equal(t, []string{"babelforce", "inbound_call", "call_lost", "one_more"}, o.conversation(t).Tags)
}
