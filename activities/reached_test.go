package activities

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/kustomer"
	"github.com/callthread/callthread/kustomer/sandbox"
)

const resolves = "callers: { returning: { resolves: true } }\n"

// lostToday is a conversation of Dora's for a call that was lost that long ago.
func lostToday(id, name string, ago time.Duration, tags ...string) sandbox.Conversation {
	at := noon.Add(-ago)
	return sandbox.Conversation{
		ID: id, CustomerID: doraID, ExternalID: "babelforce:" + name, Name: name, Status: "open", Direction: "in", Tags: tags, CreatedAt: at, UpdatedAt: at,
	}
}

const (
	doraID   = "5f0c1a2b3c4d5e6f70813300"
	firstID  = "5f0c1a2b3c4d5e6f70814400"
	laterID  = "5f0c1a2b3c4d5e6f70814401"
	oldestID = "5f0c1a2b3c4d5e6f70814402"
)

// newOrgOfDora is an org that knows Dora and her earlier calls.
func newOrgOfDora(t *testing.T, file string, earlier ...sandbox.Conversation) *org {
	t.Helper()
	o := newOrg(t, func(o *org) {
		o.Server = sandbox.New(sandbox.Config{
			APIKey: apiKey, Customers: []sandbox.Customer{{ID: doraID, Name: "Dora", Phones: []string{caller}, CreatedAt: noon.AddDate(-1, 0, 0)}},
			Conversations: earlier,
		})
		o.handler = o.Server
	})
	o.automate(t, file+string(automation.DefaultFile))
	return o
}

func (o *org) tagsOf(t *testing.T, id string) []string {
	t.Helper()
	for _, c := range o.State().Conversations {
		if c.ID == id {
			return c.Tags
		}
	}
	require.Fail(t, "there is no conversation "+id)
	return nil
}

// reached is a call that Amira picked up and whose outcome is written. The step that is due
// settles the customer's earlier calls.
func (o *org) reached(t *testing.T) *played {
	t.Helper()
	p := o.answered(t)
	p.isWritten()
	return p
}

// isWritten ends a call and runs all steps up to its outcome.
func (p *played) isWritten() {
	p.t.Helper()
	p.does()
	p.ends(60, "passive-hangup")
	p.does()
}

// isOver reports whether no step is due for a call whose outcome is written.
func (p *played) isOver() bool { return p.record.Next(p.rang).Step == nil }

func TestReachedCustomerCostsTwoRequests(t *testing.T) {
	for name, c := range map[string]struct {
		file     string
		earlier  []sandbox.Conversation
		requests int
		tags     []string
	}{
		"asks":                   {resolves, []sandbox.Conversation{lostToday(firstID, "lost", time.Hour, "call_lost", "vip")}, 2, []string{"vip"}},
		"asks, and none is lost": {resolves, nil, 1, nil},
		"does not ask":           {"", []sandbox.Conversation{lostToday(firstID, "lost", time.Hour, "call_lost")}, 0, []string{"call_lost"}},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOrgOfDora(t, c.file, c.earlier...)
			p, resolved := o.reached(t), ""
			require.Equal(t, c.requests, o.spent(func() {
				for !p.isOver() {
					result := p.does()
					require.Empty(t, result.Warnings)
					resolved += result.Resolved
				}
			}))
			if c.requests == 2 {
				require.Equal(t, firstID, resolved)
			} else {
				require.Empty(t, resolved)
			}
			if c.tags != nil {
				require.Equal(t, c.tags, o.tagsOf(t, firstID))
			}
		})
	}
}

func TestNewCustomerHasNoEarlierCalls(t *testing.T) {
	o := newOrg(t)
	o.automate(t, resolves+string(automation.DefaultFile))
	require.True(t, o.reached(t).isOver())
}

func TestCallsOfTheCatchAllCustomerAreNotOneCustomers(t *testing.T) {
	o := newOrg(t)
	o.automate(t, resolves+string(automation.DefaultFile))
	for _, key := range []string{"k-1", "k-2"} {
		p := o.ringsAs(t, func(e *call.Event) { e.Leg.ID, e.Leg.From, e.Leg.Anonymous = key, "", true })
		p.does()
		if key == "k-2" {
			p.picksUp(12, agentAmira)
			p.isWritten()
			require.True(t, p.isOver())
		}
	}
	require.Contains(t, o.State().Conversations[0].Tags, "call_lost")
}

func TestReachingACustomerTwiceChangesNothingMore(t *testing.T) {
	o := newOrgOfDora(t, resolves, lostToday(firstID, "lost", time.Hour, "call_lost"))
	p := o.reached(t)
	_, err := p.tries() // its result is lost
	require.NoError(t, err)
	require.Empty(t, o.tagsOf(t, firstID))
	require.Empty(t, p.does(mayBeDone).Warnings)
	require.Empty(t, o.tagsOf(t, firstID))
}

// The tag that a pick-up removes shows its id: Kustomer never returns names.
func TestNewestLostCallIsSettled(t *testing.T) {
	o := newOrgOfDora(t, resolves, lostToday(oldestID, "older", 3*time.Hour, "call_lost"), lostToday(firstID, "lost", 2*time.Hour, "call_lost"), lostToday(laterID, "other", time.Hour, "call_answered"))
	p := o.reached(t)
	p.does()
	require.Empty(t, o.tagsOf(t, firstID))
	require.Equal(t, []string{"call_answered"}, o.tagsOf(t, laterID))
	require.Equal(t, []string{"call_lost"}, o.tagsOf(t, oldestID))
}

