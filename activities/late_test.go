package activities

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/kustomer"
	"github.com/callthread/callthread/kustomer/sandbox"
)

// Kustomer may carry out a request long after it timed out, and a machine that was
// suspended may continue a step that another worker has taken over.

// late is the time between the broken connection and Kustomer's write. In a bubble, all attempts of a step come before
// that.
const late = Lateness

// comesNow lets the time pass in which Kustomer writes what comes late.
func comesNow() {
	<-time.After(late)
	synctest.Wait()
}

// comesLate makes Kustomer carry out one request of a kind late.
func (o *org) comesLate(method, route string) {
	o.Inject(sandbox.Fault{Method: method, Route: route, Kind: sandbox.FaultCommitLate, Latency: late, Times: 1})
}

func TestAnAssignmentThatComesLateDoesNotUndoWhatWasDoneSince(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrg(t)
		p := o.answered(t)
		o.comesLate("PUT", "/v1/conversations/{id}")
		_, failed := p.repeats()
		require.Len(t, failed, 1)
		p.edits(kustomer.ConversationUpdate{AssignedUsers: &[]string{bastian.ID}})
		puts := o.State().Requests["PUT /v1/conversations/{id}"]
		require.Equal(t, 3, puts, "the late one, the repeated one, the person's")
		comesNow()
		require.Equal(t, []string{bastian.ID}, o.conversation(t).AssignedUsers)
	})
}

func TestAConversationThatComesLateIsNotASecondOne(t *testing.T) {
	for _, route := range []string{"/v1/customers", "/v1/conversations"} {
		synctest.Test(t, func(t *testing.T) {
			o := newOrg(t)
			o.comesLate("POST", route)
			p := o.rings(t, caller)
			_, failed := p.repeats()
			require.Len(t, failed, 1)
			comesNow()
			require.Len(t, o.State().Conversations, 1)
			require.Len(t, o.State().Customers, 1)
			p.picksUp(12, agentAmira)
			p.does()
			requireTheWholeCallOnce(t, o)
		})
	}
}

func TestANoteThatMayComeLateIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrg(t)
		p := o.answered(t)
		o.comesLate("POST", "/v1/conversations/{id}/notes")
		_, err := p.tries()
		require.GreaterOrEqual(t, failureOf(t, err).NextRetryDelay(), Lateness)
		require.Empty(t, o.conversation(t).Notes)
		comesNow()
		require.Len(t, o.conversation(t).Notes, 1)
		p.does(mayBeDone)
		requireTheWholeCallOnce(t, o)
	})
}

// A suspended machine has not noticed that its step was given to another worker.
func TestSuspendedStepWritesNoNote(t *testing.T) {
	o := newOrgWithVoiceEntries(t)
	p := o.opened(t)
	still := &pulse{last: time.Now().Round(0).Add(-HeartbeatTimeout), limit: HeartbeatTimeout}
	frozen := context.WithValue(t.Context(), pulseKey{}, still)
	err := o.writeNote(frozen, p.conversation.ID, note("k-1", "bridged", "Taken"))
	require.ErrorIs(t, err, errFrozen)
	require.False(t, failureOf(t, failure(t.Context(), err)).NonRetryable())
	require.True(t, wasFrozen(frozen), "and is not thawed by going on")
	u := &update{Activities: o.Activities, base: p.conversation, voice: &kustomer.NewMessage{Subject: "Call"}}
	require.ErrorIs(t, u.writeVoice(frozen), errFrozen)
	require.Empty(t, o.conversation(t).Notes)
	require.Empty(t, o.conversation(t).Messages)
	require.False(t, wasFrozen(context.WithValue(t.Context(), pulseKey{}, &pulse{last: time.Now(), limit: LocalTimeout})))
}
