package activities

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/kustomer"
)

// patch is what is written to a conversation: a difference without what people or
// Kustomer's rules decide. Tags is the whole list, if its names are known; otherwise
// AddTags and RemoveTags go by name, each in a request of its own.
type patch struct {
	automation.Change
	// users replaces the assigned users, if not nil.
	users *[]string
	tags  *[]string
}

// terms are what the merge knows about a step beside the three sides.
type terms struct {
	// agentWins says that a hand-over is prompt: the agent who picked up is assigned,
	// whoever was before. A late one leaves the conversation to whom people chose.
	agentWins bool
	// ours are the Kustomer users whom the call's own steps may have assigned; names and
	// teams are likewise.
	ours, names, teams []string
	// earlierRun says that a run before this one may have done the step: people's
	// changes since cannot be told from ours, so nothing is taken back from them.
	earlierRun bool
}

// maxTags is how many tags a conversation may be written with (OpenAPI: PUT /conversations/{id}).
const maxTags = 20

// merge decides what a step writes: the change wanted, base as our last write left the
// conversation, and theirs as Kustomer returns it now, nil if it was not read because
// the write is conditional on base. It is the only place where people's changes win,
// or the call's.
func merge(want difference, base Conversation, theirs *kustomer.Conversation, on terms) (p patch, warnings []string) {
	warn := func(format string, args ...any) { warnings = append(warnings, fmt.Sprintf(format, args...)) }
	p.Change = want.Change
	if base.Merged { // nothing there is ours
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
	if want.nobody && !on.earlierRun && len(now) > 0 && !hasOthers(now, slices.Concat(on.ours, base.AssignedUsers)) {
		p.users = &[]string{}
	}
	mergeTags(&p, base, theirs)
	return p, warnings
}

// needs are the fields of theirs that decide what is written: without one of them
// people's choices look like ours.
func (want difference) needs() (fields []kustomer.Field) {
	add := func(isNeeded bool, field kustomer.Field) {
		if isNeeded {
			fields = append(fields, field)
		}
	}
	isChange := want.nobody || want.SetTags != nil || patch{Change: want.Change}.changesFields() || len(want.AssignedUsers) > 0
	add(isChange, kustomer.FieldRev)
	add(want.Name != "", kustomer.FieldName)
	add(want.Status != "", kustomer.FieldStatus)
	add(want.nobody || len(want.AssignedUsers) > 0, kustomer.FieldAssignedUsers)
	add(len(want.AssignedTeams) > 0, kustomer.FieldAssignedTeams)
	return fields
}

// mergeName: a name that people gave stays.
func mergeName(p *patch, base Conversation, theirs *kustomer.Conversation, on terms, warn func(string, ...any)) {
	isTheirs := theirs.Name != base.Name && !slices.Contains(on.names, theirs.Name)
	if p.Name != "" && p.Name != theirs.Name && (isTheirs || on.earlierRun) {
		p.Name = ""
		warn("somebody has renamed the conversation: that name was kept")
	}
}

// mergeStatus: a status that people set stays, unless an agent picks up now.
func mergeStatus(p *patch, base Conversation, theirs *kustomer.Conversation, on terms, warn func(string, ...any)) {
	isTheirs := base.Status != "" && theirs.Status != base.Status
	if p.Status != "" && p.Status != theirs.Status && !on.agentWins && (isTheirs || on.earlierRun) {
		p.Status = ""
		warn("somebody has set the conversation to %s: that was kept", theirs.Status)
	}
}

// mergeAssignees: whom people assigned stays assigned, unless an agent picks up now.
func mergeAssignees(p *patch, base Conversation, theirs *kustomer.Conversation, on terms, warn func(string, ...any)) {
	users := slices.Concat(on.ours, base.AssignedUsers, p.AssignedUsers)
	isOther := hasOthers(theirs.AssignedUsers, users) || on.earlierRun && !sameSet(theirs.AssignedUsers, p.AssignedUsers)
	if len(p.AssignedUsers) > 0 && !on.agentWins && isOther {
		p.AssignedUsers, p.users = nil, nil
		warn("somebody has assigned the conversation: that was kept")
	}
	teams := slices.Concat(on.teams, base.AssignedTeams, p.AssignedTeams)
	isOther = hasOthers(theirs.AssignedTeams, teams) || on.earlierRun && !sameSet(theirs.AssignedTeams, p.AssignedTeams)
	if len(p.AssignedTeams) > 0 && !on.agentWins && isOther {
		p.AssignedTeams = nil
		warn("somebody has given the conversation to a team: that was kept")
	}
}

// dropWritten leaves out what the conversation shows already: an attempt whose answer
// was lost may have written it.
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

// lackingCustom are the attributes that a conversation does not have yet.
func lackingCustom(custom map[string]any, has func(name string, value any) bool) map[string]any {
	lacking := maps.Clone(custom)
	maps.DeleteFunc(lacking, has)
	return lacking
}

// mergeTags sends the whole list with the fields, if the conversation still has the
// tags that we know: one request instead of three. A whole list would otherwise wipe
// what others have tagged.
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
	if len(tags) <= maxTags {
		p.tags = &tags
	}
}

// changesFields reports whether the conversation itself is changed, apart from its tags.
func (p patch) changesFields() bool {
	return p.Name != "" || p.Status != "" || p.Priority != 0 || p.users != nil || len(p.AssignedTeams) > 0 || len(p.Custom) > 0
}

func lackingTags(tags, has []string) (lacking []string) {
	for _, tag := range tags {
		if !isAmong(has, tag) && !isAmong(lacking, tag) {
			lacking = append(lacking, tag)
		}
	}
	return lacking
}

// isAmong compares tags as Kustomer presumably does: without regard to case.
func isAmong(tags []string, one string) bool {
	return slices.ContainsFunc(tags, func(tag string) bool { return strings.EqualFold(tag, one) })
}
