package activities

import (
	"context"
	"math/rand/v2"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/kustomer"
	"github.com/callthread/callthread/kustomer/sandbox"
)

// People merge and delete conversations, also during a call.

func TestWritesFollowAMerge(t *testing.T) {
	for name, change := range map[string]func(*StepInput){"found out by writing": func(*StepInput) {}, "found out by looking": mayBeDone} {
		t.Run(name, func(t *testing.T) {
			o := newOrg(t)
			p := o.answered(t)
			target := p.mergedInto(kustomer.NewConversation{Name: "The bill"})
			result := p.does(change)
			require.Equal(t, target, result.Conversation.ID)
			require.True(t, result.Conversation.Merged)
			require.Equal(t, o.client.ConversationURL(result.Conversation.CustomerID, target), result.Conversation.URL)
			require.Equal(t, []string{"the conversation was merged into another one in Kustomer: this call is written to that one"}, result.Warnings)
			merged := o.State().Conversations[1]
			require.Equal(t, "The bill", merged.Name)
			require.Equal(t, []string{amira.ID}, merged.AssignedUsers)
			require.Equal(t, []string{"call_answered"}, merged.Tags)
			require.Len(t, merged.Notes, 1)
			require.Empty(t, o.State().Conversations[0].Notes)
		})
	}
}

func TestOutcomeFollowsAMerge(t *testing.T) {
	for name, set := range map[string]string{"tags by name": "", "a list that was to be set": ", set: [all, again]"} {
		t.Run(name, func(t *testing.T) {
			o := newOrg(t)
			o.automate(t, string(automation.DefaultFile)+
				"  - { event: call.finished, action: kustomer.conversation.update, options: { tags: { add: [over], remove: [call_lost]"+set+" } } }\n")
			p := o.opened(t)
			p.ends(90, "hangup")
			target := p.mergedInto(kustomer.NewConversation{Tags: []string{"call_lost"}})
			require.Equal(t, target, p.does().Conversation.ID)
			merged := o.State().Conversations[1]
			require.Contains(t, merged.Tags, "call_lost", "another call's tag is not ours to remove")
			require.NotContains(t, merged.Tags, "again")
			require.Len(t, merged.Notes, 1)
		})
	}
}

func TestMergedConversationKeepsNameAndTags(t *testing.T) {
	o := newOrg(t)
	o.automate(t, string(automation.DefaultFile)+
		"  - { event: call.finished, action: kustomer.conversation.update, options: { name: Over, tags: { add: [over], remove: [call_lost] } } }\n")
	p := o.answered(t)
	target := p.mergedInto(kustomer.NewConversation{Name: "The bill", Tags: []string{"call_lost"}})
	p.does()
	p.ends(90, "hangup")
	require.Equal(t, target, p.does().Conversation.ID)
	merged := o.State().Conversations[1]
	require.Equal(t, "The bill", merged.Name)
	require.Equal(t, []string{"call_lost", "call_answered", "over"}, merged.Tags)
	require.Len(t, merged.Notes, 2)
}

// The attempt that finds the merge is not the last one.
func TestRetryAfterAMergeKeepsNameAndTags(t *testing.T) {
	o := newOrg(t)
	p := o.answered(t)
	target := p.mergedInto(kustomer.NewConversation{Tags: []string{"call_lost"}})
	o.Inject(sandbox.Fault{Method: "POST", Route: "/v1/conversations/{id}/tags", Kind: sandbox.FaultStatus, Status: 503, Times: 1})
	result, failed := p.repeats()
	require.Len(t, failed, 1)
	require.Equal(t, target, result.Conversation.ID)
	require.Equal(t, []string{"call_lost", "call_answered"}, o.State().Conversations[1].Tags)
	require.Equal(t, []string{amira.ID}, o.State().Conversations[1].AssignedUsers)
	require.Len(t, o.State().Conversations[1].Notes, 1)
}

func TestCircularMergeParksTheStep(t *testing.T) {
	o := newOrg(t, func(o *org) {
		o.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet && len(o.State().Conversations) > 0 {
				id := o.State().Conversations[0].ID
				w.Header().Set("Content-Type", "application/json")
				_, _ = w.Write([]byte(`{"data":{"type":"conversation","id":"` + id + `","attributes":{"rev":9,"mergedTarget":"` + id + `"}}}`))
				return
			}
			o.ServeHTTP(w, r)
		})
	})
	p := o.answered(t)
	_, err := p.tries(mayBeDone)
	require.Equal(t, Refused, failureOf(t, err).Type())
	require.True(t, failureOf(t, err).NonRetryable())
}

