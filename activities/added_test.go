package activities

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/kustomer"
)

// addedFromLog is a call without webhooks. The log says that Amira answered it.
func (o *org) addedFromLog(t *testing.T, key string, rang time.Time, status string) *played {
	t.Helper()
	root := call.Leg{ID: key, From: caller, CreatedAt: rang}
	leg := call.Leg{ID: key + "-1", ParentID: key, Type: "outbound", Source: "queue", Domain: "internal", CreatedAt: rang, EstablishedAt: rang.Add(12 * time.Second)}
	end := root
	end.FinishedAt, end.FinishReason = rang.Add(time.Minute), "passive-hangup"
	p := &played{org: o, t: t, rang: time.Now(), record: call.Record{Key: key, Started: time.Now(), Limits: call.DefaultLimits}}
	now := time.Now()
	p.record.AddFromLog(call.FromLog{Status: status, Reports: []call.Event{
		{Kind: call.Inbound, ReceivedAt: now, Leg: root},
		{Kind: call.Bridged, ReceivedAt: now, Leg: leg, Agent: agentAmira, Queue: call.Queue{Name: "Support"}},
		{Kind: call.Finished, ReceivedAt: now, Leg: end},
	}}, now)
	return p
}

func TestCallFromTheLogIsOpenedWithItsTag(t *testing.T) {
	o := newOrg(t)
	p := o.addedFromLog(t, "k-1", time.Now().Add(-5*time.Minute), "")
	p.does()
	require.Contains(t, o.conversation(t).Tags, FromLogTag)
	require.Len(t, o.conversation(t).Log, 1, "the tag is in the body that creates it")
	require.Zero(t, o.conversation(t).ImportedAt)
	p.does()
	is := o.conversation(t)
	require.Equal(t, []string{FromLogTag, "babelforce", "inbound_call", "call_answered"}, is.Tags)
	require.Equal(t, []string{amira.ID}, is.AssignedUsers)
	require.Len(t, is.Notes, 2)
	require.Contains(t, is.Notes[1].Body, "Added from babelforce's call log: ")
}

// All answers are lost, and each step is repeated.
func TestCallFromTheLogIsWrittenOnce(t *testing.T) {
	o := newOrg(t)
	p := o.addedFromLog(t, "k-1", time.Now().Add(-5*time.Minute), "")
	for range 2 {
		_, err := p.tries()
		require.NoError(t, err)
		p.does(mayBeDone)
	}
	require.Len(t, o.conversation(t).Notes, 2)
	require.Len(t, o.State().Customers, 1)
}

func TestBackfilledConversationIsDone(t *testing.T) {
	o := newOrg(t)
	o.automate(t, string(automation.DefaultFile)+`
  - { event: call.bridged, action: kustomer.conversation.update, options: { status: open } }
`)
	p := o.addedFromLog(t, "k-1", time.Now().Add(-24*time.Hour), "done")
	p.does()
	require.Equal(t, "done", o.conversation(t).Status)
	p.does()
	require.Equal(t, "done", o.conversation(t).Status, "regardless of the file")
}

func TestOldCallNeitherJoinsNorIsJoined(t *testing.T) {
	a := newOrgThatAppends(t, string(automation.DefaultFile))
	a.called(t, 2*time.Hour)
	rang := time.Now().Add(-time.Hour)
	old := a.addedFromLog(t, "k-2", rang, "")
	a.behind.Store(int64(20 * time.Minute)) // the call is added now
	require.False(t, old.does().Joined, "it rang an hour ago, and the other conversation is open")
	a.behind.Store(0)
	require.Len(t, a.State().Conversations, 2)
	require.WithinDuration(t, rang, a.State().Conversations[1].ImportedAt, time.Second)

	again := a.callsAgain(t, "k-3").does()
	require.True(t, again.Joined)
	require.Equal(t, a.State().Conversations[0].ID, again.Conversation.ID, "not the newer one, which is an old call's")
}

func TestCallThatIsAddedSoonJoins(t *testing.T) {
	a := newOrgThatAppends(t, string(automation.DefaultFile))
	a.called(t, 2*time.Hour)
	require.True(t, a.addedFromLog(t, "k-2", time.Now().Add(-5*time.Minute), "").does().Joined)
}

func TestLateRepairKeepsPeoplesChanges(t *testing.T) {
	o := newOrg(t)
	p := o.opened(t)
	p.conversation.OpenedAt = time.Now().Add(-time.Hour)
	p.edits(kustomer.ConversationUpdate{AssignedUsers: &[]string{bastian.ID}})
	p.record.AddFromLog(call.FromLog{Reports: []call.Event{{
		Kind: call.Bridged, ReceivedAt: time.Now(), Agent: agentAmira,
		Leg: call.Leg{ID: "k-1-1", ParentID: "k-1", CreatedAt: noon, EstablishedAt: noon.Add(12 * time.Second)},
	}}}, time.Now())
	p.does()
	require.Equal(t, []string{bastian.ID}, o.conversation(t).AssignedUsers)
}
