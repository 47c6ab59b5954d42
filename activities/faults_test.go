package activities

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/kustomer/sandbox"
)

// apply_test.go tests a fault of every write of a call in turn.

// A refusal is checked with a look-up. If the look-up fails too, nothing is known yet, and
// no operator has to decide.
func TestUncheckedRefusalIsRetried(t *testing.T) {
	for name, tc := range map[string]struct {
		refused, look string
		skip          int
	}{
		"create customer":     {"/v1/customers", "/v1/customers/phone={phone}", 1},
		"create conversation": {"/v1/conversations", "/v1/conversations/externalId={externalId}", 0},
		"create note":         {"/v1/conversations/{id}/notes", "/v1/conversations/{id}/notes", 0},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOrg(t)
			o.Inject(sandbox.Fault{Method: "POST", Route: tc.refused, Kind: sandbox.FaultStatus, Status: 409, Times: 1})
			o.Inject(sandbox.Fault{Method: "GET", Route: tc.look, Kind: sandbox.FaultStatus, Status: 503, Skip: tc.skip, Times: 1})
			p := o.rings(t, caller)
			_, failed := p.repeats()
			p.picksUp(12, agentAmira)
			_, failedToo := p.repeats()
			failed = append(failed, failedToo...)
			require.Len(t, failed, 1)
			require.Equal(t, Unavailable, failed[0].Type())
			requireTheWholeCallOnce(t, o)
		})
	}
}

func TestRefusedDuplicateIsASuccess(t *testing.T) {
	o := newOrg(t)
	p := o.answered(t)
	first, err := p.tries()
	require.NoError(t, err)
	require.NotZero(t, first.At)
	o.Inject(sandbox.Fault{Method: "POST", Route: "/v1/conversations/{id}/notes", Kind: sandbox.FaultStatus, Status: 409})
	p.does()
	requireTheWholeCallOnce(t, o)
}

// The note is refused because it exists; no person has changed the conversation.
func TestRefusedDuplicateNoteIsASuccess(t *testing.T) {
	o := newOrg(t)
	p := o.answered(t)
	taken := note("k-1", "bridged", "Taken")
	require.NoError(t, o.client.CreateNote(t.Context(), p.conversation.ID, taken))
	o.Inject(sandbox.Fault{Method: "POST", Route: "/v1/conversations/{id}/notes", Kind: sandbox.FaultStatus, Status: 409})
	require.NoError(t, o.writeNote(t.Context(), p.conversation.ID, taken))
	require.Len(t, o.conversation(t).Notes, 1)
}
