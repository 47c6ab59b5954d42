package automation

import (
	"cmp"
	"slices"

	"github.com/callthread/callthread/call"
)

// Change is what is to be changed about a conversation.
type Change struct {
	Name          string // empty leaves it, as do all empty fields
	Status        string
	Priority      int
	AssignedUsers []string
	AssignedTeams []string
	AddTags       []string
	RemoveTags    []string
	// SetTags replaces all tags, if not nil.
	SetTags []string
	Custom  map[string]any
	Note    string
	// Message is the call's voice entry on the timeline, nil where it gets none.
	Message *Message
}

// Message is what the file says of a call's voice entry on the customer's
// timeline. Numbers, direction and times are the call's own.
type Message struct {
	Subject string
	Preview string
}

// ChangesFields reports whether the conversation itself is changed, and not only its tags, notes and messages.
func (c Change) ChangesFields() bool {
	return c.Name != "" || c.Status != "" || c.Priority != 0 || len(c.AssignedUsers) > 0 || len(c.AssignedTeams) > 0 ||
		c.SetTags != nil || len(c.Custom) > 0
}

// Untag removes further tags, but none that the change itself gives.
func (c *Change) Untag(tags []string) {
	if c.SetTags == nil {
		c.RemoveTags = union(c.RemoveTags, without(slices.Clone(tags), c.AddTags))
	}
}

// Change renders what an event changes about the call's conversation. Several
// automations of one event become one change: lists and attributes add up, and
// of single values that of the last automation counts.
func (s *Set) Change(event call.Kind, facts call.Facts) (change Change, warnings []string) {
	r := &renderer{facts: facts, set: s}
	return s.change(event, r), r.warnings
}

func (s *Set) change(event call.Kind, r *renderer) (change Change) {
	for _, a := range s.automations {
		if a.action == createAction || a.event != event || !a.trigger.holds(r) {
			continue
		}
		o := a.options
		if a.action == messageAction {
			change.Message = &Message{
				Subject: cut(r.text(o.subject), maxSubjectLength), Preview: cut(r.lines(o.preview), maxPreviewLength),
			}
			continue
		}
		change = Change{
			Name:          cmp.Or(cut(r.text(o.name), maxNameLength), change.Name),
			Status:        cmp.Or(o.status, change.Status),
			Priority:      cmp.Or(o.priority, change.Priority),
			AssignedUsers: union(change.AssignedUsers, r.ids("user", o.assignedUsers)),
			AssignedTeams: union(change.AssignedTeams, r.ids("team", o.assignedTeams)),
			AddTags:       change.AddTags,
			RemoveTags:    change.RemoveTags,
			SetTags:       change.SetTags,
			Custom:        merged(change.Custom, r.custom(o.custom)),
			Note:          cut(joinLines(change.Note, r.lines(o.note)), maxNoteLength),
			Message:       change.Message,
		}
		if o.setsTags {
			change.set(r, o.setTags)
		}
		change.tag(r.tags(o.tags), r.tags(o.removeTags))
	}
	if change.SetTags != nil {
		change.SetTags = r.atMost(maxTags, "tags", change.SetTags)
	}
	change.AddTags = r.atMost(maxTags, "tags", change.AddTags)
	change.RemoveTags = r.atMost(maxTags, "tags to remove", change.RemoveTags)
	change.AssignedUsers = r.atMost(maxAssignees, "users", change.AssignedUsers)
	change.AssignedTeams = r.atMost(maxAssignees, "teams", change.AssignedTeams)
	return change
}

// set overwrites all tags. A list of which nothing is left, because what it
// names is absent, is no order to wipe what people have tagged.
func (c *Change) set(r *renderer, templates []template) {
	tags := r.tags(templates)
	if len(tags) == 0 && len(templates) > 0 {
		r.warn("nothing is left of the tags to set: they were left as they are")
		return
	}
	c.SetTags, c.AddTags, c.RemoveTags = union([]string{}, tags), nil, nil
}

// Tag adds further tags.
func (c *Change) Tag(tags []string) { c.tag(tags, nil) }

// tag adds and removes, after what earlier automations did. Where they have set
// the list, the one request that sets it does what adding and removing would.
func (c *Change) tag(add, remove []string) {
	if c.SetTags != nil {
		c.SetTags = without(union(c.SetTags, add), remove)
		return
	}
	c.AddTags = without(union(c.AddTags, add), remove)
	c.RemoveTags = union(without(c.RemoveTags, add), remove)
}
