package activities

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/kustomer"
	"github.com/callthread/callthread/kustomer/sandbox"
)

// appends is the built-in file with callers.returning.append: calls that follow each other
// share one conversation.
const appends = "callers: { returning: { policy: append, within: 4h } }\n"

// orgThatAppends is an org whose clock can be set back, so that its first calls are in the
// past.
type orgThatAppends struct {
	*org
	behind atomic.Int64
}

func newOrgThatAppends(t *testing.T, file string) *orgThatAppends {
	t.Helper()
	a := &orgThatAppends{}
	now := func() time.Time { return time.Now().Add(-time.Duration(a.behind.Load())) }
	a.org = newOrg(t, func(o *org) {
		o.Server = sandbox.New(sandbox.Config{APIKey: apiKey, Now: now})
		o.handler = o.Server
	})
	a.automate(t, appends+file)
	return a
}

// called is a call that rang and was opened that long ago.
func (a *orgThatAppends) called(t *testing.T, ago time.Duration) *played {
	t.Helper()
	a.behind.Store(int64(ago))
	defer a.behind.Store(0)
	p := a.ringsAs(t, func(e *call.Event) { e.Leg.CreatedAt = time.Now().Add(-ago) })
	p.does()
	return p
}

// callsAgain is another call of the same customer, which rings now.
func (a *orgThatAppends) callsAgain(t *testing.T, key string) *played {
	t.Helper()
	return a.ringsAs(t, func(e *call.Event) { e.Leg.ID, e.Leg.CreatedAt = key, time.Now() })
}

func TestReturningCallerJoins(t *testing.T) {
	a := newOrgThatAppends(t, string(automation.DefaultFile))
	first := a.called(t, time.Hour)
	first.picksUp(12, agentAmira)
	first.does()
	p := a.callsAgain(t, "k-2")
	var again StepResult
	require.Equal(t, 4, a.spent(func() { again = p.does() }), "customer; conversations; tags; note")
	require.True(t, again.Joined)
	require.Equal(t, first.conversation.ID, again.Conversation.ID)
	conversation := a.conversation(t)
	require.Equal(t, "babelforce:k-2:inbound", conversation.Notes[1].ExternalID)
	require.Equal(t, calledAgain, conversation.Notes[1].Body)
	require.Equal(t, []string{amira.ID}, conversation.AssignedUsers, "until an agent picks up")
	require.Contains(t, conversation.Tags, "call_lost")

	p.picksUp(12, agentBastian)
	require.Empty(t, p.does().Warnings)
	require.Equal(t, []string{bastian.ID}, a.conversation(t).AssignedUsers)
	require.NotContains(t, a.conversation(t).Tags, "call_lost")
}

func TestSnoozedConversationIsOpenedAgain(t *testing.T) {
	a := newOrgThatAppends(t, string(automation.DefaultFile))
	a.called(t, time.Hour).edits(kustomer.ConversationUpdate{Status: "snoozed"})
	require.True(t, a.callsAgain(t, "k-2").does().Joined)
	require.Equal(t, "open", a.conversation(t).Status)
}

func TestJoiningCallAddsOnlyWhatIsLacking(t *testing.T) {
	a := newOrgThatAppends(t, "automations:\n- { event: call.inbound, action: kustomer.conversation.create, options: "+
		"{ name: Call, priority: 2, assignedTeams: ["+support.ID+"], tags: [a], custom: { outcomeStr: x, callIdStr: '{call.id}' } } }\n")
	first := a.called(t, time.Hour)
	first.edits(kustomer.ConversationUpdate{
		Name: new("Mrs. Öz"), Priority: 5, AssignedTeams: &[]string{sales.ID}, Custom: map[string]any{"outcomeStr": nil},
	})
	require.Empty(t, a.callsAgain(t, "k-2").does().Warnings)
	is := a.conversation(t)
	require.Equal(t, []any{"Mrs. Öz", 5}, []any{is.Name, is.Priority})
	require.Equal(t, []string{sales.ID}, is.AssignedTeams)
	require.Equal(t, map[string]any{"outcomeStr": "x", "callIdStr": "k-1"}, is.Custom)
}

