package activities

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/kustomer"
	"github.com/callthread/callthread/kustomer/sandbox"
)

var (
	mergeChiara = sandbox.DefaultUsers()[2].ID // picks up in these tests
	mergeTheirs = sandbox.DefaultUsers()[3].ID // assigned by people
)

const (
	mergeSupport = "5f0c1a2b3c4d5e6f70819220"
	mergeBilling = "5f0c1a2b3c4d5e6f70819221"
	mergeSales   = "5f0c1a2b3c4d5e6f70819222"
)

// mergeBase is the conversation as our last write left it: at revision 7, with two tags
// whose ids Kustomer returned.
func mergeBase() Conversation {
	return Conversation{
		ID: "c-1", Rev: 7, Name: "Call", Status: "open", AssignedUsers: []string{amira.ID}, AssignedTeams: []string{mergeSupport},
		Tags: []string{"a", "Lost"}, TagIDs: []string{"id-a", "id-lost"}, TagsKnown: true,
	}
}

// mergeRead is the conversation as Kustomer returns it. Others have changed it since, in
// ways that a row may define.
func mergeRead(base Conversation, change func(*kustomer.Conversation)) *kustomer.Conversation {
	if change == nil {
		return nil
	}
	theirs := &kustomer.Conversation{
		ID: base.ID, Rev: 8, Name: base.Name, Status: base.Status, Priority: 3, AssignedUsers: base.AssignedUsers, AssignedTeams: base.AssignedTeams,
		Tags: []string{"id-lost", "id-a"}, Custom: map[string]any{"callIdStr": "k-1", "waitSecondsNum": float64(12)},
	}
	change(theirs)
	return theirs
}

// mergeWrites is what a patch writes: the fields of the conversation, and tags by name.
type mergeWrites struct {
	Name, Status string
	Priority     int
	Users, Tags  []string // nil is not written, an empty list clears
	Teams        []string
	Custom       map[string]any
	Add, Remove  []string // by name
}

func mergeWritesOf(p patch) (w mergeWrites) {
	w = mergeWrites{Name: p.Name, Status: p.Status, Priority: p.Priority, Teams: p.AssignedTeams, Add: p.AddTags, Remove: p.RemoveTags}
	if len(p.Custom) > 0 {
		w.Custom = p.Custom
	}
	if p.users != nil {
		w.Users = append([]string{}, *p.users...)
	}
	if p.tags != nil {
		w.Tags, w.Add, w.Remove = append([]string{}, *p.tags...), nil, nil
	}
	return w
}

const (
	mergeKeptName  = "a person has renamed the conversation: that name was kept"
	mergeKeptUsers = "a person has assigned the conversation: this was kept"
	mergeKeptTeam  = "a person has given the conversation to a team: this was kept"
	mergeKeptDone  = "a person has set the conversation to done: this was kept"
)

func mergeManyTags(n int) (tags []string) {
	for i := range n {
		tags = append(tags, fmt.Sprintf("tag%d", i))
	}
	return tags
}

