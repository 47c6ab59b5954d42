package activities

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/kustomer"
)

const (
	addsTags    = "POST /v1/conversations/{id}/tags"
	removesTags = "DELETE /v1/conversations/{id}/tags"
)

// opensTagged opens a call's conversation with tags, and says how it is answered.
func opensTagged(t *testing.T, o *org, onInbound, onBridge string) updateInput {
	t.Helper()
	o.automate(t, fmt.Sprintf("automations:\n- { event: call.inbound, action: kustomer.conversation.create, options: { tags: %s } }\n"+
		"- { event: call.bridged, action: kustomer.conversation.update, options: { assignedUsers: [\"{agent.sourceId}\"], tags: %s } }", onInbound, onBridge))
	return answering(o.open(t))
}

func TestTagsAreWrittenWithTheFieldsWhereNobodyHasTouchedTheConversation(t *testing.T) {
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
			in := opensTagged(t, o, tc.onInbound, tc.onBridge)
			require.Equal(t, 1, o.spent(func() { require.Empty(t, o.update(t, in).Warnings) }))
			require.Equal(t, tc.want, o.conversation(t).Tags)
			require.Equal(t, []string{amira.ID}, o.conversation(t).AssignedUsers)
		})
	}
}

func TestWhatOthersHaveTaggedSinceStays(t *testing.T) {
	o := newOrg(t)
	in := opensTagged(t, o, "[a, lost]", "{ add: [answered], remove: [lost] }")
	_, err := o.client.AddTags(t.Context(), in.ConversationID, []string{"vip"})
	require.NoError(t, err)
	require.Empty(t, o.update(t, in).Warnings)
	require.Equal(t, []string{"a", "vip", "answered"}, o.conversation(t).Tags)
}

// A rule of Kustomer's that tags at once shows in the answer to our own write, under the revision of that.
func TestTagsThatARuleHasAddedInTheSameMomentStay(t *testing.T) {
	o := newOrg(t)
	in := opensTagged(t, o, "[a, lost]", "{ add: [answered], remove: [lost] }")
	answer, err := o.client.AddTags(t.Context(), in.ConversationID, []string{"vip"})
	require.NoError(t, err)
	e := &edit{Activities: o.Activities, id: in.ConversationID, left: in.Left}
	require.NoError(t, e.took(answer, nil))
	in.Left = e.left
	require.Equal(t, answer.Rev, in.Left.Rev)
	o.update(t, in)
	require.Equal(t, []string{"a", "vip", "answered"}, o.conversation(t).Tags)
}

func TestListOfTagsThatKustomerRefusesCostsNeitherTheTagsNorTheAssignment(t *testing.T) {
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
	in := opensTagged(t, o, "[a, lost]", "{ add: [answered], remove: [lost] }")
	require.Empty(t, o.update(t, in).Warnings)
	require.Equal(t, []string{"a", "answered"}, o.conversation(t).Tags)
	require.Equal(t, []string{amira.ID}, o.conversation(t).AssignedUsers)
}

func TestAgentWhomKustomerRefusesIsTaggedAsUnassignedBesideTagsThatAreWritten(t *testing.T) {
	o := newOrg(t)
	in := opensTagged(t, o, "[a, lost]", "{ add: [answered], remove: [lost] }")
	in.Facts.Agent.SourceID = "5f0c1a2b3c4d5e6f7081ffff" // nobody's
	require.True(t, o.update(t, in).Unassigned)
	require.ElementsMatch(t, []string{"a", "answered", UnassignedTag}, o.conversation(t).Tags)
}

func TestTagsTooManyForOneRequestGoByName(t *testing.T) {
	e := &edit{left: Conversation{Rev: 1, TagsKnown: true}}
	for i := range maxTags + 1 {
		e.change.AddTags = append(e.change.AddTags, fmt.Sprintf("tag%d", i))
		_, fits := e.taggingPart()
		require.Equal(t, len(e.change.AddTags) <= maxTags, fits)
	}
}

func TestCallsOfAnEarlierVersionGoOnByName(t *testing.T) {
	o := newOrg(t)
	in := opensTagged(t, o, "[a, lost]", "{ add: [answered], remove: [lost] }")
	in.Left.Tags, in.Left.TagsKnown = nil, false
	o.update(t, in)
	require.Equal(t, []string{"a", "answered"}, o.conversation(t).Tags)
	require.Equal(t, 1, o.State().Requests[addsTags])
	require.Equal(t, 1, o.State().Requests[removesTags])
}

func TestTransferFindsTheTagsAsTheLastHandOverHasLeftThem(t *testing.T) {
	o := newOrg(t)
	in := opensTagged(t, o, "[a, lost]", "{ add: [answered], remove: [lost] }")
	in.Left = o.update(t, in).Left
	o.edits(t, in.ConversationID, kustomer.ConversationUpdate{Tags: &[]string{"a", "lost", "theirs"}})
	in.Facts.Agent.ID, in.Facts.Agent.SourceID, in.Note = "8", bastian.ID, "bridged-2"
	in.Agents = append(in.Agents, bastian.ID)
	o.update(t, in)
	require.Equal(t, []string{"a", "theirs", "answered"}, o.conversation(t).Tags)
}
