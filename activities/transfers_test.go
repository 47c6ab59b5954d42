package activities

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/kustomer"
	"github.com/callthread/callthread/kustomer/sandbox"
)

var billing = sandbox.DefaultTeams()[0]

// transferred is a call that Amira passed on to another agent. The hand-over is due.
func (o *org) transferred(t *testing.T, to call.Agent) *played {
	t.Helper()
	p := o.answered(t)
	p.does()
	p.picksUp(60, to)
	return p
}

func TestTransferCostsThreeRequests(t *testing.T) {
	o := newOrg(t)
	p := o.transferred(t, agentBastian)
	require.Equal(t, 3, o.spent(func() { require.Empty(t, p.does().Warnings) }))
	conversation := o.conversation(t)
	require.Equal(t, []string{bastian.ID}, conversation.AssignedUsers)
	require.Len(t, conversation.Notes, 2)
	require.Equal(t, "babelforce:k-1:bridged-2", conversation.Notes[1].ExternalID)
}

func TestATransferToAnAgentWhomKustomerDoesNotKnowLeavesNobodyAssigned(t *testing.T) {
	for name, to := range map[string]call.Agent{
		"without a sourceId": {ID: "8", Name: "Clara"},
		"a user who left":    {ID: "8", Name: "Clara", SourceID: noSuchID},
	} {
		for _, fault := range []sandbox.Fault{{}, {Kind: sandbox.FaultLoseAnswer}, {Kind: sandbox.FaultReset}} {
			for when, change := range map[string]func(*StepInput){"now": func(*StepInput) {}, "late": isLate} {
				t.Run(name+" "+string(fault.Kind)+" "+when, func(t *testing.T) {
					o := newOrg(t)
					p := o.transferred(t, to)
					if fault.Kind != "" {
						fault.Method, fault.Route, fault.Times = "PUT", "/v1/conversations/{id}", 2
						o.Inject(fault)
					}
					result, _ := p.repeats(change)
					require.True(t, result.Agents["bridged-2"].Unassigned)
					require.Empty(t, result.Conversation.AssignedUsers)
					conversation := o.conversation(t)
					require.Empty(t, conversation.AssignedUsers, "Amira has not got the call any more")
					require.Contains(t, conversation.Tags, UnassignedTag)
					require.Len(t, conversation.Notes, 2, "the first agent's note stays")
				})
			}
		}
	}
}

// Amira assigned Bastian herself before she transferred the call to an agent that Kustomer
// does not know, or a person has assigned him since.
func TestTransferKeepsAPersonsAssignee(t *testing.T) {
	for name, change := range map[string]func(*StepInput){"now": func(*StepInput) {}, "late": isLate} {
		t.Run(name, func(t *testing.T) {
			o := newOrg(t)
			p := o.transferred(t, call.Agent{ID: "8", Name: "Clara"})
			p.edits(kustomer.ConversationUpdate{AssignedUsers: &[]string{bastian.ID}})
			p.does(change)
			require.Equal(t, []string{bastian.ID}, o.conversation(t).AssignedUsers)
			require.Contains(t, o.conversation(t).Tags, UnassignedTag)
		})
	}
}

func TestAStatusThatAPersonHasSetStays(t *testing.T) {
	const wrapsUp = creates + "- { event: call.wrappedUp, action: kustomer.conversation.update, options: { status: done } }\n"
	for set, want := range map[string]string{"": "done", "snoozed": "snoozed", "done": "done"} {
		o := newOrg(t)
		o.automate(t, wrapsUp)
		p := o.answered(t)
		p.does()
		if set != "" {
			p.edits(kustomer.ConversationUpdate{Status: set})
		}
		p.ends(90, "hangup")
		require.True(t, p.next().Is.WrappedUp)
		result := p.does()
		require.Equal(t, want, o.conversation(t).Status, set)
		require.Equal(t, set == "snoozed", len(result.Warnings) > 0)
	}
}

func TestRecordingIsWrittenIfTheFileWantsIt(t *testing.T) {
	const file = creates + "- { event: recording.finished, action: kustomer.conversation.update, options: { note: \"Recording: {recording.url}\" } }\n"
	o := newOrg(t)
	o.automate(t, file)
	p := o.answered(t)
	p.does()
	for _, url := range []string{"https://recordings.example.com/1", "https://recordings.example.com/2"} {
		p.reports(call.Event{Kind: call.Recorded, Leg: call.Leg{ID: "k-1"}, Recording: call.Recording{URL: url}})
	}
	p.ends(90, "hangup")
	p.does()
	require.Equal(t, []string{"Recording: https://recordings.example.com/1", "Recording: https://recordings.example.com/2"}, bodies(o.conversation(t)))
}

func TestUnwantedRecordingIsNotAwaited(t *testing.T) {
	o := newOrg(t)
	o.automate(t, creates)
	p := o.rings(t, caller)
	require.False(t, p.does().Expects.Recording)
	p.picksUp(12, agentAmira)
	p.does()
	p.reports(call.Event{Kind: call.Recorded, Leg: call.Leg{ID: "k-1"}, Recording: call.Recording{URL: "https://recordings.example.com/1"}})
	p.ends(90, "hangup")
	require.Nil(t, p.record.Next(p.rang.Add(24*time.Hour)).Step)
	require.Empty(t, o.conversation(t).Notes)
}

// bodies returns the notes of a conversation as people read them.
func bodies(c sandbox.Conversation) (bodies []string) {
	for _, note := range c.Notes {
		bodies = append(bodies, note.Body)
	}
	return bodies
}