func TestACallGetsAConversationOfItsOwnWhereThereIsNoneToJoin(t *testing.T) {
	for name, tc := range map[string]struct {
		ago   time.Duration // when the earlier call rang
		later time.Duration // how long after now this call rings
		then  func(*played)
	}{
		"it is done":        {ago: time.Hour, then: func(p *played) { p.edits(kustomer.ConversationUpdate{Status: "done"}) }},
		"it was deleted":    {ago: time.Hour, then: (*played).deletes},
		"it is too old":     {ago: 4*time.Hour + time.Minute},
		"both rang at once": {ago: 5 * time.Second},
		"its call rang later, and was opened during a jam": {later: -time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			a := newOrgThatAppends(t, string(automation.DefaultFile))
			first := a.called(t, tc.ago)
			if tc.then != nil {
				tc.then(first)
			}
			p := a.ringsAs(t, func(e *call.Event) { e.Leg.ID, e.Leg.CreatedAt = "k-2", time.Now().Add(tc.later) })
			again := p.does()
			require.False(t, again.Joined)
			require.NotEqual(t, first.conversation.ID, again.Conversation.ID)
		})
	}
}

func TestOnlyCallConversationsAreJoined(t *testing.T) {
	a := newOrgThatAppends(t, string(automation.DefaultFile))
	a.behind.Store(int64(time.Hour))
	customer, err := a.client.CreateCustomer(t.Context(), kustomer.NewCustomer{Phones: []kustomer.Phone{{Phone: caller}}})
	require.NoError(t, err)
	mail, err := a.client.CreateConversation(t.Context(), kustomer.NewConversation{CustomerID: customer.ID, Name: "An e-mail"})
	require.NoError(t, err)
	a.behind.Store(0)
	opened := a.callsAgain(t, "k-2").does()
	require.False(t, opened.Joined)
	require.NotEqual(t, mail.ID, opened.Conversation.ID)
}

func TestCatchAllCallersDoNotJoin(t *testing.T) {
	a := newOrgThatAppends(t, string(automation.DefaultFile))
	for key, ago := range map[string]time.Duration{"k-1": time.Hour, "k-2": 0} {
		a.behind.Store(int64(ago))
		p := a.ringsAs(t, func(e *call.Event) {
			e.Leg.ID, e.Leg.CreatedAt, e.Leg.Anonymous = key, time.Now().Add(-ago), true
		})
		require.False(t, p.does().Joined)
	}
	require.Len(t, a.State().Customers, 1)
	require.Len(t, a.State().Conversations, 2)
}

// The first attempt joined, and its answer was lost. The conversation was then set to done.
func TestACallThatHasJoinedDoesNotDecideAgain(t *testing.T) {
	a := newOrgThatAppends(t, string(automation.DefaultFile))
	first := a.called(t, time.Hour)
	p := a.callsAgain(t, "k-2")
	_, err := p.tries()
	require.NoError(t, err)
	first.edits(kustomer.ConversationUpdate{Status: "done"})
	again := p.does(mayBeDone)
	require.Equal(t, first.conversation.ID, again.Conversation.ID)
	require.True(t, again.Joined)
	require.Len(t, a.conversation(t).Notes, 1)
}

// A receipt can only be in a conversation that was updated after the call rang, within the
// skew of the two clocks.
func TestReceiptsAreInRecentlyUpdatedOnly(t *testing.T) {
	a := newOrgThatAppends(t, string(automation.DefaultFile))
	for i, ago := range []time.Duration{3 * time.Hour, 2 * time.Hour, clockSkew - 3*time.Second} {
		a.behind.Store(int64(ago))
		p := a.ringsAs(t, func(e *call.Event) { e.Leg.ID, e.Leg.CreatedAt = fmt.Sprintf("k-%d", i+1), time.Now().Add(-ago) })
		require.False(t, p.does().Joined)
		p.edits(kustomer.ConversationUpdate{Status: "done"}) // otherwise the next call would join it
	}
	a.behind.Store(0)
	a.callsAgain(t, "k-4").does(mayBeDone)
	require.Equal(t, 1, a.State().Requests["GET /v1/conversations/{id}/notes"])
	require.Len(t, a.State().Conversations, 4)
}

