package activities

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/kustomer"
	"github.com/callthread/callthread/kustomer/sandbox"
)

const noSuchID = "5f0c1a2b3c4d5e6f708192ff" // the id of no user and no team

func TestOnePartThatKustomerRefusesCostsTheCallNothingElse(t *testing.T) {
	for name, tc := range map[string]struct{ bad, warning string }{
		"an attribute that the org has not defined": {"custom: { ghostStr: x, callIdStr: '{call.id}' }", "attribute ghostStr was left out"},
		"a team that does not exist":                {"assignedTeams: [" + noSuchID + "]\n    custom: { callIdStr: '{call.id}' }", "assigning teams was left out"},
		"a user who does not exist":                 {"assignedUsers: [" + noSuchID + "]\n    custom: { callIdStr: '{call.id}' }", "assigning users was left out"},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOrg(t)
			options := "\n  options:\n    name: Call\n    priority: 4\n    " + tc.bad
			o.automate(t, "automations:\n- event: call.inbound\n  action: kustomer.conversation.create"+options+"\n    tags: [a, b]\n"+
				"- event: call.bridged\n  action: kustomer.conversation.update"+strings.Replace(options, "4", "5", 1)+"\n    note: Taken\n")

			p := o.rings(t, caller)
			opened := p.does()
			conversation := o.conversation(t)
			require.Len(t, opened.Warnings, 1)
			require.Contains(t, opened.Warnings[0], tc.warning)
			require.Equal(t, "Call", conversation.Name)
			require.Equal(t, 4, conversation.Priority)
			require.Equal(t, []string{"a", "b"}, conversation.Tags)
			require.Equal(t, map[string]any{"callIdStr": "k-1"}, conversation.Custom)
			require.Equal(t, conversation.Rev, opened.Conversation.Rev)

			p.picksUp(12, agentAmira)
			result := p.does()
			require.Len(t, result.Warnings, 1)
			require.Contains(t, result.Warnings[0], tc.warning)
			require.Equal(t, 5, o.conversation(t).Priority)
			require.Len(t, o.conversation(t).Notes, 1)
		})
	}
}

// A worker dies after it has created the conversation without optional fields. The next
// attempt adds them.
func TestAConversationThatWasLeftBareIsCompleted(t *testing.T) {
	for _, then := range []sandbox.Fault{
		{Method: "PUT", Route: "/v1/conversations/{id}", Kind: sandbox.FaultReset, Times: 3},
		{Method: "POST", Route: "/v1/conversations/{id}/tags", Kind: sandbox.FaultReset, Times: 3},
	} {
		o := newOrg(t)
		o.automate(t, "automations:\n- { event: call.inbound, action: kustomer.conversation.create, options: "+
			"{ name: Call, tags: [a], assignedTeams: ["+support.ID+"], custom: { ghostStr: x, callIdStr: '{call.id}' } } }")
		o.Inject(then)
		opened, failed := o.rings(t, caller).repeats()
		require.Len(t, failed, 3)
		require.False(t, opened.Conversation.Adopted, "it is of this run")
		conversation := o.conversation(t)
		require.Equal(t, "Call", conversation.Name)
		require.Equal(t, []string{"a"}, conversation.Tags)
		require.Equal(t, []string{support.ID}, conversation.AssignedTeams)
		require.Equal(t, map[string]any{"callIdStr": "k-1"}, conversation.Custom)
	}
}

func TestFullyRefusedConversationFails(t *testing.T) {
	o := newOrg(t)
	o.Inject(sandbox.Fault{Method: "POST", Route: "/v1/conversations", Kind: sandbox.FaultStatus, Status: 400})
	_, err := o.rings(t, caller).tries()
	require.Equal(t, Refused, failureOf(t, err).Type())
	require.Equal(t, 2, o.State().Requests["POST /v1/conversations"])
}

func TestTagsBeyondTheLimitAreLeftOut(t *testing.T) {
	o := newOrg(t)
	p := o.answered(t)
	var many []string
	for i := range 16 {
		many = append(many, "t"+string(rune('a'+i)))
	}
	_, err := o.client.AddTags(t.Context(), p.conversation.ID, many) // 19 of 20
	require.NoError(t, err)
	o.automate(t, creates+"- { event: call.bridged, action: kustomer.conversation.update, options: { tags: { add: [one, two, three] }, note: Taken } }")
	result := p.does()
	require.Len(t, o.conversation(t).Tags, 20)
	require.Contains(t, o.conversation(t).Tags, "one")
	require.Contains(t, result.Warnings[0], "a tag was left out")
	require.Len(t, o.conversation(t).Notes, 1)
}

// Every answer contains a person's name, so the revision after each part has to be read.
func TestRefusedPartAfterARenameIsLeftOut(t *testing.T) {
	o := newOrg(t)
	o.automate(t, creates+"- { event: call.bridged, action: kustomer.conversation.update, options: "+
		"{ priority: 5, status: open, custom: { ghostStr: x, callIdStr: '{call.id}' }, note: Taken } }\n")
	p := o.answered(t)
	p.edits(kustomer.ConversationUpdate{Name: new("Mrs. Öz")})
	result := p.does()
	require.Len(t, result.Warnings, 1)
	require.Contains(t, result.Warnings[0], "attribute ghostStr was left out")
	is := o.conversation(t)
	require.Equal(t, []any{"Mrs. Öz", 5}, []any{is.Name, is.Priority})
	require.Equal(t, map[string]any{"callIdStr": "k-1"}, is.Custom)
	require.Len(t, is.Notes, 1)
}
