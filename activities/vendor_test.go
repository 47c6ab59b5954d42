package activities

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/kustomer"
	"github.com/callthread/callthread/kustomer/sandbox"
)

const (
	vendorKey, otherKey = "vendor-key", "other-key"
	vendorUser          = "5f0c1a2b3c4d5e6f70819250"
	otherUser           = "5f0c1a2b3c4d5e6f70819251"
)

// withOthers is a finished call in shadow, on an org in which others write too.
type withOthers struct {
	*played
	customer string
}

// shadowWithOthers plays a call in shadow that rings now and that Amira answers.
func shadowWithOthers(t *testing.T, change ...func(*sandbox.Config)) *withOthers {
	t.Helper()
	config := sandbox.Config{APIKey: apiKey, OtherKeys: map[string]string{vendorKey: vendorUser, otherKey: otherUser}}
	for _, f := range change {
		f(&config)
	}
	o := newOrg(t, func(o *org) {
		o.Server = sandbox.New(config)
		o.handler = o.Server
	}).shadow(t)
	b := &withOthers{played: o.ringsAs(t, func(e *call.Event) { e.Leg.CreatedAt = time.Now() })}
	b.plays(inShadow)
	b.picksUp(12, agentAmira)
	b.ends(90, "passive-hangup")
	b.plays(inShadow)
	return b
}

func (b *withOthers) as(key string) *kustomer.Client {
	b.t.Helper()
	client, err := kustomer.New(kustomer.Config{BaseURL: orgURL, APIKey: key, Transport: b.wire})
	require.NoError(b.t, err)
	return client
}

// open opens a conversation of the caller with an API key. The first one creates the
// caller.
func (b *withOthers) open(key string, change ...func(*kustomer.NewConversation)) {
	b.t.Helper()
	if b.customer == "" {
		made, err := b.as(key).CreateCustomer(b.t.Context(), kustomer.NewCustomer{Phones: []kustomer.Phone{{Phone: caller}}})
		require.NoError(b.t, err)
		b.customer = made.ID
	}
	in := kustomer.NewConversation{CustomerID: b.customer, Name: "Call", AssignedUsers: []string{amira.ID}, Tags: []string{"babelforce", "inbound_call", "call_answered"}}
	for _, f := range change {
		f(&in)
	}
	_, err := b.as(key).CreateConversation(b.t.Context(), in)
	require.NoError(b.t, err)
}

func (b *withOthers) compares() VendorComparison {
	b.t.Helper()
	result, err := attempt(b.CompareWithVendor, VendorInput{Story: b.record.Was, Conversation: b.conversation})
	require.NoError(b.t, err)
	return result
}

func TestVendorIsEveryOtherUserByDefault(t *testing.T) {
	b := shadowWithOthers(t)
	b.open(vendorKey)
	b.open(apiKey)
	found := b.compares()
	require.Equal(t, VerdictOne, found.Verdict)
	require.Equal(t, []any{Same, Same, Same, false}, []any{found.Found[0].Assignees, found.Found[0].Tags, found.Found[0].Status, found.Found[0].OtherAgent})
	require.Equal(t, 2, found.Notes)

	b.open(otherKey)
	found = b.compares()
	require.Equal(t, []any{VerdictAmbiguous, ReasonCreators}, []any{found.Verdict, found.Reason})

	b.Vendor = vendorUser
	require.Equal(t, VerdictOne, b.compares().Verdict)
}

func TestComparisonCostsTwoReads(t *testing.T) {
	b := shadowWithOthers(t)
	b.Vendor = vendorUser
	b.open(vendorKey)
	require.Equal(t, 3, b.spent(func() { b.compares() }), "and all tags")
	require.Equal(t, 2, b.spent(func() { b.compares() }))
	b.open(vendorKey, func(c *kustomer.NewConversation) { c.Tags = []string{"new"} })
	require.Equal(t, 3, b.spent(func() { require.Equal(t, Different, b.compares().Found[1].Tags) }), "there is a tag that nothing knew of")
}

