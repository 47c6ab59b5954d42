package activities

import (
	"fmt"
	"maps"
	"slices"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/kustomer"
)

// patch is what is written to a conversation: a difference without the parts that people or
// Kustomer's rules decide. It contains the whole list of tags if all names are known.
// Otherwise AddTags and RemoveTags are written by name, each in its own request.
type patch struct {
	automation.Change
	// users replaces the assigned users if it is not nil.
	users *[]string
	tags  *[]string
}

// terms are what merge knows about a step besides the three versions of the conversation.
type terms struct {
	// agentWins says that a hand-over is prompt: the agent who picked up is assigned, even
	// if another user was. A late hand-over keeps the user that people assigned.
	agentWins bool
	// ours are the Kustomer users that the call's own steps may have assigned. Names and
	// teams are the names and teams that they may have set.
	ours, names, teams []string
	// earlierRun says that an earlier run may have done the step. It is unknown then
	// which changes are people's and which are ours, so every difference counts as theirs.
	earlierRun bool
}

// merge decides what a step writes. Want is the change that the step makes, and base is the
// conversation as our last write left it. Theirs is the conversation as Kustomer returns it
// now; it is nil if it was not read, because the write is conditional on base. No other
// function decides between people's changes and the call's.
func merge(want difference, base Conversation, theirs *kustomer.Conversation, on terms) (p patch, warnings []string) {
	warn := func(format string, args ...any) { warnings = append(warnings, fmt.Sprintf(format, args...)) }
	p.Change = want.Change
	if base.Merged { // the call set none of these
		p.Name, p.SetTags, p.RemoveTags = "", nil, nil
	}
	if len(p.AssignedUsers) > 0 {
		p.users = &p.AssignedUsers
	}
	now := base.AssignedUsers
	if theirs != nil {
		now = theirs.AssignedUsers
		on.earlierRun = on.earlierRun && theirs.Rev != base.Rev
		mergeName(&p, base, theirs, on, warn)
		mergeStatus(&p, base, theirs, on, warn)
		mergeAssignees(&p, base, theirs, on, warn)
		dropWritten(&p, theirs)
	}
	if want.unassign && !on.earlierRun && len(now) > 0 && !hasOthers(now, slices.Concat(on.ours, base.AssignedUsers)) {
		p.users = &[]string{}
	}
	mergeTags(&p, base, theirs)
	return p, warnings
}

// needs returns the fields of theirs that decide what is written. Without one of them,
// people's changes look like ours.
func (want difference) needs() (fields []kustomer.Field) {
	add := func(isNeeded bool, field kustomer.Field) {
		if isNeeded {
			fields = append(fields, field)
		}
	}
	isChange := want.unassign || want.SetTags != nil || patch{Change: want.Change}.changesFields() || len(want.AssignedUsers) > 0
	add(isChange, kustomer.FieldRev)
	add(want.Name != "", kustomer.FieldName)
	add(want.Status != "", kustomer.FieldStatus)
	add(want.unassign || len(want.AssignedUsers) > 0, kustomer.FieldAssignedUsers)
	add(len(want.AssignedTeams) > 0, kustomer.FieldAssignedTeams)
	return fields
}

// mergeName keeps a name that a person gave.
func mergeName(p *patch, base Conversation, theirs *kustomer.Conversation, on terms, warn func(string, ...any)) {
	isTheirs := theirs.Name != base.Name && !slices.Contains(on.names, theirs.Name)
	if p.Name != "" && p.Name != theirs.Name && (isTheirs || on.earlierRun) {
		p.Name = ""
		warn("a person has renamed the conversation: that name was kept")
	}
}

// mergeStatus keeps a status that a person set, unless an agent picks up now.
func mergeStatus(p *patch, base Conversation, theirs *kustomer.Conversation, on terms, warn func(string, ...any)) {
	isTheirs := base.Status != "" && theirs.Status != base.Status
	if p.Status != "" && p.Status != theirs.Status && !on.agentWins && (isTheirs || on.earlierRun) {
		p.Status = ""
		warn("a person has set the conversation to %s: this was kept", theirs.Status)
	}
}

// mergeAssignees keeps the users and teams that people assigned, unless an agent picks up
// now.
func mergeAssignees(p *patch, base Conversation, theirs *kustomer.Conversation, on terms, warn func(string, ...any)) {
	users := slices.Concat(on.ours, base.AssignedUsers, p.AssignedUsers)
	isOther := hasOthers(theirs.AssignedUsers, users) || on.earlierRun && !sameSet(theirs.AssignedUsers, p.AssignedUsers)
	if len(p.AssignedUsers) > 0 && !on.agentWins && isOther {
		p.AssignedUsers, p.users = nil, nil
		warn("a person has assigned the conversation: this was kept")
	}
	teams := slices.Concat(on.teams, base.AssignedTeams, p.AssignedTeams)
	isOther = hasOthers(theirs.AssignedTeams, teams) || on.earlierRun && !sameSet(theirs.AssignedTeams, p.AssignedTeams)
	if len(p.AssignedTeams) > 0 && !on.agentWins && isOther {
		p.AssignedTeams = nil
		warn("a person has given the conversation to a team: this was kept")
	}
}

// dropWritten removes what the conversation shows already. An attempt whose answer was lost
// may have written it.
func dropWritten(p *patch, theirs *kustomer.Conversation) {
	if p.Name == theirs.Name {
		p.Name = ""
	}
	if p.Status == theirs.Status {
		p.Status = ""
	}
	if p.Priority == theirs.Priority {
		p.Priority = 0
	}
	if p.users != nil && sameSet(*p.users, theirs.AssignedUsers) {
		p.users = nil
	}
	if sameSet(p.AssignedTeams, theirs.AssignedTeams) {
		p.AssignedTeams = nil
	}
	p.Custom = lackingCustom(p.Custom, func(name string, value any) bool { return fmt.Sprint(theirs.Custom[name]) == fmt.Sprint(value) })
}

// lackingCustom returns the attributes that a conversation does not have yet.
func lackingCustom(custom map[string]any, has func(name string, value any) bool) map[string]any {
	lacking := maps.Clone(custom)
	maps.DeleteFunc(lacking, has)
	return lacking
}

// mergeTags sends the whole list of tags with the fields if the conversation still has the
// tags that we know: one request instead of three. Otherwise a whole list would remove tags
// that others added.
func mergeTags(p *patch, base Conversation, theirs *kustomer.Conversation) {
	if p.SetTags != nil {
		p.tags = &p.SetTags
		return
	}
	isKnown := base.TagsKnown && (theirs == nil || base.knowsTags(theirs.Tags))
	if !isKnown || len(p.AddTags)+len(p.RemoveTags) == 0 || !p.changesFields() {
		return
	}
	tags := slices.DeleteFunc(slices.Clone(base.Tags), func(tag string) bool { return isAmong(p.RemoveTags, tag) })
	tags = append(tags, lackingTags(p.AddTags, tags)...)
	if len(tags) <= automation.MaxTags {
		p.tags = &tags
	}
}

// changesFields reports whether the patch changes anything apart from tags.
func (p patch) changesFields() bool {
	return p.Name != "" || p.Status != "" || p.Priority != 0 || p.users != nil || len(p.AssignedTeams) > 0 || len(p.Custom) > 0
}
