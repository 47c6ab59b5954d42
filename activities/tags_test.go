package activities

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/kustomer"
	"github.com/callthread/callthread/kustomer/sandbox"
)

const (
	addsTags    = "POST /v1/conversations/{id}/tags"
	removesTags = "DELETE /v1/conversations/{id}/tags"
)

// answeredTagged is a call that Amira picked up, with a file of the test's tags. The
// hand-over is due.
func (o *org) answeredTagged(t *testing.T, onInbound, onBridge string) *played {
	t.Helper()
	o.automate(t, fmt.Sprintf("automations:\n- { event: call.inbound, action: kustomer.conversation.create, options: { tags: %s } }\n"+
		"- { event: call.bridged, action: kustomer.conversation.update, options: { assignedUsers: [\"{agent.sourceId}\"], tags: %s } }", onInbound, onBridge))
	return o.answered(t)
}

func TestTagsGoWithTheFields(t *testing.T) {
	for name, tc := range map[string]struct {
		onInbound, onBridge string
		want                []string
	}{
		"added and removed":                     {"[a, b, lost]", "{ add: [answered], remove: [lost] }", []string{"a", "b", "answered"}},
		"only added":                            {"[a]", "{ add: [answered] }", []string{"a", "answered"}},
		"only removed":                          {"[a, lost]", "{ remove: [lost] }", []string{"a"}},
		"there already, and not there":          {"[a]", "{ add: [a], remove: [b] }", []string{"a"}},
		"all removed":                           {"[lost]", "{ remove: [lost] }", []string{}},
		"in other letters":                      {"[A, Lost]", "{ add: [a, b], remove: [lost] }", []string{"A", "b"}},
		"none before":                           {"[]", "{ add: [answered] }", []string{"answered"}},
		"removed, where another is as it was":   {"[lost, lost_twice]", "{ remove: [lost] }", []string{"lost_twice"}},
		"replaced, which has always gone there": {"[a]", "{ set: [b] }", []string{"b"}},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOrg(t)
			p := o.answeredTagged(t, tc.onInbound, tc.onBridge)
			require.Equal(t, 1, o.spent(func() { require.Empty(t, p.does().Warnings) }))
			require.Equal(t, tc.want, o.conversation(t).Tags)
			require.Equal(t, []string{amira.ID}, o.conversation(t).AssignedUsers)
		})
	}
}

func TestWhatOthersHaveTaggedSinceStays(t *testing.T) {
	o := newOrg(t)
	p := o.answeredTagged(t, "[a, lost]", "{ add: [answered], remove: [lost] }")
	_, err := o.client.AddTags(t.Context(), p.conversation.ID, []string{"vip"})
	require.NoError(t, err)
	require.Empty(t, p.does().Warnings)
	require.Equal(t, []string{"a", "vip", "answered"}, o.conversation(t).Tags)
}

// A rule of Kustomer's that tags at once shows in the answer to our write, under the
// revision of that write.
func TestTagsThatARuleHasAddedInTheSameMomentStay(t *testing.T) {
	o := newOrg(t)
	p := o.answeredTagged(t, "[a, lost]", "{ add: [answered], remove: [lost] }")
	answer, err := o.client.AddTags(t.Context(), p.conversation.ID, []string{"vip"})
	require.NoError(t, err)
	p.conversation.received(answer)
	p.conversation.setTags(p.conversation.Tags, answer.Tags)
	require.Equal(t, answer.Rev, p.conversation.Rev)
	p.does()
	require.Equal(t, []string{"a", "vip", "answered"}, o.conversation(t).Tags)
}

func TestRefusedTagListIsWrittenByName(t *testing.T) {
	o := newOrg(t, func(o *org) {
		o.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			if r.Method == http.MethodPut && bytes.Contains(body, []byte(`"tags"`)) {
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(http.StatusBadRequest)
				_, _ = io.WriteString(w, `{"errors":[{"status":400,"code":"badparam","title":"Not these"}]}`)
				return
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
			o.ServeHTTP(w, r)
		})
	})
	p := o.answeredTagged(t, "[a, lost]", "{ add: [answered], remove: [lost] }")
	require.Empty(t, p.does().Warnings)
	require.Equal(t, []string{"a", "answered"}, o.conversation(t).Tags)
	require.Equal(t, []string{amira.ID}, o.conversation(t).AssignedUsers)
}