func TestJoiningIsDoneOnceWhateverGetsLost(t *testing.T) {
	for _, write := range []struct{ method, route string }{
		{"PUT", "/v1/conversations/{id}"}, {"POST", "/v1/conversations/{id}/tags"}, {"POST", "/v1/conversations/{id}/notes"},
	} {
		for _, kind := range []sandbox.FaultKind{sandbox.FaultLoseAnswer, sandbox.FaultReset, sandbox.FaultHTML} {
			t.Run(strings.Join([]string{write.method, write.route, string(kind)}, " "), func(t *testing.T) {
				a := newOrgThatAppends(t, string(automation.DefaultFile))
				first := a.called(t, time.Hour)
				first.edits(kustomer.ConversationUpdate{Status: "snoozed"})
				a.Inject(sandbox.Fault{Method: write.method, Route: write.route, Kind: kind, Times: 2})
				again, failed := a.callsAgain(t, "k-2").repeats()
				require.NotEmpty(t, failed)
				require.Equal(t, first.conversation.ID, again.Conversation.ID)
				require.Len(t, a.conversation(t).Notes, 1)
				require.Equal(t, "open", a.conversation(t).Status)
			})
		}
	}
}

func TestNewCustomerCostsNoLookUpToJoin(t *testing.T) {
	a := newOrgThatAppends(t, string(automation.DefaultFile))
	a.called(t, 0)
	require.Zero(t, a.State().Requests["GET /v1/customers/{id}/conversations"])
}

func TestCallKeepsAJoinedConversationOpen(t *testing.T) {
	const closes = "  - { event: call.wrappedUp, action: kustomer.conversation.update, options: { status: done } }\n"
	for name, joins := range map[string]bool{"called again": true, "did not": false} {
		t.Run(name, func(t *testing.T) {
			a := newOrgThatAppends(t, string(automation.DefaultFile)+closes)
			first := a.called(t, time.Minute)
			first.picksUp(12, agentAmira)
			first.does()
			first.ends(30, "hangup")
			var again *played
			if joins {
				again = a.callsAgain(t, "k-2")
				require.True(t, again.does().Joined)
			}
			result := first.does()
			if !joins {
				require.Equal(t, "done", a.conversation(t).Status)
				return
			}
			require.Equal(t, "open", a.conversation(t).Status)
			require.Equal(t, []string{"the customer has called again: the conversation was left open for that call"}, result.Warnings)
			again.picksUp(12, agentAmira)
			again.does()
			again.ends(30, "hangup")
			again.does()
			require.Equal(t, "done", a.conversation(t).Status, "the later call closes it")
		})
	}
}

func TestMergeAfterJoiningOpensNothing(t *testing.T) {
	a := newOrgThatAppends(t, string(automation.DefaultFile))
	first := a.called(t, time.Hour)
	p := a.callsAgain(t, "k-2")
	_, err := p.tries()
	require.NoError(t, err)
	target := first.mergedInto(kustomer.NewConversation{ExternalID: "someone's"})
	again := p.does(mayBeDone)
	require.Equal(t, first.conversation.ID, again.Conversation.ID)
	require.Len(t, a.State().Conversations, 2)
	p.picksUp(12, agentAmira)
	require.Equal(t, target, p.does().Conversation.ID)
	require.Equal(t, []string{amira.ID}, a.State().Conversations[1].AssignedUsers)
}

func TestCallsOfAFixedCustomerDoNotJoin(t *testing.T) {
	a := newOrgThatAppends(t, string(automation.DefaultFile))
	hotline, err := a.client.CreateCustomer(t.Context(), kustomer.NewCustomer{Name: "Hotline"})
	require.NoError(t, err)
	a.automate(t, appends+"automations:\n- { event: call.inbound, action: kustomer.conversation.create, options: { customer: "+hotline.ID+" } }")
	a.called(t, time.Hour)
	require.False(t, a.callsAgain(t, "k-2").does().Joined, "they may be anybody's")
}
