package activities

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/kustomer"
	"github.com/callthread/callthread/kustomer/sandbox"
)

// appends is the built-in file for an org that wants one conversation of calls that follow each other.
const appends = "callers: { returning: { policy: append, within: 4h } }\n"

// callsAgain is another call of the same customer, which rings that much later.
func callsAgain(key string, later time.Duration) createInput {
	in := ringing(caller)
	in.Facts.Key, in.Facts.Leg.ID = key, key
	in.Rang = time.Now().Add(later)
	return in
}

func newOrgThatAppends(t *testing.T) *org {
	o := newOrg(t)
	o.automate(t, appends+string(automation.DefaultFile))
	return o
}

func TestACustomerWhoCallsAgainComesBackToTheOpenConversation(t *testing.T) {
	o := newOrgThatAppends(t)
	first := o.open(t)
	o.update(t, answering(first))
	again, err := attempt(o.createStep, callsAgain("k-2", time.Hour))
	require.NoError(t, err)
	require.True(t, again.Joined)
	require.Equal(t, first.ConversationID, again.ConversationID)
	conversation := o.conversation(t)
	require.Equal(t, "babelforce:k-2:inbound", conversation.Notes[1].ExternalID)
	require.Equal(t, calledAgain, conversation.Notes[1].Body)
	require.Equal(t, []string{amira.ID}, conversation.AssignedUsers, "until somebody picks up")
	require.Contains(t, conversation.Tags, "call_lost")

	in := answering(again)
	in.Facts.Key, in.Facts.Agent.SourceID, in.Agents = "k-2", bastian.ID, []string{bastian.ID}
	o.update(t, in)
	require.Equal(t, []string{bastian.ID}, o.conversation(t).AssignedUsers)
	require.NotContains(t, o.conversation(t).Tags, "call_lost")
}

func TestASnoozedConversationIsOpenedAgain(t *testing.T) {
	o := newOrgThatAppends(t)
	o.edits(t, o.open(t).ConversationID, kustomer.ConversationUpdate{Status: "snoozed"})
	again, err := attempt(o.createStep, callsAgain("k-2", time.Hour))
	require.NoError(t, err)
	require.True(t, again.Joined)
	require.Equal(t, "open", o.conversation(t).Status)
}

func TestACallGetsAConversationOfItsOwnWhereThereIsNoneToJoin(t *testing.T) {
	done := func(t *testing.T, o *org, first createResult) {
		o.edits(t, first.ConversationID, kustomer.ConversationUpdate{Status: "done"})
	}
	deleted := func(t *testing.T, o *org, first createResult) { o.deletes(t, first.ConversationID) }
	for name, tc := range map[string]struct {
		later     time.Duration
		meanwhile func(*testing.T, *org, createResult)
	}{
		"it is done":        {later: time.Hour, meanwhile: done},
		"it was deleted":    {later: time.Hour, meanwhile: deleted},
		"it is too old":     {later: 4*time.Hour + time.Minute},
		"both rang at once": {later: 9 * time.Second},
		"its call rang later, and was opened during a jam": {later: -time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOrgThatAppends(t)
			first := o.open(t)
			if tc.meanwhile != nil {
				tc.meanwhile(t, o, first)
			}
			again, err := attempt(o.createStep, callsAgain("k-2", tc.later))
			require.NoError(t, err)
			require.False(t, again.Joined)
			require.NotEqual(t, first.ConversationID, again.ConversationID)
		})
	}
}

func TestAConversationThatIsNoCallsIsNotJoined(t *testing.T) {
	o := newOrgThatAppends(t)
	customer, err := o.client.CreateCustomer(t.Context(), kustomer.NewCustomer{Phones: []kustomer.Phone{{Phone: caller}}})
	require.NoError(t, err)
	mail, err := o.client.CreateConversation(t.Context(), kustomer.NewConversation{CustomerID: customer.ID, Name: "An e-mail"})
	require.NoError(t, err)
	opened, err := attempt(o.createStep, callsAgain("k-2", time.Hour))
	require.NoError(t, err)
	require.NotEqual(t, mail.ID, opened.ConversationID)
}

func TestStrangersWhoShareTheCatchAllCustomerDoNotShareAConversation(t *testing.T) {
	o := newOrgThatAppends(t)
	for _, key := range []string{"k-1", "k-2"} {
		in := callsAgain(key, time.Hour)
		in.Facts.Leg.Anonymous = true
		opened, err := attempt(o.createStep, in)
		require.NoError(t, err)
		require.False(t, opened.Joined)
	}
	require.Len(t, o.State().Customers, 1)
	require.Len(t, o.State().Conversations, 2)
}