func TestUnrelatedConversationsAreIgnored(t *testing.T) {
	early := time.Now().Add(-time.Hour)
	const customer = "5f0c1a2b3c4d5e6f70819260"
	b := shadowWithOthers(t, func(c *sandbox.Config) {
		c.Customers = []sandbox.Customer{{ID: customer, Phones: []string{caller}, CreatedAt: early}}
		c.Conversations = []sandbox.Conversation{{ID: "5f0c1a2b3c4d5e6f70819261", CustomerID: customer, CreatedBy: vendorUser, CreatedAt: early, UpdatedAt: early, Status: "open", Direction: "in", Rev: 1}}
	})
	b.customer = customer
	require.Equal(t, VerdictNone, b.compares().Verdict)
	b.open(vendorKey, func(c *kustomer.NewConversation) { c.ExternalID = externalIDPrefix + "k-1" })
	require.Equal(t, VerdictNone, b.compares().Verdict, "a live worker with another key has opened it")
	b.open(vendorKey)
	require.Equal(t, VerdictOne, b.compares().Verdict)
	b.record.Was.RangAt = time.Now().Add(-vendorAfter - time.Second)
	require.Equal(t, VerdictNone, b.compares().Verdict, "it came too late for that ring")
}

func TestOtherAgentNeedsAllAgentsToBeKnown(t *testing.T) {
	b := shadowWithOthers(t)
	b.open(vendorKey, func(c *kustomer.NewConversation) { c.AssignedUsers = []string{bastian.ID} })
	require.True(t, b.compares().Found[0].OtherAgent)
	b.record.Was.PickUps[0].Resolved = call.Resolved{Unassigned: true}
	require.False(t, b.compares().Found[0].OtherAgent)
}

func TestUnknownCreatorMakesACallAmbiguous(t *testing.T) {
	b := shadowWithOthers(t)
	found := VendorComparison{}
	anonymous := kustomer.Conversation{ID: "1"}
	require.NoError(t, b.compare(t.Context(), &found, simulated{}, []kustomer.Conversation{anonymous}))
	require.Equal(t, []any{VerdictAmbiguous, ReasonNoCreator}, verdictOf(found))
	found = VendorComparison{}
	require.NoError(t, b.compare(t.Context(), &found, simulated{}, []kustomer.Conversation{anonymous, {ID: "2", CreatedBy: vendorUser}}))
	require.Equal(t, []any{VerdictOne, Reason("")}, verdictOf(found))
}

func TestComparisonNamesTheDifferences(t *testing.T) {
	b := shadowWithOthers(t)
	b.open(vendorKey, func(c *kustomer.NewConversation) {
		c.AssignedUsers, c.Tags, c.Status = []string{bastian.ID}, []string{"babelforce"}, "done"
	})
	b.open(vendorKey, func(c *kustomer.NewConversation) { c.AssignedUsers = nil })
	found := b.compares()
	require.Equal(t, VerdictSeveral, found.Verdict)
	require.Equal(t, []any{Different, Different, Different, true}, []any{found.Found[0].Assignees, found.Found[0].Tags, found.Found[0].Status, found.Found[0].OtherAgent})
	require.Equal(t, []any{Different, Same, false}, []any{found.Found[1].Assignees, found.Found[1].Tags, found.Found[1].OtherAgent}, "no assignee is no other agent")
}

func TestUnreadableTagsAreUnknown(t *testing.T) {
	b := shadowWithOthers(t)
	b.Inject(sandbox.Fault{Method: http.MethodGet, Route: "/v1/tags", Kind: sandbox.FaultStatus, Status: http.StatusForbidden, Times: 1})
	b.open(vendorKey)
	require.Equal(t, Unknown, b.compares().Found[0].Tags)
	require.Equal(t, 2, b.spent(func() { b.compares() }), "it is not asked again for each call")
}

func TestUncomparedCallsHaveAReason(t *testing.T) {
	b := shadowWithOthers(t)
	require.Equal(t, []any{VerdictNone, Reason("")}, verdictOf(b.compares()), "the caller is no customer yet")

	opening := b.record.Was.Opening
	b.record.Was.Opening.Leg.From = "anonymous"
	require.Equal(t, []any{VerdictNotCompared, ReasonCatchAll}, verdictOf(b.compares()))
	b.record.Was.Opening = opening
	b.open(vendorKey)
	b.automate(t, "callers: { catchAll: "+b.customer+" }\n"+creates)
	require.Equal(t, []any{VerdictNotCompared, ReasonCatchAll}, verdictOf(b.compares()))
	b.conversation = Conversation{}
	require.Equal(t, []any{VerdictNotCompared, ReasonNotWanted}, verdictOf(b.compares()))
}

func verdictOf(c VendorComparison) []any { return []any{c.Verdict, c.Reason} }
