package automation_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/automation/load"
	"github.com/callthread/callthread/call"
)

func TestCreationUsesEveryField(t *testing.T) {
	opening, warnings := opens(t, `
customer: 5f0c1a2b3c4d5e6f70819299
name: "{call.from} for {app.shop}"
status: done
priority: 3
direction: out
tags: [a, "{app.shop}"]
assignedTeams: [`+teamID+`]
assignedUsers: [`+userID+`]
custom: { callIdStr: "{call.id}" }`).Open(answered())
	require.Empty(t, warnings)
	require.Equal(t, automation.Opening{
		Wanted: true, Customer: "5f0c1a2b3c4d5e6f70819299", Name: "+493066665555 for Berlin", Status: "done", Priority: 3, Direction: "out",
		Tags: []string{"a", "Berlin"}, AssignedTeams: []string{teamID}, AssignedUsers: []string{userID},
		Custom: map[string]any{"callIdStr": "k-1"},
	}, opening)
}

func TestUpdateUsesEveryField(t *testing.T) {
	change, warnings := changed(t, answered(), `
id: "{integration.kustomer.conversation.id}"
name: "{queue.name}"
status: snoozed
priority: 5
tags: { add: [a, "{app.shop}"], remove: [b] }
assignedTeams: [`+teamID+`]
assignedUsers: ["{agent.sourceId}"]
note: "{agent.name}"
custom: { outcomeStr: "{call.outcome}" }`)
	require.Empty(t, warnings)
	require.Equal(t, automation.Change{
		Name: "Support", Status: "snoozed", Priority: 5, AddTags: []string{"a", "Berlin"}, RemoveTags: []string{"b"},
		AssignedTeams: []string{teamID}, AssignedUsers: []string{userID}, Note: "Amira Haddad",
		Custom: map[string]any{"outcomeStr": "answered"},
	}, change)
}

// Every form of an empty field has the same effect as a missing field.
func TestEmptyFieldsChangeNothing(t *testing.T) {
	for _, customer := range []string{`""`, "", `"{call.from}"`, `"{call.from.number}"`, `"{call.fromNumber}"`} {
		opening, warnings := opens(t, "customer: "+customer+`
name:
status: ""
direction:
priority:
tags:
assignedTeams: []
assignedUsers:
custom: { aStr: "", bNum: "", cAt: , dBool: "", eUrl: "" }`).Open(answered())
		require.Empty(t, warnings)
		require.Equal(t, automation.Opening{Wanted: true, Status: "open", Direction: "in", Custom: map[string]any{}}, opening)
	}
	change, warnings := changed(t, answered(), "id: \nname: \"\"\nstatus:\npriority:\nnote:\ntags: { add: , remove: [] }\ncustom:")
	require.Empty(t, warnings)
	require.Empty(t, change.Custom)
	require.False(t, change.ChangesFields())
	require.Equal(t, automation.Change{Custom: map[string]any{}}, change)
}

func TestAutomationsMergeByPriority(t *testing.T) {
	low := update(call.Bridged, "name: last\nassignedUsers: [\"{agent.sourceId}\"]\ntags: { add: [b, c], remove: [x, y] }\nnote: two\ncustom: { aNum: 2 }")
	silent := update(call.Bridged, `note: "{app.vip}"`)
	other := update(call.Finished, "name: other event\nnote: other\ntags: { add: [other] }")
	high := item("call.bridged", automation.UpdateConversation, "    priority: 10\n", "name: first\nstatus: done\nassignedUsers: ["+userID+"]\n"+
		"assignedTeams: ["+teamID+"]\ntags: { add: [a, b], remove: [x] }\nnote: one\ncustom: { aNum: 1, bNum: 1 }")
	off := item("call.bridged", automation.UpdateConversation, "    enabled: false\n", "name: switched off")

	change, warnings := loaded(t, head+creation("{}")+low+silent+other+high+off).Change(call.Bridged, answered())
	require.Empty(t, warnings)
	require.Equal(t, automation.Change{
		Name: "last", Status: "done", AssignedUsers: []string{userID}, AssignedTeams: []string{teamID},
		AddTags: []string{"a", "b", "c"}, RemoveTags: []string{"x", "y"}, Note: "one\ntwo", Custom: map[string]any{"aNum": 2.0, "bNum": 1.0},
	}, change)
}

// tagsOf returns the tags of a conversation with the tags a and b after a change.
func tagsOf(c automation.Change) []string {
	tags := []string{"a", "b"}
	if c.SetTags != nil {
		tags = c.SetTags
	}
	return tagged(tags, c)
}

// tagged returns tags after a change has added and removed some.
func tagged(tags []string, c automation.Change) []string {
	left := slices.DeleteFunc(slices.Concat(tags, c.AddTags), func(tag string) bool { return slices.Contains(c.RemoveTags, tag) })
	slices.Sort(left)
	return slices.Compact(left)
}

func TestMergedTagsEqualSequentialTags(t *testing.T) {
	steps := []string{
		"{ add: [a, c] }", "{ remove: [a] }", "{ add: [c], remove: [b] }", "{ set: [c, d] }", "{ set: [] }", "{ set: [a], add: [b], remove: [c] }",
	}
	for _, first := range steps {
		for _, second := range steps {
			one, _ := changed(t, answered(), "tags: "+first)
			two, _ := changed(t, answered(), "tags: "+second)
			merged, _ := loaded(t, head+creation("{}")+update(call.Finished, "tags: "+first)+update(call.Finished, "tags: "+second)).
				Change(call.Finished, answered())

			want := tagsOf(one)
			if two.SetTags != nil {
				want = two.SetTags
			}
			require.ElementsMatch(t, tagged(want, two), tagsOf(merged), first+" "+second)
			require.True(t, merged.SetTags == nil || merged.AddTags == nil && merged.RemoveTags == nil, "one request sets the list")
		}
	}
}

