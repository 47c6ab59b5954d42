package activities

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/kustomer/sandbox"
)

// Every write of a call, and everything that can go wrong with one.
var (
	writes = []struct{ op, method, route string }{
		{"create customer", "POST", "/v1/customers"},
		{"create conversation", "POST", "/v1/conversations"},
		{"update conversation", "PUT", "/v1/conversations/{id}"},
		{"add tags", "POST", "/v1/conversations/{id}/tags"},
		{"remove tags", "DELETE", "/v1/conversations/{id}/tags"},
		{"create note", "POST", "/v1/conversations/{id}/notes"},
	}
	faults = []sandbox.Fault{
		{Kind: sandbox.FaultReset},
		{Kind: sandbox.FaultTimeout},
		{Kind: sandbox.FaultLoseAnswer},
		{Kind: sandbox.FaultLoseAnswer5xx},
		{Kind: sandbox.FaultStatus, Status: 500},
		{Kind: sandbox.FaultHTML},
		{Kind: sandbox.FaultTruncate},
	}
)

func TestNoFaultOfAnyWriteLosesOrDoublesAnything(t *testing.T) {
	for _, write := range writes {
		for _, fault := range faults {
			t.Run(write.op+"/"+string(fault.Kind), func(t *testing.T) {
				t.Parallel()
				o := newOrg(t, func(o *org) {
					if fault.Kind == sandbox.FaultTimeout {
						o.timeout = 200 * time.Millisecond
					}
				})
				fault.Method, fault.Route, fault.Times = write.method, write.route, 2
				o.Inject(fault)

				opened, failed, err := repeat(t, o.CreateConversation, ringing(caller))
				require.NoError(t, err)
				_, failedToo, err := repeat(t, o.UpdateConversation, answering(opened.ConversationID))
				require.NoError(t, err)

				failed = append(failed, failedToo...)
				require.NotEmpty(t, failed, "the fault never struck")
				require.ErrorContains(t, failed[0], write.op)
				requireTheWholeCallOnce(t, o)
			})
		}
	}
}

func requireTheWholeCallOnce(t *testing.T, o *org) {
	t.Helper()
	require.Len(t, o.State().Customers, 1)
	conversation := o.conversation(t)
	require.Equal(t, o.State().Customers[0].ID, conversation.CustomerID)
	require.Equal(t, []string{"babelforce", "inbound_call", "call_answered"}, conversation.Tags)
	require.Equal(t, []string{amira.ID}, conversation.AssignedUsers)
	require.Len(t, conversation.Notes, 1)
	require.Equal(t, "babelforce:k-1:bridged", conversation.Notes[0].ExternalID)
}

// A refusal is checked by looking; when the look-up fails too, nothing is known yet and nobody needs to be asked.
func TestARefusalThatCannotBeCheckedIsTriedAgain(t *testing.T) {
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
			opened, failed, err := repeat(t, o.CreateConversation, ringing(caller))
			require.NoError(t, err)
			_, failedToo, err := repeat(t, o.UpdateConversation, answering(opened.ConversationID))
			require.NoError(t, err)
			failed = append(failed, failedToo...)
			require.Len(t, failed, 1)
			require.Equal(t, Unavailable, failed[0].Type())
			requireTheWholeCallOnce(t, o)
		})
	}
}

func TestARefusalOfWhatALostAttemptHasWrittenIsNoRefusal(t *testing.T) {
	o := newOrg(t)
	id := o.open(t).ConversationID
	first, err := attempt(o.UpdateConversation, answering(id))
	require.NoError(t, err)
	require.NotZero(t, first.UpdatedAt)
	o.Inject(sandbox.Fault{Method: "POST", Route: "/v1/conversations/{id}/notes", Kind: sandbox.FaultStatus, Status: 409})
	_, err = attempt(o.UpdateConversation, answering(id))
	require.NoError(t, err)
	requireTheWholeCallOnce(t, o)
}
