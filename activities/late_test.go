package activities

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/kustomer"
	"github.com/callthread/callthread/kustomer/sandbox"
)

// A request that timed out may be carried out long after we have gone on, and a
// machine that stood still may go on with what another has taken up.

func TestAnAssignmentThatComesLateDoesNotUndoWhatWasDoneSince(t *testing.T) {
	o := newOrg(t)
	in := answering(o.open(t))
	o.Inject(sandbox.Fault{Method: "PUT", Route: "/v1/conversations/{id}", Kind: sandbox.FaultCommitLate, Latency: 300 * time.Millisecond, Times: 1})
	_, failed, err := repeat(t, o.updateStep, in)
	require.NoError(t, err)
	require.Len(t, failed, 1)
	o.edits(t, in.ConversationID, kustomer.ConversationUpdate{AssignedUsers: &[]string{bastian.ID}})
	puts := o.State().Requests["PUT /v1/conversations/{id}"]
	require.Equal(t, 3, puts, "the late one, the repeated one, the person's")
	never := func() bool { return o.conversation(t).AssignedUsers[0] != bastian.ID }
	require.Never(t, never, 600*time.Millisecond, 20*time.Millisecond)
}

func TestAConversationThatComesLateIsNotASecondOne(t *testing.T) {
	for _, route := range []string{"/v1/customers", "/v1/conversations"} {
		o := newOrg(t)
		o.Inject(sandbox.Fault{Method: "POST", Route: route, Kind: sandbox.FaultCommitLate, Latency: 300 * time.Millisecond, Times: 1})
		opened, failed, err := repeat(t, o.createStep, ringing(caller))
		require.NoError(t, err)
		require.Len(t, failed, 1)
		second := func() bool { return len(o.State().Conversations) > 1 || len(o.State().Customers) > 1 }
		require.Never(t, second, 600*time.Millisecond, 20*time.Millisecond)
		o.update(t, answering(opened))
		requireTheWholeCallOnce(t, o)
	}
}

func TestANoteThatMayComeLateIsWaitedFor(t *testing.T) {
	o := newOrg(t)
	in := answering(o.open(t))
	o.Inject(sandbox.Fault{Method: "POST", Route: "/v1/conversations/{id}/notes", Kind: sandbox.FaultCommitLate, Latency: 300 * time.Millisecond, Times: 1})
	_, err := attempt(o.updateStep, in)
	require.GreaterOrEqual(t, failureOf(t, err).NextRetryDelay(), Lateness)
	require.Eventually(t, func() bool { return len(o.conversation(t).Notes) == 1 }, 5*time.Second, 10*time.Millisecond)
	in.LookFirst = true
	o.update(t, in)
	requireTheWholeCallOnce(t, o)
}

// A machine that stood still has not noticed that its step was given to another.
func TestAStepThatWasFrozenWritesNoNote(t *testing.T) {
	o := newOrg(t)
	in := answering(o.open(t))
	p := &pulse{last: time.Now().Round(0).Add(-HeartbeatTimeout), limit: HeartbeatTimeout}
	err := o.writeNote(context.WithValue(t.Context(), pulseKey{}, p), in.ConversationID, note("k-1", "bridged", "Taken"))
	require.ErrorIs(t, err, errFrozen)
	require.False(t, failureOf(t, failure(t.Context(), err)).NonRetryable())
	require.True(t, wasFrozen(context.WithValue(t.Context(), pulseKey{}, p)), "and is not thawed by going on")
	require.Empty(t, o.conversation(t).Notes)
	require.False(t, wasFrozen(context.WithValue(t.Context(), pulseKey{}, &pulse{last: time.Now(), limit: LocalTimeout})))
}
