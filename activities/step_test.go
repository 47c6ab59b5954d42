package activities

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/call"
)

// pickUpAfter is a pick-up that was reported after that many seconds.
func pickUpAfter(seconds int, agent call.Agent, user string) call.PickUp {
	at := noon.Add(time.Duration(seconds) * time.Second)
	return call.PickUp{Facts: call.Facts{Agent: agent}, At: at, ReceivedAt: at, Resolved: call.Resolved{User: user}}
}

func TestHandOverBeginsAtTheLaterEvent(t *testing.T) {
	opened := noon.Add(time.Second)
	first, second := pickUpAfter(10, agentAmira, ""), pickUpAfter(60, agentBastian, "")
	overtaken := first
	overtaken.ReceivedAt = noon.Add(time.Hour)
	for name, c := range map[string]struct {
		pickUps []call.PickUp
		opened  time.Time
		want    time.Time
	}{
		"no agent picked up":                            {nil, opened, opened},
		"the pick-up was not reported":                  {[]call.PickUp{{Inferred: true}}, opened, opened},
		"the last pick-up":                              {[]call.PickUp{first, second}, opened, second.ReceivedAt},
		"the last of those that were reported":          {[]call.PickUp{{Inferred: true}, first}, opened, first.ReceivedAt},
		"the last one that happened, reported in order": {[]call.PickUp{second, overtaken}, opened, second.ReceivedAt},
		"a pick-up during an outage":                    {[]call.PickUp{first}, second.At, second.At},
	} {
		in := StepInput{Step: call.Step{Is: call.Story{PickUps: c.pickUps}}, Conversation: Conversation{OpenedAt: c.opened}}
		require.Equal(t, c.want, in.Since(), name)
	}
}

func TestUsersAreAllAgentsOfTheCall(t *testing.T) {
	is := call.Story{
		PickUps: []call.PickUp{
			pickUpAfter(10, call.Agent{Email: bastian.Email}, bastian.ID), pickUpAfter(20, agentAmira, ""), pickUpAfter(30, call.Agent{ID: "9"}, ""),
		},
		Placer: call.Resolved{User: noSuchID},
	}
	require.Equal(t, []string{bastian.ID, amira.ID, noSuchID}, StepInput{Step: call.Step{Is: is}}.users())
	require.Empty(t, StepInput{}.users())
}

func TestOpeningSaysWhatTheCallWaitsFor(t *testing.T) {
	for file, want := range map[string]call.Expects{
		creates: {},
		creates + "- { event: call.finished, action: kustomer.conversation.update, options: { note: Over } }\n":                          {Finish: true},
		creates + "- { event: recording.finished, action: kustomer.conversation.update, options: { note: Recorded } }\n":                 {Finish: true, Recording: true},
		"wrapUpTime: 30s\n" + creates + "- { event: call.wrappedUp, action: kustomer.conversation.update, options: { status: done } }\n": {Finish: true, WrapUpTime: 30 * time.Second},
	} {
		o := newOrg(t)
		o.automate(t, file)
		require.Equal(t, want, o.rings(t, caller).does().Expects, file)
	}
}

func TestHandOverKeepsTheConversation(t *testing.T) {
	o := newOrg(t)
	p := o.answered(t)
	opened := p.conversation
	is := p.does().Conversation
	require.Equal(t, []string{opened.ID, opened.URL, opened.CustomerID, opened.Name}, []string{is.ID, is.URL, is.CustomerID, is.Name})
	require.Equal(t, opened.OpenedAt, is.OpenedAt)
	require.Equal(t, 1, is.Notes)
	require.Zero(t, is.Rev, "the note has changed it")
	require.Equal(t, o.conversation(t).Tags, is.Tags)
	require.Len(t, is.TagIDs, 3)
}

// The conversation was opened and handed over before the caller was known.
func TestConversationMovesToALateCaller(t *testing.T) {
	o := newOrg(t)
	p := o.rings(t, "")
	p.does()
	opened := p.conversation
	p.picksUp(12, agentAmira)
	handedOver := p.does()
	p.reports(call.Event{Kind: call.Inbound, Leg: call.Leg{ID: "k-1", From: caller, CreatedAt: noon}})
	given := p.does()
	require.NotEmpty(t, given.Caller)
	require.Empty(t, given.Warnings)
	require.NotEqual(t, opened.CustomerID, given.Conversation.CustomerID)
	is := o.conversation(t)
	require.Equal(t, []string{is.CustomerID, is.ID, o.client.ConversationURL(is.CustomerID, is.ID)}, []string{p.conversation.CustomerID, p.conversation.ID, p.conversation.URL})
	require.Equal(t, handedOver.Conversation.AssignedUsers, given.Conversation.AssignedUsers)
	require.Equal(t, "Call from "+caller, is.Name)
	require.Equal(t, []string{amira.ID}, is.AssignedUsers)
	require.Len(t, is.Notes, 1)
}
