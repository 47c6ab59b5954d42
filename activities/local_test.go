package activities

import (
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"golang.org/x/sync/semaphore"

	"github.com/callthread/callthread/kustomer"
	"github.com/callthread/callthread/kustomer/sandbox"
)

// What is tried within the workflow task leaves no trace where its worker dies:
// it is then carried out again, as the first attempt.

// locally carries a step out once, within the workflow task.
func locally[In, Out any](step func(context.Context, In) (Out, error), in In) (out Out, err error) {
	value, err := quiet().NewTestActivityEnvironment().ExecuteLocalActivity(step, in)
	if err == nil {
		err = value.Get(&out)
	}
	return out, err
}

func looksToOpen(in *createInput)   { in.LookFirst = true }
func looksToUpdate(in *updateInput) { in.LookFirst = true }

// repeatLocally is repeat as the workflow does it that begins with an attempt within the task.
func repeatLocally[In, Out any](lookFirst func(*In)) func(*testing.T, func(context.Context, In) (Out, error), In) (Out, []*temporal.ApplicationError, error) {
	return func(t *testing.T, step func(context.Context, In) (Out, error), in In) (Out, []*temporal.ApplicationError, error) {
		t.Helper()
		out, err := locally(step, in)
		if err == nil {
			return out, nil, nil
		}
		var first *temporal.ApplicationError
		require.ErrorAs(t, err, &first)
		if first.Type() != NotStarted && first.Type() != NotTried {
			lookFirst(&in)
		}
		out, failed, err := repeat(t, step, in)
		return out, append([]*temporal.ApplicationError{first}, failed...), err
	}
}

func TestHandOverOfAWorkerThatDiedIsDoneAgainWithoutASecondNote(t *testing.T) {
	fails := func(method, route string, kind sandbox.FaultKind) sandbox.Fault {
		return sandbox.Fault{Method: method, Route: route, Kind: kind, Times: 1}
	}
	const conversation, notes = "/v1/conversations/{id}", "/v1/conversations/{id}/notes"
	for diedBefore, fault := range map[string]sandbox.Fault{
		"the task was complete":        fails("GET", "/v1/users", sandbox.FaultReset),
		"the update":                   fails("PUT", conversation, sandbox.FaultReset),
		"the answer to the update":     fails("PUT", conversation, sandbox.FaultLoseAnswer),
		"the note":                     fails("POST", notes, sandbox.FaultReset),
		"the answer to the note":       fails("POST", notes, sandbox.FaultLoseAnswer),
		"the note, which comes anyway": fails("POST", notes, sandbox.FaultLoseAnswer5xx),
	} {
		t.Run(diedBefore, func(t *testing.T) {
			o := newOrg(t)
			in := answering(o.open(t))
			o.Inject(fault)
			_, _ = locally(o.updateStep, in)
			updated, err := locally(o.updateStep, in)
			require.NoError(t, err)
			require.Equal(t, []string{amira.ID}, updated.AssignedUsers)
			requireTheWholeCallOnce(t, o)
		})
	}
}

// Were a change that changes nothing to leave the revision as it is, the count of notes would still tell.
func TestNoteIsNotWrittenAgainThoughTheRevisionIsAsItWasLeft(t *testing.T) {
	o := newOrg(t)
	in := answering(o.open(t))
	_, err := locally(o.updateStep, in)
	require.NoError(t, err)
	in.Left.Rev = o.conversation(t).Rev
	_, err = locally(o.updateStep, in)
	require.NoError(t, err)
	requireTheWholeCallOnce(t, o)
}

func TestUsualHandOverWithinTheTaskCostsNoLook(t *testing.T) {
	o := newOrg(t)
	in := answering(o.open(t))
	require.Equal(t, 2, o.spent(func() {
		_, err := locally(o.updateStep, in)
		require.NoError(t, err)
	}))
	requireTheWholeCallOnce(t, o)
}

func TestHandOverOfAConversationThatARuleHasChangedIsDoneWithinTheTask(t *testing.T) {
	o := newOrg(t)
	in := answering(o.open(t))
	o.edits(t, in.ConversationID, kustomer.ConversationUpdate{Priority: 5, Tags: &[]string{"babelforce", "inbound_call", "call_lost", "vip"}})
	_, err := locally(o.updateStep, in)
	require.NoError(t, err)
	require.Equal(t, []string{"babelforce", "inbound_call", "vip", "call_answered"}, o.conversation(t).Tags)
	require.Len(t, o.conversation(t).Notes, 1)
}