// The first attempt has joined, and nobody was told; meanwhile the conversation was done.
func TestACallThatHasJoinedDoesNotDecideAnew(t *testing.T) {
	o := newOrgThatAppends(t)
	first := o.open(t)
	in := callsAgain("k-2", time.Hour)
	_, err := attempt(o.createStep, in)
	require.NoError(t, err)
	o.edits(t, first.ConversationID, kustomer.ConversationUpdate{Status: "done"})
	in.LookFirst = true
	again, err := attempt(o.createStep, in)
	require.NoError(t, err)
	require.Equal(t, first.ConversationID, again.ConversationID)
	require.True(t, again.Joined)
	require.Len(t, o.conversation(t).Notes, 1)
}

func TestJoiningIsDoneOnceWhateverGetsLost(t *testing.T) {
	for _, write := range []struct{ method, route string }{
		{"PUT", "/v1/conversations/{id}"}, {"POST", "/v1/conversations/{id}/tags"}, {"POST", "/v1/conversations/{id}/notes"},
	} {
		for _, kind := range []sandbox.FaultKind{sandbox.FaultLoseAnswer, sandbox.FaultReset, sandbox.FaultHTML} {
			t.Run(strings.Join([]string{write.method, write.route, string(kind)}, " "), func(t *testing.T) {
				o := newOrgThatAppends(t)
				first := o.open(t)
				o.Inject(sandbox.Fault{Method: write.method, Route: write.route, Kind: kind, Times: 2})
				again, failed, err := repeat(t, o.createStep, callsAgain("k-2", time.Hour))
				require.NoError(t, err)
				require.NotEmpty(t, failed)
				require.Equal(t, first.ConversationID, again.ConversationID)
				require.Len(t, o.conversation(t).Notes, 1)
			})
		}
	}
}

func TestACustomerWhoIsNewHasNothingToJoinAndCostsNoLook(t *testing.T) {
	o := newOrgThatAppends(t)
	o.open(t)
	require.Zero(t, o.State().Requests["GET /v1/customers/{id}/conversations"])
}

func TestACallDoesNotCloseTheConversationUnderOneThatHasJoinedIt(t *testing.T) {
	const closes = "  - { event: call.wrappedUp, action: kustomer.conversation.update, options: { status: done } }\n"
	for name, joins := range map[string]bool{"called again": true, "did not": false} {
		t.Run(name, func(t *testing.T) {
			o := newOrg(t)
			o.automate(t, appends+string(automation.DefaultFile)+closes)
			wrapUp := answering(o.open(t))
			wrapUp.Event, wrapUp.Note = call.WrappedUp, "wrappedUp"
			var again createResult
			if joins {
				var err error
				again, err = attempt(o.createStep, callsAgain("k-2", time.Minute))
				require.NoError(t, err)
			}
			result := o.update(t, wrapUp)
			if !joins {
				require.Equal(t, "done", o.conversation(t).Status)
				return
			}
			require.Equal(t, "open", o.conversation(t).Status)
			require.Equal(t, []string{"the customer has called again: the conversation was left open for that call"}, result.Warnings)
			wrapUp.Facts.Key, wrapUp.Left = "k-2", again.Left
			o.update(t, wrapUp)
			require.Equal(t, "done", o.conversation(t).Status, "the later call closes it")
		})
	}
}

func TestACallWhoseConversationWasMergedAfterItHasJoinedGetsNoOther(t *testing.T) {
	o := newOrgThatAppends(t)
	first := o.open(t)
	in := callsAgain("k-2", time.Hour)
	_, err := attempt(o.createStep, in)
	require.NoError(t, err)
	other, err := o.client.CreateConversation(t.Context(), kustomer.NewConversation{CustomerID: first.CustomerID, ExternalID: "someone's"})
	require.NoError(t, err)
	o.Merge(first.ConversationID, other.ID)
	in.LookFirst = true
	again, err := attempt(o.createStep, in)
	require.NoError(t, err)
	require.Equal(t, first.ConversationID, again.ConversationID)
	require.Len(t, o.State().Conversations, 2)
}

func TestCallsOfACustomerWhomTheFileNamesDoNotJoinEachOther(t *testing.T) {
	o := newOrg(t)
	hotline, err := o.client.CreateCustomer(t.Context(), kustomer.NewCustomer{Name: "Hotline"})
	require.NoError(t, err)
	o.automate(t, appends+"automations:\n- { event: call.inbound, action: kustomer.conversation.create, options: { customer: "+hotline.ID+" } }")
	for _, key := range []string{"k-1", "k-2"} {
		opened, err := attempt(o.createStep, callsAgain(key, time.Hour))
		require.NoError(t, err)
		require.False(t, opened.Joined, "they may be anybody's")
	}
}
