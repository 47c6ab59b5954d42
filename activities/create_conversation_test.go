package activities

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/kustomer"
	"github.com/callthread/callthread/kustomer/sandbox"
)

func TestFirstCallCreatesTheCustomer(t *testing.T) {
	o := newOrg(t)
	opened := o.rings(t, caller).does()

	require.Len(t, o.State().Customers, 1)
	customer, conversation := o.State().Customers[0], o.conversation(t)
	require.Equal(t, []string{caller}, customer.Phones)
	require.Empty(t, customer.Name, "a name would hide the number that agents see instead")
	require.Equal(t, customer.ID, conversation.CustomerID)
	require.Equal(t, "babelforce:k-1", conversation.ExternalID)
	require.Equal(t, "Call from "+caller, conversation.Name)
	require.Equal(t, "open", conversation.Status)
	require.Equal(t, "in", conversation.Direction)
	require.Equal(t, []string{"babelforce", "inbound_call", "call_lost"}, conversation.Tags)
	require.Equal(t, 3, o.State().RequestTotal)

	is := opened.Conversation
	require.Equal(t, conversation.ID, is.ID)
	require.Equal(t, o.client.ConversationURL(customer.ID, conversation.ID), is.URL)
	require.Equal(t, customer.ID, is.CustomerID)
	require.False(t, is.Adopted)
	require.Equal(t, opened.At, is.OpenedAt)
	require.Equal(t, conversation.Rev, is.Rev)
	require.Equal(t, conversation.Tags, is.Tags)
	require.Len(t, is.TagIDs, len(conversation.Tags))
	require.Equal(t, "a new customer, because none had the caller's number", opened.Caller)
	require.True(t, opened.Expects.Finish)
	require.Empty(t, opened.Warnings)
}

func TestKnownCustomerCostsTwoRequests(t *testing.T) {
	o := newOrg(t)
	known, err := o.client.CreateCustomer(t.Context(), kustomer.NewCustomer{Name: "Ada", Phones: []kustomer.Phone{{Phone: caller}}})
	require.NoError(t, err)
	before := o.State().RequestTotal

	opened := o.rings(t, caller).does()
	require.Equal(t, 2, o.State().RequestTotal-before)
	require.Equal(t, known.ID, opened.Conversation.CustomerID)
	require.Equal(t, "the customer with the caller's number", opened.Caller)
	require.Equal(t, known.ID, o.conversation(t).CustomerID)
	require.Len(t, o.State().Customers, 1)
}

func TestConversationOfAnEarlierRunIsAdopted(t *testing.T) {
	o := newOrg(t)
	for name, change := range map[string]func(*StepInput){"found out by writing": func(*StepInput) {}, "found out by looking": hasEarlierRun} {
		first := o.opened(t).conversation
		again := o.rings(t, caller).does(change).Conversation
		require.True(t, again.Adopted, name)
		require.Equal(t, []string{first.ID, first.URL, first.CustomerID}, []string{again.ID, again.URL, again.CustomerID}, name)
		require.Equal(t, 1, o.conversation(t).Rev, "adopting changes nothing")
	}
}

func TestLostAnswerOpensNoDuplicate(t *testing.T) {
	o := newOrg(t)
	o.Inject(sandbox.Fault{Method: "POST", Route: "/v1/conversations", Kind: sandbox.FaultLoseAnswer})
	opened, failed := o.rings(t, caller).repeats()
	require.Len(t, failed, 1)
	require.False(t, opened.Conversation.Adopted, "it is of this run")
	require.Equal(t, o.conversation(t).ID, opened.Conversation.ID)
	require.Equal(t, 1, o.State().Requests["POST /v1/conversations"], "the retry looks before it writes")
}

func TestTwoFirstCallsAtOnceShareOneCustomer(t *testing.T) {
	for name, from := range map[string]string{"same number": caller, "withheld": "anonymous"} {
		t.Run(name, func(t *testing.T) {
			o := newOrg(t, bothLookBeforeEitherWrites)
			var opened [2]StepResult
			var calls errgroup.Group
			for i, key := range []string{"k-1", "k-2"} {
				calls.Go(func() (err error) {
					in := o.ringsAs(t, func(e *call.Event) { e.Leg.ID, e.Leg.From = key, from }).next()
					opened[i], err = attempt(o.CreateConversation, in)
					return err
				})
			}
			require.NoError(t, calls.Wait())

			require.Equal(t, 2, o.State().Requests["POST /v1/customers"], "they did not race")
			require.Len(t, o.State().Customers, 1)
			require.Len(t, o.State().Conversations, 2)
			require.Equal(t, opened[0].Conversation.CustomerID, opened[1].Conversation.CustomerID)
			if name == "same number" {
				require.NotEqual(t, opened[0].Caller, opened[1].Caller, "one has made the customer, and the other has found it")
			}
		})
	}
}

// bothLookBeforeEitherWrites holds the answers to the first two look-ups back until both
// have arrived.
func bothLookBeforeEitherWrites(o *org) {
	var looked sync.WaitGroup
	looked.Add(2)
	tickets := make(chan struct{}, 2)
	tickets <- struct{}{}
	tickets <- struct{}{}
	o.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		o.ServeHTTP(w, r)
		if r.Method != http.MethodGet || !strings.HasPrefix(r.URL.Path, "/v1/customers/") {
			return
		}
		select {
		case <-tickets:
			looked.Done()
			looked.Wait()
		default:
		}
	})
}
