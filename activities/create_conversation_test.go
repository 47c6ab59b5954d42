package activities

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/callthread/callthread/kustomer"
	"github.com/callthread/callthread/kustomer/sandbox"
)

func TestAFirstCallOpensTheConversationOfANewCustomer(t *testing.T) {
	o := newOrg(t)
	opened := o.open(t)

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

	require.Equal(t, conversation.ID, opened.ConversationID)
	require.Equal(t, o.client.ConversationURL(customer.ID, conversation.ID), opened.ConversationURL)
	require.Equal(t, customer.ID, opened.CustomerID)
	require.True(t, opened.NewCustomer)
	require.False(t, opened.Adopted)
	require.True(t, opened.ExpectsFinish)
	require.Empty(t, opened.Warnings)
}

func TestACallOfAKnownCustomerCostsTwoRequests(t *testing.T) {
	o := newOrg(t)
	known, err := o.client.CreateCustomer(t.Context(), kustomer.NewCustomer{Name: "Ada", Phones: []kustomer.Phone{{Phone: caller}}})
	require.NoError(t, err)
	before := o.State().RequestTotal

	opened := o.open(t)
	require.Equal(t, 2, o.State().RequestTotal-before)
	require.Equal(t, known.ID, opened.CustomerID)
	require.False(t, opened.NewCustomer)
	require.Equal(t, known.ID, o.conversation(t).CustomerID)
	require.Len(t, o.State().Customers, 1)
}

func TestAConversationOfAnEarlierRunIsAdopted(t *testing.T) {
	o := newOrg(t)
	first, again := o.open(t), o.open(t)
	require.True(t, again.Adopted)
	require.Equal(t, first.ConversationID, again.ConversationID)
	require.Equal(t, first.ConversationURL, again.ConversationURL)
	require.Equal(t, 1, o.conversation(t).Rev, "adopting changes nothing")
}

func TestLostAnswerDoesNotOpenASecondConversation(t *testing.T) {
	o := newOrg(t)
	o.Inject(sandbox.Fault{Method: "POST", Route: "/v1/conversations", Kind: sandbox.FaultLoseAnswer})
	opened, failed, err := repeat(t, o.createStep, ringing(caller))
	require.NoError(t, err)
	require.Len(t, failed, 1)
	require.True(t, opened.Adopted)
	require.Equal(t, o.conversation(t).ID, opened.ConversationID)
	require.Equal(t, 1, o.State().Requests["POST /v1/conversations"], "the retry looks before it writes")
}

func TestTwoFirstCallsAtOnceShareOneCustomer(t *testing.T) {
	for name, from := range map[string]string{"same number": caller, "withheld": "anonymous"} {
		t.Run(name, func(t *testing.T) {
			o := newOrg(t, bothLookBeforeEitherWrites)
			var opened [2]createResult
			var calls errgroup.Group
			for i, key := range []string{"k-1", "k-2"} {
				calls.Go(func() (err error) {
					in := ringing(from)
					in.Facts.Key = key
					opened[i], err = attempt(o.createStep, in)
					return err
				})
			}
			require.NoError(t, calls.Wait())

			require.Equal(t, 2, o.State().Requests["POST /v1/customers"], "they did not race")
			require.Len(t, o.State().Customers, 1)
			require.Len(t, o.State().Conversations, 2)
			require.Equal(t, opened[0].CustomerID, opened[1].CustomerID)
			require.NotEqual(t, opened[0].NewCustomer, opened[1].NewCustomer)
		})
	}
}

// bothLookBeforeEitherWrites holds back the answers to the first two look-ups until both are known.
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