func TestAnswerToATagShowsAPersonsStatus(t *testing.T) {
	o := newOrg(t)
	o.automate(t, creates+"- { event: call.bridged, action: kustomer.conversation.update, options: { tags: { add: [taken] } } }\n"+
		"- { event: call.wrappedUp, action: kustomer.conversation.update, options: { status: done } }\n")
	p := o.answered(t)
	p.edits(kustomer.ConversationUpdate{Status: "snoozed"})
	p.does()
	p.ends(90, "hangup")
	p.does()
	require.Equal(t, "snoozed", o.conversation(t).Status)
}

// The earlier pick-up is reported last.
func TestOutOfOrderHandOverKeepsLaterFields(t *testing.T) {
	o := newOrg(t)
	o.automate(t, "queues: { Support: "+sales.ID+", Billing: "+billing.ID+" }\n"+creates+
		`- { event: call.bridged, action: kustomer.conversation.update, options: { name: "With {agent.name}", assignedTeams: ["{queue.teamId}"], custom: { calledNumberStr: "{queue.name}", callIdStr: "{agent.id}" }, note: "{agent.name}" } }`)
	p := o.opened(t)
	later := p.pickUp(60, call.Agent{Name: "Ben"})
	later.Queue.Name = "Billing"
	p.reports(later)
	p.does()
	p.picksUp(12, call.Agent{ID: "7", Name: "Amira"})
	require.Empty(t, p.does().Warnings)
	conversation := o.conversation(t)
	require.Equal(t, "With Ben", conversation.Name)
	require.Equal(t, []string{billing.ID}, conversation.AssignedTeams)
	require.Equal(t, map[string]any{"calledNumberStr": "Billing", "callIdStr": "7"}, conversation.Custom, "what the later one does not say is said")
	require.Equal(t, []string{"Ben", "Amira"}, bodies(conversation))
}

func TestOutOfOrderHandOverKeepsTheLaterAgent(t *testing.T) {
	for name, change := range map[string]func(*StepInput){"now": func(*StepInput) {}, "late": isLate, "repeated": mayBeDone} {
		t.Run(name, func(t *testing.T) {
			o := newOrg(t)
			p := o.opened(t)
			p.picksUp(60, agentBastian)
			p.does()
			p.picksUp(12, agentAmira)
			require.Empty(t, p.does(change).Warnings)
			require.Equal(t, []string{bastian.ID}, o.conversation(t).AssignedUsers)
			require.Equal(t, []string{"babelforce", "inbound_call", "call_answered"}, o.conversation(t).Tags)
			require.Len(t, o.conversation(t).Notes, 2)
		})
	}
}

func TestUnassignedTagNeedsAnAutomation(t *testing.T) {
	o := newOrg(t)
	o.automate(t, creates+`- event: call.finished
  trigger: { conditions: [{ expression: call.outcome, operator: EQ, expectation: answered }] }
  action: kustomer.conversation.update
  options: { assignedUsers: ["{agent.sourceId}"] }
`)
	p := o.opened(t)
	p.ends(90, "hangup")
	require.Empty(t, p.does().Warnings)
	require.Empty(t, o.conversation(t).Tags)
}

func TestTransferToARefusedUserUnassigns(t *testing.T) {
	o := newOrg(t)
	p := o.transferred(t, call.Agent{ID: "8", Name: "Clara", SourceID: noSuchID})
	// The user is refused with the tags, and twice without them. Then the tags are written.
	// The request that unassigns fails.
	o.Inject(sandbox.Fault{Method: "PUT", Route: "/v1/conversations/{id}", Kind: sandbox.FaultStatus, Status: 503, Skip: 4, Times: 1})
	require.Equal(t, []string{amira.ID}, o.conversation(t).AssignedUsers)
	result, failed := p.repeats()
	require.Len(t, failed, 1)
	require.True(t, result.Agents["bridged-2"].Unassigned)
	require.Empty(t, o.conversation(t).AssignedUsers)
}

func TestOutOfOrderHandOverSetsNoTags(t *testing.T) {
	o := newOrg(t)
	o.automate(t, creates+`- { event: call.bridged, action: kustomer.conversation.update, options: { tags: { set: ["with_{agent.name}"] }, note: "{agent.name}" } }`)
	p := o.opened(t)
	p.picksUp(60, call.Agent{Name: "Ben"})
	p.does()
	p.picksUp(12, call.Agent{Name: "Amira"})
	p.does()
	require.Equal(t, []string{"with_Ben"}, o.conversation(t).Tags)
	require.Equal(t, []string{"Ben", "Amira"}, bodies(o.conversation(t)))
}

// An earlier pick-up that is reported after the outcome keeps the outcome's values.
func TestLatePickUpKeepsTheOutcomesFields(t *testing.T) {
	o := newOrg(t)
	o.automate(t, string(automation.DefaultFile)+
		"  - { event: call.bridged, action: kustomer.conversation.update, options: { name: \"With {agent.name}\", priority: 2 } }\n"+
		"  - { event: call.finished, action: kustomer.conversation.update, options: { name: Over, priority: 4 } }\n")
	p := o.transferred(t, agentBastian)
	p.does()
	p.ends(90, "hangup")
	p.does()
	p.picksUp(30, call.Agent{ID: "9", Name: "Clara"})
	p.does()
	conversation := o.conversation(t)
	require.Equal(t, []any{"Over", 4}, []any{conversation.Name, conversation.Priority})
	require.Equal(t, []string{bastian.ID}, conversation.AssignedUsers)
	require.Len(t, conversation.Notes, 4)
}