func TestFirstUpdateIsPartOfTheCreation(t *testing.T) {
	create := creation("name: created\nstatus: open\ntags: [a, b]\nassignedUsers: [" + userID + "]\ncustom: { aNum: 1, bNum: 1 }")
	set := loaded(t, head+create+update(call.Inbound, "name: updated\nstatus: done\npriority: 4\nassignedUsers: ["+otherID+"]\n"+
		"assignedTeams: ["+teamID+"]\ntags: { add: [c], remove: [a] }\nnote: It rings\ncustom: { aNum: 2 }"))
	opening, warnings := set.Open(answered())
	require.Empty(t, warnings)
	require.Equal(t, automation.Opening{
		Wanted: true, Name: "updated", Status: "done", Direction: "in", Priority: 4, Tags: []string{"b", "c"},
		AssignedUsers: []string{userID, otherID}, AssignedTeams: []string{teamID}, Note: "It rings",
		Custom: map[string]any{"aNum": 2.0, "bNum": 1.0},
	}, opening)

	opening, _ = loaded(t, head+create+update(call.Inbound, "tags: { set: [z] }")).Open(answered())
	require.Equal(t, []string{"z"}, opening.Tags)
}

func TestUnmetTriggerOpensNoConversation(t *testing.T) {
	vips := "    trigger: { conditions: [{ expression: app.vip, operator: EQ, expectation: yes }] }\n"
	set := loaded(t, head+item("call.inbound", automation.CreateConversation, vips, "name: VIP")+update(call.Inbound, "note: unwritten"))
	opening, warnings := set.Open(answered())
	require.Empty(t, warnings)
	require.Equal(t, automation.Opening{}, opening)

	opening, _ = set.Open(carrying("app.vip", "yes"))
	require.True(t, opening.Wanted)
}

func TestListsKeepToKustomersLimits(t *testing.T) {
	tags, users := make([]string, 15), make([]string, 8)
	list := func(prefix string) (string, string) {
		for i := range tags {
			tags[i] = fmt.Sprintf("%s%d", prefix, i)
		}
		for i := range users {
			users[i] = fmt.Sprintf("%s%023d", prefix, i)
		}
		return strings.Join(tags, ", "), strings.Join(users, ", ")
	}
	tagsA, usersA := list("a")
	tagsB, usersB := list("b")
	one := "assignedUsers: [" + usersA + "]\nassignedTeams: [" + usersA + "]\ntags: "
	two := "assignedUsers: [" + usersB + "]\nassignedTeams: [" + usersB + "]\ntags: "
	set := loaded(t, head+creation(one+"["+tagsA+"]")+update(call.Inbound, two+"{ add: ["+tagsB+"] }")+
		update(call.Bridged, one+"{ add: ["+tagsA+"] }")+update(call.Bridged, two+"{ add: ["+tagsB+"] }")+
		update(call.Finished, one+"{ set: ["+tagsA+"] }")+update(call.Finished, two+"{ add: ["+tagsB+"] }"))
	want := []string{
		"more than 20 tags: the last 10 were left out", "more than 10 users: the last 6 were left out", "more than 10 teams: the last 6 were left out",
	}

	opening, warnings := set.Open(answered())
	require.Equal(t, want, warnings)
	require.Equal(t, []int{20, 10, 10}, []int{len(opening.Tags), len(opening.AssignedUsers), len(opening.AssignedTeams)})
	for _, event := range []call.Kind{call.Bridged, call.Finished} {
		change, warnings := set.Change(event, answered())
		require.Equal(t, want, warnings)
		require.Equal(t, []int{20, 10, 10}, []int{len(change.AddTags) + len(change.SetTags), len(change.AssignedUsers), len(change.AssignedTeams)})
	}
}

func TestRenderingDoesNotChangeTheSet(t *testing.T) {
	set := load.Default()
	first, _ := set.Change(call.Bridged, answered())
	_, _ = set.Change(call.Bridged, littleKnown())
	_, _ = set.Open(littleKnown())
	again, _ := set.Change(call.Bridged, answered())
	require.Equal(t, first, again)
}

func TestHandlesEventsWithAnAutomation(t *testing.T) {
	off := item("call.finished", automation.UpdateConversation, "    enabled: false\n", "note: switched off")
	set := loaded(t, head+creation("{}")+update(call.Bridged, "{}")+off)
	require.True(t, set.Handles(call.Inbound))
	require.True(t, set.Handles(call.Bridged))
	require.False(t, set.Handles(call.Finished))
}

func TestTagsAndNotesChangeNoFields(t *testing.T) {
	require.False(t, automation.Change{AddTags: []string{"a"}, RemoveTags: []string{"b"}, Note: "n", Custom: map[string]any{}}.ChangesFields())
	for _, c := range []automation.Change{
		{Name: "n"}, {Status: "done"}, {Priority: 1}, {AssignedUsers: []string{userID}}, {AssignedTeams: []string{teamID}},
		{SetTags: []string{}}, {Custom: map[string]any{"aNum": 1}},
	} {
		require.True(t, c.ChangesFields())
	}
}

func TestVersionIdentifiesTheContent(t *testing.T) {
	file := head + creation("{}")
	require.Equal(t, loaded(t, file).Version, loaded(t, file).Version)
	require.NotEqual(t, loaded(t, file).Version, loaded(t, file+"\n").Version)
	require.Len(t, load.Default().Version, 12)
}