func TestWhatCouldBeDoneTwiceIsNotBegunWithinTheTask(t *testing.T) {
	const notesOnly = creates + "- { event: call.bridged, action: kustomer.conversation.update, options: { note: Taken } }"
	for name, change := range map[string]func(*org, *updateInput){
		"a note alone":           func(o *org, _ *updateInput) { o.automate(t, notesOnly) },
		"of an unknown agent":    func(_ *org, in *updateInput) { in.Facts.Agent.SourceID = "" },
		"of an unknown revision": func(_ *org, in *updateInput) { in.Left.Rev = 0 },
		"of an earlier version":  func(_ *org, in *updateInput) { in.Left = Conversation{Rev: 1} },
	} {
		t.Run(name, func(t *testing.T) {
			o := newOrg(t)
			in := answering(o.open(t))
			change(o, &in)
			require.Zero(t, o.spent(func() {
				_, err := locally(o.updateStep, in)
				require.Equal(t, NotTried, failureOf(t, err).Type())
			}))
		})
	}
}

func TestFailureWithinTheTaskSaysWhetherAnythingMayHaveBeenDone(t *testing.T) {
	status := func(status int) sandbox.Fault {
		return sandbox.Fault{Kind: sandbox.FaultStatus, Status: status, Times: 1}
	}
	const note = "/v1/conversations/{id}/notes"
	for name, tc := range map[string]struct {
		method, route string
		fault         sandbox.Fault
		want          string
	}{
		"no budget for the look-up":     {http.MethodGet, "/v1/customers/phone={phone}", status(429), NotStarted},
		"the look-up fails":             {http.MethodGet, "/v1/customers/phone={phone}", status(503), NotStarted},
		"the conversation may be there": {http.MethodPost, "/v1/conversations", status(503), Unavailable},
		"no budget for the hand-over":   {http.MethodPut, "/v1/conversations/{id}", status(429), NotStarted},
		"the hand-over may be done":     {http.MethodPut, "/v1/conversations/{id}", status(503), Unavailable},
		"no budget for the note":        {http.MethodPost, note, status(429), RateLimited},
		"the note may be written":       {http.MethodPost, note, status(503), Unavailable},
		"the note is refused":           {http.MethodPost, note, status(400), Refused},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOrg(t)
			fault := tc.fault
			fault.Method, fault.Route = tc.method, tc.route
			o.Inject(fault)
			opened, err := locally(o.createStep, ringing(caller))
			if err == nil {
				_, err = locally(o.updateStep, answering(opened))
			}
			failed := failureOf(t, err)
			require.Equal(t, tc.want, failed.Type())
			require.Equal(t, tc.want == Refused, failed.NonRetryable())
		})
	}
}

// The workflow task, and all that waits for it, must not wait for room.
func TestStepThatFindsNoRoomIsNotBegunWithinTheTask(t *testing.T) {
	o := newOrg(t)
	o.LocalRoom = semaphore.NewWeighted(1)
	in := answering(o.open(t))
	require.True(t, o.LocalRoom.TryAcquire(1))
	require.Zero(t, o.spent(func() {
		_, err := locally(o.updateStep, in)
		require.Equal(t, NotTried, failureOf(t, err).Type())
		_, err = locally(o.createStep, ringing(caller))
		require.Equal(t, NotTried, failureOf(t, err).Type())
	}))
	o.LocalRoom.Release(1)
	for range 2 { // and it is given back
		_, err := locally(o.updateStep, in)
		require.NoError(t, err)
	}
	requireTheWholeCallOnce(t, o)
}

// Whatever has become of the call meanwhile, the next attempt at its hand-over may be an activity.
func TestHandOverOfAWorkerThatDiedIsDoneAgainByAnActivityWithoutASecondNote(t *testing.T) {
	o := newOrg(t)
	in := answering(o.open(t))
	_, err := locally(o.updateStep, in)
	require.NoError(t, err)
	for _, keep := range []bool{false, true} { // a later bridge may have been heard of
		in.KeepAssignee = keep
		o.update(t, in)
		requireTheWholeCallOnce(t, o)
	}
}