func TestRefusedAgentAddsTheUnassignedTag(t *testing.T) {
	o := newOrg(t)
	p := o.answeredTagged(t, "[a, lost]", "{ add: [answered], remove: [lost] }")
	require.True(t, p.does(func(in *StepInput) { in.Is.PickUps[0].Facts.Agent.SourceID = noSuchID }).Agents["bridged"].Unassigned)
	require.ElementsMatch(t, []string{"a", "answered", UnassignedTag}, o.conversation(t).Tags)
}

func TestTooManyTagsGoByName(t *testing.T) {
	base, want := Conversation{Rev: 1, TagsKnown: true}, difference{}
	want.Name = "Call"
	for i := range automation.MaxTags + 1 {
		want.AddTags = append(want.AddTags, fmt.Sprintf("tag%d", i))
		p, _ := merge(want, base, nil, terms{})
		require.Equal(t, len(want.AddTags) <= automation.MaxTags, p.tags != nil)
	}
}

// As after a tag by name: the answer contains no new id for a tag that was there already.
func TestTagsBesideUnknownNamesGoByName(t *testing.T) {
	o := newOrg(t)
	p := o.answeredTagged(t, "[a, lost]", "{ add: [answered], remove: [lost] }")
	p.conversation.TagsKnown = false
	p.does()
	require.Equal(t, []string{"a", "answered"}, o.conversation(t).Tags)
	require.Equal(t, 1, o.State().Requests[addsTags])
	require.Equal(t, 1, o.State().Requests[removesTags])
}

func TestTransferKnowsTheTagsOfTheHandOver(t *testing.T) {
	o := newOrg(t)
	p := o.answeredTagged(t, "[a, lost]", "{ add: [answered], remove: [lost] }")
	p.does()
	p.edits(kustomer.ConversationUpdate{Tags: &[]string{"a", "lost", "theirs"}})
	p.picksUp(60, agentBastian)
	p.does()
	require.Equal(t, []string{"a", "theirs", "answered"}, o.conversation(t).Tags)
}

// A note changes the revision but no tag: the list is still the one of our last answer.
func TestTagsGoWithTheFieldsAfterANote(t *testing.T) {
	o := newOrg(t)
	p := o.answered(t)
	p.does()
	p.picksUp(60, call.Agent{ID: "8", Name: bastian.Name, SourceID: bastian.ID})
	o.automate(t, string(automation.DefaultFile)+"  - { event: call.bridged, action: kustomer.conversation.update, options: { tags: { add: [transferred] } } }\n")
	require.Equal(t, 3, o.spent(func() { p.does() }), "read; update; note")
	require.Equal(t, []string{"babelforce", "inbound_call", "call_answered", "transferred"}, o.conversation(t).Tags)
	require.Zero(t, o.State().Requests[addsTags]+o.State().Requests[removesTags])
}

// People's changes to other fields are no reason to write tags by name.
func TestTagsGoWithTheFieldsAfterOtherChanges(t *testing.T) {
	o := newOrg(t)
	p := o.answered(t)
	p.edits(kustomer.ConversationUpdate{Priority: 5})
	require.Equal(t, 5, o.spent(func() { p.does() }), "refused; read; update; notes; note")
	requireTheWholeCallOnce(t, o)
	require.Equal(t, 5, o.conversation(t).Priority)
	require.Zero(t, o.State().Requests[addsTags]+o.State().Requests[removesTags])
}

// A person's change resembles a write of ours whose answer was lost: the revision is the
// one that it would have made, and the agent is assigned. The tags are not written.
func TestPersonsChangesDoNotReplaceTags(t *testing.T) {
	for name, theirs := range map[string]kustomer.ConversationUpdate{
		"the same": {AssignedUsers: &[]string{amira.ID}}, "another": {AssignedUsers: &[]string{bastian.ID}},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOrg(t)
			p := o.answered(t)
			p.edits(theirs)
			p.does(mayBeDone)
			require.Equal(t, *theirs.AssignedUsers, o.conversation(t).AssignedUsers)
			require.Equal(t, []string{"babelforce", "inbound_call", "call_answered"}, o.conversation(t).Tags)
		})
	}
}

// The lost answer would have shown that the tags are written.
func TestWrittenTagsAreNotWrittenAgain(t *testing.T) {
	o := newOrg(t)
	p := o.answered(t)
	o.Inject(sandbox.Fault{Method: "PUT", Route: "/v1/conversations/{id}", Kind: sandbox.FaultLoseAnswer, Times: 1})
	result, failed := p.repeats()
	require.Len(t, failed, 1)
	requireTheWholeCallOnce(t, o)
	require.Equal(t, o.conversation(t).Tags, result.Conversation.Tags)
	require.Zero(t, o.State().Requests[addsTags]+o.State().Requests[removesTags])
}