func TestAnEarlierCallThatSomebodyHasTakenIsLeftAlone(t *testing.T) {
	for name, take := range map[string]kustomer.ConversationUpdate{
		"by another agent": {AssignedUsers: &[]string{bastian.ID}}, "it is done": {Status: "done"},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOrgOfDora(t, resolves, lostToday(firstID, "lost", time.Hour, "call_lost"))
			_, err := o.client.UpdateConversation(t.Context(), firstID, take)
			require.NoError(t, err)
			p := o.reached(t)
			require.Equal(t, 1, o.spent(func() { p.does() }), "it is looked at")
			require.Equal(t, []string{"call_lost"}, o.tagsOf(t, firstID))
		})
	}
}

func TestLostCallOfTheSameAgentIsSettled(t *testing.T) {
	o := newOrgOfDora(t, resolves, lostToday(firstID, "lost", time.Hour, "call_lost"))
	_, err := o.client.UpdateConversation(t.Context(), firstID, kustomer.ConversationUpdate{AssignedUsers: &[]string{amira.ID}})
	require.NoError(t, err)
	p := o.reached(t)
	p.does()
	require.Empty(t, o.tagsOf(t, firstID))
}

func TestARefusalLeavesTheEarlierCallAlone(t *testing.T) {
	for _, status := range []int{400, 404, 409} {
		o := newOrgOfDora(t, resolves, lostToday(firstID, "lost", time.Hour, "call_lost"))
		p := o.reached(t)
		o.Inject(sandbox.Fault{Method: "DELETE", Route: "/v1/conversations/{id}/tags", Kind: sandbox.FaultStatus, Status: status, Times: 1})
		warnings := p.does().Warnings
		require.Len(t, warnings, 1)
		require.Contains(t, warnings[0], "the customer's earlier call that was lost keeps its tag: kustomer: cannot remove tags: ")
		require.Equal(t, []string{"call_lost"}, o.tagsOf(t, firstID))
	}
}

func TestOutageDelaysSettlingALostCall(t *testing.T) {
	o := newOrgOfDora(t, resolves, lostToday(firstID, "lost", time.Hour, "call_lost"))
	p := o.reached(t)
	o.Inject(sandbox.Fault{Method: "DELETE", Route: "/v1/conversations/{id}/tags", Kind: sandbox.FaultStatus, Status: 503, Times: 1})
	_, failed := p.repeats()
	require.Len(t, failed, 1)
	require.Empty(t, o.tagsOf(t, firstID))
}

// The rest of a budget that is nearly used up is for steps that an agent waits for.
func TestSettlingALostCallYieldsInTheBudget(t *testing.T) {
	o := newOrgOfDora(t, resolves, lostToday(firstID, "lost", time.Hour, "call_lost"))
	p := o.reached(t)
	client, err := kustomer.New(kustomer.Config{BaseURL: orgURL, APIKey: apiKey, RequestsPerMinute: 800, Transport: nearlyUsedUp{o.wire}})
	require.NoError(t, err)
	o.Activities = New(client, o.inForce.Load, "")
	_, err = client.CustomerConversations(t.Context(), doraID, noon)
	require.NoError(t, err, "which tells how much is left")
	_, err = p.tries()
	require.Equal(t, RateLimited, failureOf(t, err).Type())
	require.Equal(t, []string{"call_lost"}, o.tagsOf(t, firstID))
}

func TestLateCatchAllCallsAreNotOneCustomers(t *testing.T) {
	o := newOrgOfDora(t, "callers: { unknown: catchAll, catchAll: "+doraID+", returning: { resolves: true } }\n", lostToday(firstID, "lost", time.Hour, "call_lost"))
	p := o.ringsAs(t, func(e *call.Event) { e.Kind, e.Leg.From, e.Agent = call.Bridged, "", agentAmira })
	in := p.next()
	result, err := attempt(p.CreateConversation, in)
	require.NoError(t, err)
	p.completes(in, result)
	p.reports(call.Event{Kind: call.Inbound, Leg: call.Leg{ID: "k-1", From: "+493012345678", CreatedAt: noon}})
	p.isWritten()
	require.False(t, p.isOver(), "the customer was not known when the conversation was opened")
	require.Zero(t, o.spent(func() { p.does() }))
	require.Equal(t, []string{"call_lost"}, o.tagsOf(t, firstID))
}

func TestLaterCallIsNotSettled(t *testing.T) {
	o := newOrgOfDora(t, resolves, lostToday(firstID, "lost", -time.Minute, "call_lost"))
	p := o.reached(t)
	p.does()
	require.Equal(t, []string{"call_lost"}, o.tagsOf(t, firstID))
}

// Recordings and the end of the wrap-up wait for this step.
func TestSettlingALostCallGivesUp(t *testing.T) {
	o := newOrgOfDora(t, resolves, lostToday(firstID, "lost", time.Hour, "call_lost"))
	p := o.reached(t)
	o.Inject(sandbox.Fault{Method: "GET", Route: "/v1/customers/{id}/conversations", Kind: sandbox.FaultStatus, Status: 503, Times: 100})
	result, failed := p.repeats()
	require.Len(t, failed, settleTries-1)
	require.Len(t, result.Warnings, 1)
	require.True(t, p.isOver())
}
