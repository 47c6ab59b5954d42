package activities

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/call"
)

func TestAnIgnoredCallAsksKustomerNothing(t *testing.T) {
	for name, ignore := range map[string]string{"the caller": `callers: ["` + caller + `"]`, "the called number": `called: ["+493023125001"]`} {
		t.Run(name, func(t *testing.T) {
			o := newOrg(t)
			o.automate(t, "ignore: { "+ignore+" }\n"+string(automation.DefaultFile))
			p := o.ringsAs(t, func(e *call.Event) { e.Leg.To = "0049 30 23125001"; e.Leg.From = caller })
			o.Activities = New(o.client, o.inForce.Load, "DE")
			var opened StepResult
			require.Zero(t, o.spent(func() { opened = p.does() }))
			require.True(t, opened.Ignored)
			require.Empty(t, opened.Conversation)
			require.True(t, opened.Expects.Finish, "the run sees the call to its end, as any other")
			require.NotEmpty(t, opened.Automations)
		})
	}
}

func TestCallIgnoredLateKeepsItsConversation(t *testing.T) {
	o := newOrg(t)
	o.automate(t, `ignore: { callers: ["`+caller+`"] }`+"\n"+string(automation.DefaultFile))
	p := o.ringsAs(t, func(e *call.Event) { e.Kind, e.Leg.From = call.Bridged, "" })
	in := p.next()
	result, err := attempt(p.CreateConversation, in)
	require.NoError(t, err)
	require.False(t, result.Ignored, "whether there is a conversation is decided once")
	p.completes(in, result)
	p.reports(call.Event{Kind: call.Inbound, Leg: call.Leg{ID: "k-1", From: caller, CreatedAt: noon}})
	p.does()
	require.Contains(t, o.conversation(t).Tags, "call_answered")
}
