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

// take adds what one automation says.
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

// set overwrites all tags. A list of which nothing is left, because what it
// names is absent, is no order to wipe what people have tagged.
func (c *Change) set(r *renderer, templates []Template) {
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