func TestDeletedConversationIsNotCreatedAgain(t *testing.T) {
	for name, change := range map[string]func(*StepInput){"found out by writing": func(*StepInput) {}, "found out by looking": mayBeDone} {
		t.Run(name, func(t *testing.T) {
			o := newOrg(t)
			p := o.answered(t)
			opened := p.conversation
			p.deletes()
			result, failed := p.repeats(change)
			require.True(t, result.Conversation.Deleted)
			require.Empty(t, result.Conversation.AssignedUsers)
			require.Equal(t, []string{opened.ID, opened.URL, opened.CustomerID}, []string{p.conversation.ID, p.conversation.URL, p.conversation.CustomerID})
			require.Len(t, failed, goneTries-1, "it might be only that it is not to be seen for a moment")
			require.Len(t, o.State().Conversations, 1)
			require.True(t, o.State().Conversations[0].Deleted)
			require.Empty(t, o.State().Conversations[0].Notes)
		})
	}
}

// It was not found in several attempts at an earlier step.
func TestDeletedConversationIsReadOnceByEachStep(t *testing.T) {
	o := newOrg(t)
	p := o.answered(t)
	p.deletes()
	p.repeats()
	p.ends(90, "hangup")
	require.Equal(t, 1, o.spent(func() { require.True(t, p.does(mayBeDone).Conversation.Deleted) }))
}

// If the conversation exists, a 404 is a refusal like any other.
func TestExistingConversationIsNotDeleted(t *testing.T) {
	o := newOrg(t)
	p := o.answered(t)
	p.edits(kustomer.ConversationUpdate{Tags: &[]string{"theirs"}}) // tags are then written by name
	o.Inject(sandbox.Fault{Method: "POST", Route: "/v1/conversations/{id}/tags", Kind: sandbox.FaultStatus, Status: 404})
	_, err := p.tries()
	require.Equal(t, Refused, failureOf(t, err).Type())
}

// mergedInto makes a person merge the call's conversation into another one.
func (p *played) mergedInto(other kustomer.NewConversation) (target string) {
	p.t.Helper()
	other.CustomerID = p.conversation.CustomerID
	into, err := p.client.CreateConversation(p.t.Context(), other)
	require.NoError(p.t, err)
	require.NoError(p.t, p.Merge(p.conversation.ID, into.ID))
	return into.ID
}

// deletes makes a person delete the conversation.
func (p *played) deletes() {
	p.t.Helper()
	request, err := http.NewRequestWithContext(p.t.Context(), http.MethodDelete, orgURL+"/v1/conversations/"+p.conversation.ID, nil)
	require.NoError(p.t, err)
	request.Header.Set("Authorization", "Bearer "+apiKey)
	answer, err := p.wire.RoundTrip(request)
	require.NoError(p.t, err)
	require.NoError(p.t, answer.Body.Close())
	require.Equal(p.t, http.StatusNoContent, answer.StatusCode)
}

// People merge the conversation at any moment, and requests fail before and after it.
func TestMergeAmongFaultsDoublesNothing(t *testing.T) {
	kinds := []sandbox.Fault{
		{Kind: sandbox.FaultStatus, Status: 503}, {Kind: sandbox.FaultStatus, Status: 404}, {Kind: sandbox.FaultReset},
		{Kind: sandbox.FaultLoseAnswer}, {Kind: sandbox.FaultLoseAnswer5xx}, {Kind: sandbox.FaultTruncate},
	}
	forManySeeds(t, func(t *testing.T, random *rand.Rand, a *applyOrg) {
		mergedAt, sent := random.IntN(25), 0
		a.applyCall(func() {
			a.before(func(applyRoute, int) {
				if sent == mergedAt {
					a.mergesInto("The bill")
				}
				if n := random.IntN(12 * len(kinds)); n < len(kinds) {
					fault := kinds[n]
					fault.Times = 1
					a.Inject(fault)
				}
				sent++
			})
		})
		written, entries := make(map[string]bool), 0
		for _, conversation := range a.State().Conversations {
			entries += len(conversation.Messages)
			there := make(map[string]bool)
			for _, note := range conversation.Notes {
				require.False(t, there[note.ExternalID], note.ExternalID)
				there[note.ExternalID], written[note.ExternalID] = true, true
			}
		}
		require.Len(t, written, 4+4, "the call's, and what people wrote")
		require.Equal(t, 1, entries)
		if len(a.State().Conversations) > 1 { // otherwise the call was over before the merge
			require.Equal(t, "The bill", a.State().Conversations[1].Name)
		}
	})
}

// mergesInto makes a person merge the call's conversation into a new one.
func (a *applyOrg) mergesInto(name string) {
	own := a.State().Conversations[0]
	into, err := a.people.CreateConversation(context.Background(), kustomer.NewConversation{CustomerID: own.CustomerID, Name: name})
	if err == nil {
		err = a.Merge(own.ID, into.ID)
	}
	if err != nil {
		a.t.Error("a person cannot merge:", err)
	}
}
