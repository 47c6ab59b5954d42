package automation

import (
	"cmp"
	"slices"

	"github.com/callthread/callthread/call"
)

// Change is a change to a conversation. Empty fields change nothing.
type Change struct {
	Name          string
	Status        string
	Priority      int
	AssignedUsers []string
	AssignedTeams []string
	AddTags       []string
	RemoveTags    []string
	// SetTags replaces all tags if it is not nil.
	SetTags []string
	Custom  map[string]any
	Note    string
	// Message is the call's voice entry on the timeline, or nil for none.
	Message *Message
}

// Message is the part of a call's voice entry on the customer's timeline that comes from the
// file. Numbers, direction and times come from the call.
type Message struct {
	Subject string
	Preview string
}

// ChangesFields reports whether fields of the conversation change. Added or removed tags, notes
// and messages do not count.
func (c Change) ChangesFields() bool {
	return c.Name != "" || c.Status != "" || c.Priority != 0 || len(c.AssignedUsers) > 0 || len(c.AssignedTeams) > 0 ||
		c.SetTags != nil || len(c.Custom) > 0
}

// Untag removes further tags, except those that the change adds.
func (c *Change) Untag(tags []string) {
	if c.SetTags == nil {
		c.RemoveTags = union(c.RemoveTags, without(slices.Clone(tags), c.AddTags))
	}
}

// Change renders how an event changes the call's conversation. Several automations of one event
// become one change: lists and attributes are merged, and the last automation decides a single
// value. Warnings contain, without personal data, what was left out and why.
func (s *Set) Change(event call.Kind, facts call.Facts) (change Change, warnings []string) {
	r := &renderer{facts: facts, set: s}
	return s.change(event, r), r.warnings
}

func (s *Set) change(event call.Kind, r *renderer) (change Change) {
	for _, a := range s.Automations {
		switch {
		case a.Event != event || a.Action == CreateConversation || !a.Trigger.holds(r):
		case a.Action == CreateMessage:
			change.Message = &Message{
				Subject: cut(r.text(a.Options.Subject), MaxSubject), Preview: cut(r.lines(a.Options.Preview), MaxPreview),
			}
		default:
			change.take(r, a.Options)
		}
	}
	if change.SetTags != nil {
		change.SetTags = r.atMost(MaxTags, "tags", change.SetTags)
	}
	change.AddTags = r.atMost(MaxTags, "tags", change.AddTags)
	change.RemoveTags = r.atMost(MaxTags, "tags to remove", change.RemoveTags)
	change.AssignedUsers = r.atMost(MaxAssignees, "users", change.AssignedUsers)
	change.AssignedTeams = r.atMost(MaxAssignees, "teams", change.AssignedTeams)
	return change
}

// take merges the options of one automation into the change.
func (c *Change) take(r *renderer, o Options) {
	c.Name = cmp.Or(cut(r.text(o.Name), MaxName), c.Name)
	c.Status = cmp.Or(o.Status, c.Status)
	c.Priority = cmp.Or(o.Priority, c.Priority)
	c.AssignedUsers = union(c.AssignedUsers, r.ids("user", o.AssignedUsers))
	c.AssignedTeams = union(c.AssignedTeams, r.ids("team", o.AssignedTeams))
	c.Custom = merged(c.Custom, r.custom(o.Custom))
	c.Note = cut(joinLines(c.Note, r.lines(o.Note)), MaxNote)
	if o.SetTags != nil {
		c.set(r, o.SetTags)
	}
	c.tag(r.tags(o.Tags), r.tags(o.RemoveTags))
}

// set replaces all tags. If no entry of the list has a value, it changes nothing: agents may
// have tagged the conversation, and the file does not ask to clear the tags.
func (c *Change) set(r *renderer, templates []Template) {
	tags := r.tags(templates)
	if len(tags) == 0 && len(templates) > 0 {
		r.warn("none of the tags to set has a value that Kustomer allows: the tags were left unchanged")
		return
	}
	c.SetTags, c.AddTags, c.RemoveTags = union([]string{}, tags), nil, nil
}

// Tag adds further tags.
func (c *Change) Tag(tags []string) { c.tag(tags, nil) }

// tag adds and removes tags after earlier automations. If those have set the list, it changes
// that list, which saves the requests for adding and removing.
func (c *Change) tag(add, remove []string) {
	if c.SetTags != nil {
		c.SetTags = without(union(c.SetTags, add), remove)
		return
	}
	c.AddTags = without(union(c.AddTags, add), remove)
	c.RemoveTags = union(without(c.RemoveTags, add), remove)
}