func TestMergeKeepsPeoplesChanges(t *testing.T) {
	type theirs = func(*kustomer.Conversation)
	unchanged := func(*kustomer.Conversation) {}
	renamed := func(c *kustomer.Conversation) { c.Name = "Mrs. Öz" }
	closed := func(c *kustomer.Conversation) { c.Status = "done" }
	givenTo := func(users ...string) theirs { return func(c *kustomer.Conversation) { c.AssignedUsers = users } }
	inTeams := func(teams ...string) theirs { return func(c *kustomer.Conversation) { c.AssignedTeams = teams } }
	tagged := func(ids ...string) theirs {
		return func(c *kustomer.Conversation) { c.Tags = append([]string{}, ids...) }
	}
	at := func(rev int) theirs { return func(c *kustomer.Conversation) { c.Rev = rev } }
	change := func(c automation.Change) difference { return difference{Change: c} }

	chiara, unassign := change(diff{AssignedUsers: []string{mergeChiara}}), difference{unassign: true}
	everything := change(diff{
		Name: "New", Status: "snoozed", Priority: 4, AssignedUsers: []string{mergeChiara}, AssignedTeams: []string{mergeBilling},
		AddTags: []string{"answered"}, RemoveTags: []string{"lost"}, Custom: map[string]any{"outcomeStr": "x"},
	})
	wholly := mergeWrites{
		Name: "New", Status: "snoozed", Priority: 4, Users: []string{mergeChiara}, Teams: []string{mergeBilling},
		Tags: []string{"a", "answered"}, Custom: map[string]any{"outcomeStr": "x"},
	}
	yielding := mergeWrites{Priority: 4, Tags: wholly.Tags, Custom: wholly.Custom} // without the fields that people's changes win
	tags := func(add, remove []string) difference {
		return change(diff{Priority: 4, AddTags: add, RemoveTags: remove})
	}
	opening := automation.Opening{
		Name: "Call", Priority: 4, AssignedUsers: []string{mergeChiara}, AssignedTeams: []string{mergeBilling}, Tags: []string{"answered"},
		Custom: map[string]any{"outcomeStr": "x", "callIdStr": "k-2"},
	}
	found := mergeRead(mergeBase(), unchanged) // found by a call that joins it
	bare := &kustomer.Conversation{ID: "c-1", Rev: 7}

	for rule, c := range map[string]struct {
		want   difference
		base   func(*Conversation)
		theirs theirs // nil: not read
		on     terms
		writes mergeWrites
		warns  []string
	}{
		"10: an unassignment removes the agent who had the call":   {want: unassign, writes: mergeWrites{Users: []string{}}},
		"10: also if the conversation was read":                    {want: unassign, theirs: unchanged, writes: mergeWrites{Users: []string{}}},
		"10: also an agent of the call that base does not contain": {want: unassign, theirs: givenTo(bastian.ID), on: terms{ours: []string{bastian.ID}}, writes: mergeWrites{Users: []string{}}},
		"10: but no user that people assigned":                     {want: unassign, theirs: givenTo(mergeTheirs)},
		"10: nor a user beside the agent":                          {want: unassign, theirs: givenTo(amira.ID, mergeTheirs)},
		"10: nothing is written if no user is assigned":            {want: unassign, theirs: givenTo()},
		"10: nor if base has no user":                              {want: unassign, base: func(c *Conversation) { c.AssignedUsers = nil }},
		"10: tags go with it": {
			want: difference{Change: diff{AddTags: []string{UnassignedTag}}, unassign: true}, writes: mergeWrites{Users: []string{}, Tags: []string{"a", "Lost", UnassignedTag}},
		},

		"18: the agent who picked up wins over people's assignee": {want: chiara, theirs: givenTo(mergeTheirs), on: terms{agentWins: true}, writes: mergeWrites{Users: []string{mergeChiara}}},
		"18: the agent's team does too":                           {want: change(diff{AssignedTeams: []string{mergeBilling}}), theirs: inTeams(mergeSales), on: terms{agentWins: true}, writes: mergeWrites{Teams: []string{mergeBilling}}},
		"18: otherwise people's assignee wins":                    {want: chiara, theirs: givenTo(mergeTheirs), warns: []string{mergeKeptUsers}},
		"18: also beside the call's own agent":                    {want: chiara, theirs: givenTo(amira.ID, mergeTheirs), warns: []string{mergeKeptUsers}},
		"18: and people's team":                                   {want: change(diff{AssignedTeams: []string{mergeBilling}}), theirs: inTeams(mergeSales), warns: []string{mergeKeptTeam}},
		"18: a team of people's does not keep the agent away":     {want: chiara, theirs: inTeams(mergeSales), writes: mergeWrites{Users: []string{mergeChiara}}},
		"18: an assignee of people's does not keep the team away": {want: change(diff{AssignedTeams: []string{mergeBilling}}), theirs: givenTo(mergeTheirs), writes: mergeWrites{Teams: []string{mergeBilling}}},
		"18: an empty assignment is not a choice":                 {want: chiara, theirs: givenTo(), writes: mergeWrites{Users: []string{mergeChiara}}},
		"18: no warning about what the step does not change":      {want: tags(nil, nil), theirs: givenTo(mergeTheirs), writes: mergeWrites{Priority: 4}},

		"19: people always win the name":                    {want: everything, theirs: renamed, writes: func() mergeWrites { w := wholly; w.Name = ""; return w }(), warns: []string{mergeKeptName}},
		"19: also over an agent who picks up now":           {want: change(diff{Name: "New"}), theirs: renamed, on: terms{agentWins: true}, warns: []string{mergeKeptName}},
		"19: also where the call gave none":                 {want: change(diff{Name: "New"}), base: func(c *Conversation) { c.Name = "" }, theirs: renamed, warns: []string{mergeKeptName}},
		"19: a name that no person changed is replaced":     {want: change(diff{Name: "New"}), theirs: unchanged, writes: mergeWrites{Name: "New"}},
		"19: no name yields where none is wanted":           {want: tags(nil, nil), theirs: renamed, writes: mergeWrites{Priority: 4}},
		"19: a status that people set stays":                {want: change(diff{Status: "snoozed"}), theirs: closed, warns: []string{mergeKeptDone}},
		"19: unless an agent picks up now":                  {want: change(diff{Status: "snoozed"}), theirs: closed, on: terms{agentWins: true}, writes: mergeWrites{Status: "snoozed"}},
		"19: a status that no person changed is replaced":   {want: change(diff{Status: "snoozed"}), theirs: unchanged, writes: mergeWrites{Status: "snoozed"}},
		"19: so is one that was never known":                {want: change(diff{Status: "snoozed"}), base: func(c *Conversation) { c.Status = "" }, theirs: closed, writes: mergeWrites{Status: "snoozed"}},
		"19: no status yields where none is wanted":         {want: tags(nil, nil), theirs: closed, writes: mergeWrites{Priority: 4}},
		"19: the file wins the priority":                    {want: tags(nil, nil), theirs: func(c *kustomer.Conversation) { c.Priority = 5 }, writes: mergeWrites{Priority: 4}},
		"19: and attributes":                                {want: change(diff{Custom: map[string]any{"callIdStr": "k-2"}}), theirs: unchanged, writes: mergeWrites{Custom: map[string]any{"callIdStr": "k-2"}}},
		"19: and wins them in a run that was reset":         {want: tags(nil, nil), theirs: func(c *kustomer.Conversation) { c.Priority = 5 }, on: terms{earlierRun: true}, writes: mergeWrites{Priority: 4}},
		"19: all choices of people are kept, with warnings": {want: everything, theirs: func(c *kustomer.Conversation) { renamed(c); closed(c); givenTo(mergeTheirs)(c); inTeams(mergeSales)(c) }, writes: yielding, warns: []string{mergeKeptName, mergeKeptDone, mergeKeptUsers, mergeKeptTeam}},

		"20: the assignee of our last write is no choice of people's": {want: chiara, theirs: unchanged, writes: mergeWrites{Users: []string{mergeChiara}}},
		"20: nor is another agent of the call":                        {want: chiara, theirs: givenTo(bastian.ID, amira.ID), on: terms{ours: []string{bastian.ID}}, writes: mergeWrites{Users: []string{mergeChiara}}},
		"20: nor the assignee that the step wants":                    {want: chiara, theirs: givenTo(amira.ID, mergeChiara), writes: mergeWrites{Users: []string{mergeChiara}}},
		"20: nor a team of the call":                                  {want: change(diff{AssignedTeams: []string{mergeBilling}}), theirs: inTeams(mergeSales, mergeSupport), on: terms{teams: []string{mergeSales}}, writes: mergeWrites{Teams: []string{mergeBilling}}},
		"20: nor the team that the step wants":                        {want: change(diff{AssignedTeams: []string{mergeBilling}}), theirs: inTeams(mergeSupport, mergeBilling), writes: mergeWrites{Teams: []string{mergeBilling}}},
		"20: nor a name of the call":                                  {want: change(diff{Name: "New"}), theirs: renamed, on: terms{names: []string{"Call", "Mrs. Öz"}}, writes: mergeWrites{Name: "New"}},
		"20: a user of the call is no team of it, and the other way":  {want: chiara, theirs: givenTo(mergeTheirs), on: terms{teams: []string{mergeTheirs}, names: []string{mergeTheirs}}, warns: []string{mergeKeptUsers}},
		"20: what the conversation shows already is no choice either": {want: change(diff{Name: "Mrs. Öz", Status: "done"}), theirs: func(c *kustomer.Conversation) { renamed(c); closed(c) }},

		"21: tags go with the fields as the whole list, without a look": {want: everything, writes: wholly},
		"21: also after a look, in any order of ids":                    {want: everything, theirs: unchanged, writes: wholly},
		"21: only added":                                                  {want: tags([]string{"b"}, nil), writes: mergeWrites{Priority: 4, Tags: []string{"a", "Lost", "b"}}},
		"21: only removed":                                                {want: tags(nil, []string{"a"}), writes: mergeWrites{Priority: 4, Tags: []string{"Lost"}}},
		"21: to the last one":                                             {want: tags(nil, []string{"a", "lost"}), writes: mergeWrites{Priority: 4, Tags: []string{}}},
		"21: not if others have tagged it":                                {want: tags([]string{"b"}, []string{"lost"}), theirs: tagged("id-a", "id-lost", "id-vip"), writes: mergeWrites{Priority: 4, Add: []string{"b"}, Remove: []string{"lost"}}},
		"21: not if others have taken one away":                           {want: tags([]string{"b"}, nil), theirs: tagged("id-a"), writes: mergeWrites{Priority: 4, Add: []string{"b"}}},
		"21: not if the ids were never known":                             {want: tags([]string{"b"}, nil), base: func(c *Conversation) { c.TagsKnown = false }, writes: mergeWrites{Priority: 4, Add: []string{"b"}}},
		"21: nor after a look that shows no tags":                         {want: tags([]string{"b"}, nil), base: func(c *Conversation) { c.Tags, c.TagIDs, c.TagsKnown = nil, nil, false }, theirs: tagged(), writes: mergeWrites{Priority: 4, Add: []string{"b"}}},
		"21: nor after a look whose tags were not understood":             {want: tags([]string{"b"}, nil), base: func(c *Conversation) { c.Tags, c.TagIDs = nil, nil }, theirs: func(c *kustomer.Conversation) { c.Tags = nil }, writes: mergeWrites{Priority: 4, Add: []string{"b"}}},
		"21: that it had none is known too":                               {want: tags([]string{"b"}, nil), base: func(c *Conversation) { c.Tags, c.TagIDs = nil, nil }, theirs: tagged(), writes: mergeWrites{Priority: 4, Tags: []string{"b"}}},
		"21: not if nothing but tags changes":                             {want: change(diff{AddTags: []string{"b"}}), writes: mergeWrites{Add: []string{"b"}}},
		"21: not if the other changes turn out to be there":               {want: tags([]string{"b"}, nil), theirs: func(c *kustomer.Conversation) { c.Priority = 4 }, writes: mergeWrites{Add: []string{"b"}}},
		"21: nor if they yield to people":                                 {want: change(diff{Name: "New", AddTags: []string{"b"}}), theirs: renamed, writes: mergeWrites{Add: []string{"b"}}, warns: []string{mergeKeptName}},
		"21: no list is sent if no tag changes":                           {want: tags(nil, nil), writes: mergeWrites{Priority: 4}},
		"21: set is the whole list, also if others have tagged":           {want: change(diff{SetTags: []string{"c"}}), theirs: tagged("id-vip"), writes: mergeWrites{Tags: []string{"c"}}},
		"21: also an empty one, and without anything that is known of it": {want: change(diff{SetTags: []string{}}), base: func(c *Conversation) { c.TagsKnown = false }, writes: mergeWrites{Tags: []string{}}},
		"21: a tag in other letters is the same tag":                      {want: tags([]string{"A", "b", "B"}, []string{"LOST"}), writes: mergeWrites{Priority: 4, Tags: []string{"a", "b"}}},
		"21: a tag is known by its whole name, when removed":              {want: tags(nil, []string{"los", "lost_twice"}), writes: mergeWrites{Priority: 4, Tags: []string{"a", "Lost"}}},
		"21: and when added":                                              {want: tags([]string{"LOS", "lost_twice"}, nil), writes: mergeWrites{Priority: 4, Tags: []string{"a", "Lost", "LOS", "lost_twice"}}},
		"21: as many tags as Kustomer takes":                              {want: tags(mergeManyTags(automation.MaxTags-2), nil), writes: mergeWrites{Priority: 4, Tags: append([]string{"a", "Lost"}, mergeManyTags(automation.MaxTags-2)...)}},
		"21: but no more":                                                 {want: tags(mergeManyTags(automation.MaxTags-1), nil), writes: mergeWrites{Priority: 4, Add: mergeManyTags(automation.MaxTags - 1)}},

		"22: without a look everything is written, also what base shows": {
			want:   change(diff{Name: "Call", Status: "open", Priority: 3, AssignedUsers: []string{amira.ID}, AssignedTeams: []string{mergeSupport}, Custom: map[string]any{"callIdStr": "k-1"}}),
			writes: mergeWrites{Name: "Call", Status: "open", Priority: 3, Users: []string{amira.ID}, Teams: []string{mergeSupport}, Custom: map[string]any{"callIdStr": "k-1"}},
		},
		"23: what an earlier attempt has written is not written again": {
			want: change(diff{
				Name: "Call", Status: "open", Priority: 3, AssignedUsers: []string{amira.ID}, AssignedTeams: []string{mergeSupport},
				Custom: map[string]any{"callIdStr": "k-1", "waitSecondsNum": 12},
			}),
			theirs: unchanged,
		},
		"23: of several attributes those are written that are not there": {
			want: change(diff{Custom: map[string]any{"callIdStr": "k-1", "waitSecondsNum": 13, "outcomeStr": "x"}}), theirs: unchanged,
			writes: mergeWrites{Custom: map[string]any{"waitSecondsNum": 13, "outcomeStr": "x"}},
		},
		"23: users and teams have no order": {
			want:   change(diff{AssignedUsers: []string{amira.ID, bastian.ID}, AssignedTeams: []string{mergeSupport, mergeSales}}),
			theirs: func(c *kustomer.Conversation) { givenTo(bastian.ID, amira.ID)(c); inTeams(mergeSales, mergeSupport)(c) },
		},
		"23: some of the users are not all of them": {
			want: change(diff{AssignedUsers: []string{amira.ID, bastian.ID}}), theirs: unchanged, writes: mergeWrites{Users: []string{amira.ID, bastian.ID}},
		},

		"25: in a conversation that ours was merged into, the name, tags to remove and set are left": {
			want: everything, base: func(c *Conversation) { *c = Conversation{ID: "c-2", Merged: true} }, theirs: unchanged,
			writes: mergeWrites{Status: "snoozed", Priority: 4, Users: []string{mergeChiara}, Teams: []string{mergeBilling}, Add: []string{"answered"}, Custom: map[string]any{"outcomeStr": "x"}},
		},
		"25: also without a look": {
			want: change(diff{Name: "New", RemoveTags: []string{"lost"}}), base: func(c *Conversation) { *c = Conversation{ID: "c-2", Merged: true, Rev: 3} },
		},
		"25: a set is not written there at all": {want: change(diff{SetTags: []string{"c"}}), base: func(c *Conversation) { *c = Conversation{ID: "c-2", Merged: true} }, theirs: tagged("id-vip")},
		"25: its assignee stays":                {want: chiara, base: func(c *Conversation) { *c = Conversation{ID: "c-2", Merged: true} }, theirs: givenTo(mergeTheirs), warns: []string{mergeKeptUsers}},
		"25: an agent of the call does not":     {want: chiara, base: func(c *Conversation) { *c = Conversation{ID: "c-2", Merged: true} }, theirs: givenTo(amira.ID), on: terms{ours: []string{amira.ID}}, writes: mergeWrites{Users: []string{mergeChiara}}},

		"26: a call that joins adds only what is lacking": {
			want: change(lacking(opening, found)), base: func(c *Conversation) { *c = asFound(found) }, theirs: at(found.Rev), writes: mergeWrites{Custom: map[string]any{"outcomeStr": "x"}},
		},
		"26: which is everything in a conversation that has nothing": {
			want: change(lacking(opening, bare)), base: func(c *Conversation) { *c = asFound(bare) },
			theirs: func(c *kustomer.Conversation) { *c = *bare },
			writes: mergeWrites{Name: "Call", Priority: 4, Users: []string{mergeChiara}, Teams: []string{mergeBilling}, Custom: opening.Custom, Add: []string{"answered"}},
		},

		"27: a reset run leaves name, status, assignees and teams to people if anything has changed": {
			want: everything, theirs: unchanged, on: terms{earlierRun: true}, writes: yielding,
			warns: []string{mergeKeptName, "a person has set the conversation to open: this was kept", mergeKeptUsers, mergeKeptTeam},
		},
		"27: also if its names and agents are the call's": {
			want: everything, theirs: func(c *kustomer.Conversation) { renamed(c); givenTo(bastian.ID)(c); inTeams(mergeSales)(c) }, writes: yielding,
			on:    terms{earlierRun: true, ours: []string{bastian.ID}, names: []string{"Mrs. Öz"}, teams: []string{mergeSales}},
			warns: []string{mergeKeptName, "a person has set the conversation to open: this was kept", mergeKeptUsers, mergeKeptTeam},
		},
		"27: or if the revision is not known":  {want: chiara, base: func(c *Conversation) { c.Rev = 0 }, theirs: unchanged, on: terms{earlierRun: true}, warns: []string{mergeKeptUsers}},
		"27: not if nothing has changed since": {want: everything, theirs: at(7), on: terms{earlierRun: true}, writes: wholly},
		"27: people have not chosen what the earlier run wrote": {
			want: everything, on: terms{earlierRun: true},
			theirs: func(c *kustomer.Conversation) {
				c.Name, c.Status, c.AssignedUsers, c.AssignedTeams = "New", "snoozed", []string{mergeChiara}, []string{mergeBilling}
			},
			writes: yielding,
		},
	} {
		t.Run(rule, func(t *testing.T) {
			base := mergeBase()
			if c.base != nil {
				c.base(&base)
			}
			before := fmt.Sprint(c.want, base)
			p, warnings := merge(c.want, base, mergeRead(base, c.theirs), c.on)
			require.Equal(t, c.writes, mergeWritesOf(p))
			require.Equal(t, c.warns, warnings)
			require.Equal(t, before, fmt.Sprint(c.want, base), "a merge changes neither what is wanted nor what it is compared with")
		})
	}
}

