package activities

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/kustomer"
	"github.com/callthread/callthread/kustomer/sandbox"
)

// Kustomer has no idempotency key. After any ambiguous answer, the next attempt finds what
// the first one created.
func TestWhateverGoesWrongTheCallHasOneConversation(t *testing.T) {
	status := func(code int) sandbox.Fault { return sandbox.Fault{Kind: sandbox.FaultStatus, Status: code} }
	const clientTimeout = 500 * time.Millisecond
	faults := map[string]struct {
		sandbox.Fault
		timeout time.Duration
	}{
		"500":                              {status(500), 0},
		"503":                              {status(503), 0},
		"a conflict that nothing explains": {status(409), 0},
		"a page instead of an answer":      {sandbox.Fault{Kind: sandbox.FaultHTML}, 0},
		"a reset, and nothing done":        {sandbox.Fault{Kind: sandbox.FaultReset}, 0},
		"a reset after the work":           {sandbox.Fault{Kind: sandbox.FaultLoseAnswer}, 0},
		"503 after the work":               {sandbox.Fault{Kind: sandbox.FaultLoseAnswer5xx}, 0},
		"half an answer":                   {sandbox.Fault{Kind: sandbox.FaultTruncate}, 0},
		"a time-out, and nothing done":     {sandbox.Fault{Kind: sandbox.FaultTimeout}, clientTimeout},
		"a time-out after the work":        {sandbox.Fault{Kind: sandbox.FaultHoldAnswer}, clientTimeout},
	}
	routes := map[string][2]string{
		"create the conversation": {"POST", "/v1/conversations"},
		"create the customer":     {"POST", "/v1/customers"},
		"find the customer":       {"GET", "/v1/customers/phone={phone}"},
	}
	for name, fault := range faults {
		for step, route := range routes {
			t.Run(name+"/"+step, func(t *testing.T) {
				t.Parallel()
				for times := 1; times <= 2; times++ {
					synctest.Test(t, func(t *testing.T) {
						o := newOrg(t, func(o *org) { o.timeout = fault.timeout })
						f := fault.Fault
						f.Method, f.Route, f.Times = route[0], route[1], times
						o.Inject(f)
						p := o.rings(t, caller)
						opened, _, err := repeat(t, p.CreateConversation, p.next())
						require.NoError(t, err)
						require.Equal(t, o.conversation(t).ID, opened.Conversation.ID)
						require.Len(t, o.State().Customers, 1)
						require.Equal(t, []string{"babelforce", "inbound_call", "call_lost"}, o.conversation(t).Tags)
					})
				}
			})
		}
	}
}

// notesAtTheRing is a file whose opening has a note.
const notesAtTheRing = creates + "- { event: call.inbound, action: kustomer.conversation.update, options: { note: Ringing } }\n"

// failsAtItsNote is a call whose first attempt opened the conversation and then failed.
func (o *org) failsAtItsNote(t *testing.T) *played {
	t.Helper()
	o.automate(t, notesAtTheRing)
	o.Inject(sandbox.Fault{Method: "POST", Route: "/v1/conversations/{id}/notes", Kind: sandbox.FaultStatus, Status: 503, Times: 1})
	p := o.rings(t, caller)
	_, err := p.tries()
	require.Error(t, err)
	return p
}

func TestOpeningFollowsAMerge(t *testing.T) {
	o := newOrg(t)
	p := o.failsAtItsNote(t)
	own := o.conversation(t)
	into, err := o.client.CreateConversation(t.Context(), kustomer.NewConversation{CustomerID: own.CustomerID, Name: "The bill"})
	require.NoError(t, err)
	require.NoError(t, o.Merge(own.ID, into.ID))

	result := p.does(mayBeDone)
	require.Equal(t, into.ID, result.Conversation.ID)
	require.True(t, result.Conversation.Merged)
	require.Len(t, result.Warnings, 1)
	require.Empty(t, o.State().Conversations[0].Notes)
	require.Equal(t, []string{"Ringing"}, bodies(o.State().Conversations[1]))
	require.Equal(t, "The bill", o.State().Conversations[1].Name)
}

// Kustomer may still return a conversation that people have deleted.
func TestOpeningWritesNothingToADeletedConversation(t *testing.T) {
	o := newOddOrg(t)
	p := o.failsAtItsNote(t)
	o.odd = &oddity{"conversation", "deleted", "true"}
	result := p.does(mayBeDone)
	require.True(t, result.Conversation.Deleted)
	require.Equal(t, o.conversation(t).ID, result.Conversation.ID)
	require.Empty(t, o.conversation(t).Notes)
}

// A 404 can end by itself: the customer has been merged since the look-up, or Kustomer does
// not show yet what it has just created.
func TestOpeningIsTriedAgainAfterANotFound(t *testing.T) {
	for name, fault := range map[string]sandbox.Fault{
		"the customer":         {Method: "POST", Route: "/v1/conversations"},
		"the new conversation": {Method: "POST", Route: "/v1/conversations/{id}/notes"},
		"the other ones":       {Method: "GET", Route: "/v1/customers/{id}/conversations"},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOrg(t)
			o.automate(t, appends+notesAtTheRing)
			_, err := o.client.CreateCustomer(t.Context(), kustomer.NewCustomer{Phones: []kustomer.Phone{{Phone: caller}}})
			require.NoError(t, err)
			fault.Kind, fault.Status, fault.Times = sandbox.FaultStatus, http.StatusNotFound, conflictTries-1
			o.Inject(fault)
			_, failed := o.rings(t, caller).repeats()
			require.Len(t, failed, conflictTries-1)
			require.Equal(t, []string{"Ringing"}, bodies(o.conversation(t)))
		})
	}
}

func TestLastingNotFoundParksTheCall(t *testing.T) {
	o := newOrg(t)
	o.Inject(sandbox.Fault{Method: "POST", Route: "/v1/conversations", Kind: sandbox.FaultStatus, Status: http.StatusNotFound})
	_, failed, err := repeat(t, o.CreateConversation, o.rings(t, caller).next())
	require.Equal(t, Refused, failureOf(t, err).Type())
	require.Len(t, failed, conflictTries)
}

// Kustomer refuses all of a request whose list of tags is too long or has a tag twice.
func TestOwnTagFitsIntoTheList(t *testing.T) {
	full := make([]string, automation.MaxTags)
	for i := range full {
		full[i] = string(rune('a' + i))
	}
	require.Equal(t, append([]string{UnassignedTag}, full[:19]...), withTag(full, UnassignedTag))
	require.Equal(t, []string{UnassignedTag, "a"}, withTag([]string{"a", "Call_Unassigned"}, UnassignedTag))

	o := newOrg(t)
	o.automate(t, `automations:
- event: call.outbound
  action: kustomer.conversation.create
  options: { assignedUsers: ["{agent.sourceId}"], tags: [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t] }
`)
	o.ringsAs(t, isPlaced(call.Agent{ID: "7", Name: "Clara"})).does()
	require.Len(t, o.conversation(t).Tags, automation.MaxTags)
	require.Contains(t, o.conversation(t).Tags, UnassignedTag)
	require.Equal(t, 1, o.State().Requests["POST /v1/conversations"])
}
