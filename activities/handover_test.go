package activities

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/kustomer"
	"github.com/callthread/callthread/kustomer/sandbox"
)

func TestAnsweredCallIsAssignedTaggedAndNoted(t *testing.T) {
	o := newOrg(t)
	p := o.answered(t)
	require.Equal(t, 2, o.spent(func() { p.does() }))
	conversation := o.conversation(t)
	require.Equal(t, []string{amira.ID}, conversation.AssignedUsers)
	require.Equal(t, []string{"babelforce", "inbound_call", "call_answered"}, conversation.Tags)
	require.Len(t, conversation.Notes, 1)
	require.Equal(t, "Answered by Amira Haddad.\nQueue: Support\nAfter: 12 s", conversation.Notes[0].Body)
}

func TestWhomAPersonAssignedStaysAssignedWhenTheHandOverIsLate(t *testing.T) {
	for name, theirs := range map[string]kustomer.ConversationUpdate{
		"a user": {AssignedUsers: &[]string{bastian.ID}},
		"a team": {AssignedTeams: &[]string{sales.ID}},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOrg(t)
			p := o.answered(t)
			p.edits(theirs)
			result := p.does(isLate)
			conversation := o.conversation(t)
			if theirs.AssignedUsers != nil {
				require.Equal(t, *theirs.AssignedUsers, conversation.AssignedUsers)
				require.Equal(t, []string{assignedByOthers}, result.Warnings)
				require.Empty(t, result.Conversation.AssignedUsers)
			} else {
				require.Equal(t, *theirs.AssignedTeams, conversation.AssignedTeams)
				require.Equal(t, []string{amira.ID}, conversation.AssignedUsers, "the agent who answered works beside the team")
				require.Empty(t, result.Warnings)
			}
			require.Contains(t, conversation.Tags, "call_answered")
			require.Len(t, conversation.Notes, 1)
		})
	}
}

func TestWhomAPersonAssignedGivesWayToTheAgentWhoPicksUpNow(t *testing.T) {
	o := newOrg(t)
	p := o.answered(t)
	p.edits(kustomer.ConversationUpdate{AssignedUsers: &[]string{bastian.ID}})
	require.Empty(t, p.does().Warnings)
	require.Equal(t, []string{amira.ID}, o.conversation(t).AssignedUsers)
}

// During an outage the conversation is opened long after the pick-up. A rule of Kustomer's
// may assign it at once.
func TestHandOverAfterALateOpeningIsPrompt(t *testing.T) {
	o := newOrg(t)
	p := o.answered(t)
	p.edits(kustomer.ConversationUpdate{AssignedUsers: &[]string{bastian.ID}})
	require.Empty(t, p.does(func(in *StepInput) {
		isLate(in)
		in.Conversation.OpenedAt = time.Now()
	}).Warnings)
	require.Equal(t, []string{amira.ID}, o.conversation(t).AssignedUsers)
}

func TestHandOverIsPromptForFifteenSeconds(t *testing.T) {
	require.True(t, isPrompt(time.Now()))
	require.True(t, isPrompt(time.Now().Add(time.Second-promptHandOver)))
	require.False(t, isPrompt(time.Now().Add(-promptHandOver)))
	require.False(t, isPrompt(time.Time{}))
	require.Equal(t, 15*time.Second, promptHandOver)
}

// An earlier attempt may have written, and people may have chosen another assignee since.
func TestAssigneeStaysInARepeatedHandOver(t *testing.T) {
	for name, change := range map[string]func(*StepInput){"by the workflow": mayBeDone, "by another run": hasEarlierRun} {
		t.Run(name, func(t *testing.T) {
			o := newOrg(t)
			p := o.answered(t)
			p.edits(kustomer.ConversationUpdate{AssignedUsers: &[]string{bastian.ID}})
			require.Equal(t, []string{assignedByOthers}, p.does(change).Warnings)
			require.Equal(t, []string{bastian.ID}, o.conversation(t).AssignedUsers)
		})
	}
}

func TestAssigneeStaysInARetriedHandOver(t *testing.T) {
	o := newOrg(t)
	p := o.answered(t)
	p.edits(kustomer.ConversationUpdate{AssignedUsers: &[]string{bastian.ID}})
	o.Inject(sandbox.Fault{Method: "PUT", Route: "/v1/conversations/{id}", Kind: sandbox.FaultReset, Times: 1})
	result, failed := p.repeats()
	require.Len(t, failed, 1)
	require.Equal(t, []string{assignedByOthers}, result.Warnings)
	require.Equal(t, []string{bastian.ID}, o.conversation(t).AssignedUsers)
}

// The status and teams of a pick-up follow the agent. People win over a late hand-over.
func TestStatusAndTeamsFollowTheAgent(t *testing.T) {
	theirs := kustomer.ConversationUpdate{Status: "snoozed", AssignedTeams: &[]string{sales.ID}}
	for name, tc := range map[string]struct {
		change   func(*StepInput)
		status   string
		team     string
		warnings []string
	}{
		"who picks up now":         {func(*StepInput) {}, "open", support.ID, nil},
		"who picked up a time ago": {isLate, "snoozed", sales.ID, []string{"a person has set the conversation to snoozed: this was kept", teamByOthers}},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOrg(t)
			o.automate(t, creates+"- { event: call.bridged, action: kustomer.conversation.update, options: "+
				"{ status: open, assignedTeams: ["+support.ID+"], assignedUsers: [\"{agent.sourceId}\"] } }")
			p := o.answered(t)
			p.edits(theirs)
			require.Equal(t, tc.warnings, p.does(tc.change).Warnings)
			conversation := o.conversation(t)
			require.Equal(t, []string{tc.status, tc.team, amira.ID}, []string{conversation.Status, conversation.AssignedTeams[0], conversation.AssignedUsers[0]})
		})
	}
}

// The second hand-over must not mistake the late first one for a person's choice.
func TestEarlierAgentIsNoPersonsChoice(t *testing.T) {
	o := newOrg(t)
	p := o.answered(t)
	_, err := p.tries()
	require.NoError(t, err, "its result never becomes known")
	p.picksUp(60, agentBastian)
	require.Empty(t, p.does(isLate, mayBeDone).Warnings)
	require.Equal(t, []string{bastian.ID}, o.conversation(t).AssignedUsers)
	require.Len(t, o.conversation(t).Notes, 2)
}