// A request is sent only if the patch changes fields.
func TestPatchKnowsIfItChangesFields(t *testing.T) {
	require.False(t, patch{}.changesFields())
	require.False(t, patch{Change: diff{AddTags: []string{"a"}, RemoveTags: []string{"b"}, SetTags: []string{"c"}, AssignedUsers: []string{amira.ID}}}.changesFields())
	for _, p := range []patch{
		{Change: diff{Name: "x"}},
		{Change: diff{Status: "open"}},
		{Change: diff{Priority: 1}},
		{Change: diff{AssignedTeams: []string{mergeSales}}},
		{Change: diff{Custom: map[string]any{"callIdStr": "x"}}},
		{users: &[]string{}},
	} {
		require.True(t, p.changesFields(), p)
	}
}

// Rule 27, for a call whose agent Kustomer does not know. The earlier run may have
// unassigned the agent before, and a person may have assigned that agent again.
func TestResetRunUnassignsNoUser(t *testing.T) {
	read := mergeRead(mergeBase(), func(*kustomer.Conversation) {})
	p, _ := merge(difference{unassign: true}, mergeBase(), read, terms{earlierRun: true})
	require.Equal(t, mergeWrites{}, mergeWritesOf(p))
	read.Rev = mergeBase().Rev
	p, _ = merge(difference{unassign: true}, mergeBase(), read, terms{earlierRun: true})
	require.Equal(t, mergeWrites{Users: []string{}}, mergeWritesOf(p), "nothing has changed since")
}
