package activities

import (
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/semaphore"

	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/kustomer"
	"github.com/callthread/callthread/kustomer/sandbox"
)

// A local activity leaves no trace if its worker dies: it then runs again as the first
// attempt.

// locally runs a step once as a local activity.
func locally[In, Out any](step func(context.Context, In) (Out, error), in In) (out Out, err error) {
	value, err := quiet().NewTestActivityEnvironment().ExecuteLocalActivity(step, in)
	if err == nil {
		err = value.Get(&out)
	}
	return out, err
}

// triesLocally runs the next step as a local activity whose result is lost.
func (p *played) triesLocally(change ...func(*StepInput)) (StepResult, error) {
	p.t.Helper()
	in := p.next(change...)
	return locally(p.step(in), in)
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
			p := o.answered(t)
			o.Inject(fault)
			_, _ = p.triesLocally()
			updated, err := p.triesLocally()
			require.NoError(t, err)
			require.Equal(t, []string{amira.ID}, updated.Conversation.AssignedUsers)
			requireTheWholeCallOnce(t, o)
		})
	}
}

// If a write without effect kept the revision, the number of notes would still show it.
func TestNoteIsNotWrittenAgainThoughTheRevisionIsAsItWasLeft(t *testing.T) {
	o := newOrg(t)
	p := o.answered(t)
	_, err := p.triesLocally()
	require.NoError(t, err)
	p.conversation.Rev = o.conversation(t).Rev
	_, err = p.triesLocally()
	require.NoError(t, err)
	requireTheWholeCallOnce(t, o)
}

func TestLocalHandOverCostsNoLook(t *testing.T) {
	o := newOrg(t)
	p := o.answered(t)
	require.Equal(t, 2, o.spent(func() {
		_, err := p.triesLocally()
		require.NoError(t, err)
	}))
	requireTheWholeCallOnce(t, o)
}

func TestLocalHandOverAfterARulesChange(t *testing.T) {
	o := newOrg(t)
	p := o.answered(t)
	p.edits(kustomer.ConversationUpdate{Priority: 5, Tags: &[]string{"babelforce", "inbound_call", "call_lost", "vip"}})
	_, err := p.triesLocally()
	require.NoError(t, err)
	require.Equal(t, []string{"babelforce", "inbound_call", "vip", "call_answered"}, o.conversation(t).Tags)
	require.Equal(t, []string{amira.ID}, o.conversation(t).AssignedUsers)
	require.Len(t, o.conversation(t).Notes, 1)
}

func TestUnconditionalStepIsNotTriedLocally(t *testing.T) {
	const notesOnly = creates + "- { event: call.bridged, action: kustomer.conversation.update, options: { note: Taken } }"
	for name, change := range map[string]func(*org, *StepInput){
		"a note alone":           func(o *org, _ *StepInput) { o.automate(t, notesOnly) },
		"of an unknown agent":    func(_ *org, in *StepInput) { in.Is.PickUps[0].Facts.Agent.SourceID = "" },
		"of an unknown revision": func(_ *org, in *StepInput) { in.Conversation.Rev = 0 },
	} {
		t.Run(name, func(t *testing.T) {
			o := newOrg(t)
			p := o.answered(t)
			require.Zero(t, o.spent(func() {
				_, err := p.triesLocally(func(in *StepInput) { change(o, in) })
				require.Equal(t, NotTried, failureOf(t, err).Type())
			}))
		})
	}
}

func TestLocalFailureSaysIfItMayHaveWritten(t *testing.T) {
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
			p := o.rings(t, caller)
			in := p.next()
			opened, err := locally(o.CreateConversation, in)
			if err == nil {
				p.completes(in, opened)
				p.picksUp(12, agentAmira)
				_, err = p.triesLocally()
			}
			failed := failureOf(t, err)
			require.Equal(t, tc.want, failed.Type())
			require.Equal(t, tc.want == Refused, failed.NonRetryable())
		})
	}
}

// The workflow task must not wait for a slot, because everything else in the run waits for
// it.
func TestStepWithoutASlotIsNotTriedLocally(t *testing.T) {
	o := newOrg(t)
	o.LocalSlots = semaphore.NewWeighted(1)
	p, another := o.answered(t), o.ringsAs(t, func(e *call.Event) { e.Leg.ID = "k-2" })
	require.True(t, o.LocalSlots.TryAcquire(1))
	require.Zero(t, o.spent(func() {
		_, err := p.triesLocally()
		require.Equal(t, NotTried, failureOf(t, err).Type())
		_, err = another.triesLocally()
		require.Equal(t, NotTried, failureOf(t, err).Type())
	}))
	o.LocalSlots.Release(1)
	for range 2 { // the slot is released
		_, err := p.triesLocally()
		require.NoError(t, err)
	}
	requireTheWholeCallOnce(t, o)
}

func TestActivityRepeatsALostLocalHandOver(t *testing.T) {
	for name, change := range map[string]func(*StepInput){"that looks": mayBeDone, "that does not": func(*StepInput) {}} {
		t.Run(name, func(t *testing.T) {
			o := newOrg(t)
			p := o.answered(t)
			_, err := p.triesLocally()
			require.NoError(t, err)
			p.does(change)
			requireTheWholeCallOnce(t, o)
		})
	}
}

// A later pick-up is reported while the worker is dead.
func TestLostHandOverIsRepeatedWithTheNext(t *testing.T) {
	for name, change := range map[string]func(*StepInput){"that looks": mayBeDone, "that does not": func(*StepInput) {}} {
		t.Run(name, func(t *testing.T) {
			o := newOrg(t)
			p := o.answered(t)
			_, err := p.triesLocally()
			require.NoError(t, err)
			p.picksUp(60, agentBastian)
			p.does(change)
			require.Equal(t, []string{bastian.ID}, o.conversation(t).AssignedUsers)
			require.Equal(t, []string{"babelforce", "inbound_call", "call_answered"}, o.conversation(t).Tags)
			require.Len(t, o.conversation(t).Notes, 2)
		})
	}
}
