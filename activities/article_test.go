package activities

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/kustomer"
	"github.com/callthread/callthread/kustomer/sandbox"
)

// The two automations of babelforce's article "Kustomer.com - working with conversations",
// with every field that it describes.
const articleFile = `
timezone: Europe/Berlin
fields: [call.recordingUrl]
automations:
  - label: Create a conversation
    event: call.inbound
    trigger: always
    action: kustomer.conversation.create
    options:
      customer: "{call.from}"
      name: "Inbound call from {call.from:international}"
      status: open
      priority: 3
      direction: in
      tags: [babelforce, call_lost]
      assignedTeams: [5f0c1a2b3c4d5e6f70819220]
      assignedUsers: [5f0c1a2b3c4d5e6f70819211]
      custom:
        waitSecondsNum: 0
        ringingAt: "{call.dateCreated}"
        callIdStr: "{call.id}"
        storyTxt: "{call.from} called {call.to}"
        answeredBool: false
        recordingUrl: "https://example.com/calls/{call.id}"

  - label: Update a conversation
    event: call.bridged
    trigger: always
    action: kustomer.conversation.update
    options:
      id: "{integration.kustomer.conversation.id}"
      name:
      assignedUsers: ["{agent.sourceId}"]
      assignedTeams: [5f0c1a2b3c4d5e6f70819221]
      note: |
        {agent.name} took the call of {call.dateCreated:datetime}.
        Queue: {queue.name}
        Waited: {call.duration:words}
        Recording: {call.recordingUrl}
      tags: { add: [call_answered], remove: [call_lost] }
      custom: { waitSecondsNum: "{call.duration}", answeredBool: true, outcomeStr: "taken by {agent.name}" }
`

func TestArticlesAutomationsWork(t *testing.T) {
	// Kustomer knows the caller, and babelforce's agents were imported from Kustomer.
	o := newOrg(t)
	o.automate(t, articleFile)
	ada, err := o.client.CreateCustomer(t.Context(), kustomer.NewCustomer{Name: "Ada", Phones: []kustomer.Phone{{Phone: caller}}})
	require.NoError(t, err)
	support, billing := sandbox.DefaultTeams()[0], sandbox.DefaultTeams()[1]

	// "Event Inbound call and the Trigger always to create a conversation on every incoming call."
	p := o.ringsAs(t, func(e *call.Event) { e.Leg.To = "+493020002000" })
	opened := p.does()
	require.Empty(t, opened.Warnings)

	ringing := o.conversation(t)
	require.Equal(t, ada.ID, ringing.CustomerID, `"assign the conversation to the calling customer, leave the placeholder as is"`)
	require.Equal(t, "Inbound call from +49 30 66665555", ringing.Name, `"the title of the conversation"`)
	require.Equal(t, "open", ringing.Status, `"the status open or done"`)
	require.Equal(t, 3, ringing.Priority, `"choose the priority"`)
	require.Equal(t, "in", ringing.Direction, `"and direction of the conversation"`)
	require.Equal(t, []string{support.ID}, ringing.AssignedTeams, `"as well as assigning Teams"`)
	require.Equal(t, []string{bastian.ID}, ringing.AssignedUsers, `"or users to a conversation"`)
	require.Equal(t, []string{"babelforce", "call_lost"}, ringing.Tags, "tags are attached at once, which the vendor's action cannot")
	require.Equal(t, map[string]any{
		"waitSecondsNum": 0.0,                                  // "number or null"
		"ringingAt":      "2026-07-01T12:00:00.000Z",           // "date-time or null"
		"callIdStr":      "k-1",                                // "string or null, length [ 0 .. 1024 ] characters"
		"storyTxt":       "+493066665555 called +493020002000", // the same
		"answeredBool":   false,                                // "boolean or null"
		"recordingUrl":   "https://example.com/calls/k-1",      // "string or null, format uri"
	}, ringing.Custom)
	require.Empty(t, ringing.Notes)

	// "Update the conversation with further caller details once the call is bridged."
	p.picksUp(75, agentAmira)
	updated := p.does()
	require.Empty(t, updated.Warnings)

	taken := o.conversation(t)
	require.Equal(t, ringing.ID, taken.ID, `"the conversation opened during the ongoing call"`)
	require.Equal(t, ringing.Name, taken.Name, `"leave empty or overwrite"`)
	require.Equal(t, []string{amira.ID}, taken.AssignedUsers, `"assign the agent that took the call"`)
	require.Equal(t, []string{billing.ID}, taken.AssignedTeams, `"assign Teams"`)
	require.Len(t, taken.Notes, 1, `"add an internal note with call details"`)
	require.Equal(t, "Amira Haddad took the call of 2026-07-01 14:00.\nQueue: Support\nWaited: 1 min 15 s", taken.Notes[0].Body)
	require.Equal(t, []string{"babelforce", "call_answered"}, taken.Tags, `"add, remove and overwrite tags"`)
	require.Equal(t, map[string]any{
		"waitSecondsNum": 75.0, "answeredBool": true, "outcomeStr": "taken by Amira Haddad", // "add custom fields"
		"ringingAt": ringing.Custom["ringingAt"], "callIdStr": "k-1", "storyTxt": ringing.Custom["storyTxt"], "recordingUrl": ringing.Custom["recordingUrl"],
	}, taken.Custom)
	require.Equal(t, []string{ringing.Status, ringing.Direction}, []string{taken.Status, taken.Direction})
	require.Equal(t, ringing.Priority, taken.Priority)

	require.Len(t, o.State().Customers, 1)
	require.Equal(t, 5, o.State().RequestTotal, "Ada's own; look-up, create; update, note")
}
