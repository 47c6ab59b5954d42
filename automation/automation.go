// Package automation says what is written to Kustomer for each event of a
// call. It is babelforce's global automations with their Kustomer actions, as
// one YAML file in babelforce's words and placeholders: loaded and checked
// when a program starts, carried out for each call.
package automation

import (
	"cmp"
	_ "embed"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // the file may name a time zone, and a container may have none

	"github.com/callthread/callthread/call"
)

// DefaultFile is the file that is used where none is configured: the two
// automations of babelforce's Kustomer article with the vendor's own tag
// lifecycle, and the outcome when the call ends.
//
//go:embed default.yaml
var DefaultFile []byte

// Default is the set of automations of DefaultFile.
func Default() *Set {
	set, err := Load("default.yaml", DefaultFile)
	if err != nil {
		panic(err) // it is part of the program, and a test loads it
	}
	return set
}

// Set is the automations of one file.
type Set struct {
	// Version identifies the file's content: which automations a call used.
	Version string
	// Callers are the policies for callers who are nobody's customer.
	Callers Callers

	automations []automation
	zone        *time.Location
	country     string
	fields      map[string]bool
	agents      map[string]string // Kustomer users by agent, see loader.agent
}

// In is the set at home in a country: two letters, for the formats of phone
// numbers that come without a country code.
func (s *Set) In(country string) *Set {
	at := *s
	at.country = country
	return &at
}

// automation is one rule: when event happens and the trigger holds, do what the options say.
type automation struct {
	event    call.Kind
	priority int
	trigger  trigger
	creates  bool
	options  options
}

// options are the fields of both actions; each action has its own subset.
type options struct {
	customer      string
	name          template
	status        string
	direction     string
	priority      int
	assignedUsers []template
	assignedTeams []template
	tags          []template // on create: all; on update: those to add
	removeTags    []template
	setTags       []template
	setsTags      bool
	note          template
	custom        []attribute
}

// Opening is a conversation to be created.
type Opening struct {
	// Wanted says that an automation opens a conversation for this call at all.
	Wanted bool
	// Customer is a Kustomer customer id; empty means the calling customer.
	Customer      string
	Name          string
	Status        string
	Direction     string
	Priority      int
	Tags          []string
	AssignedUsers []string
	AssignedTeams []string
	Custom        map[string]any
	// Note is written once the conversation is open.
	Note string
}

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
}

// ChangesFields reports whether the conversation itself is changed, and not only its tags and notes.
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

// Handles reports whether any automation acts on the event.
func (s *Set) Handles(event call.Kind) bool {
	return slices.ContainsFunc(s.automations, func(a automation) bool { return a.event == event })
}

// AssignsAgent reports whether an event is to assign the agent who has the call.
func (s *Set) AssignsAgent(event call.Kind) bool {
	return slices.ContainsFunc(s.automations, func(a automation) bool {
		return a.event == event && slices.ContainsFunc(a.options.assignedUsers, func(t template) bool { return t.mentions("agent.sourceId") })
	})
}

// UserOf is the Kustomer user whom the file's table of agents names for an
// agent; empty where it names none.
func (s *Set) UserOf(agent call.Agent) string {
	for _, known := range []string{agent.ID, agent.Email, agent.Number} {
		if user := s.agents[strings.ToLower(known)]; user != "" {
			return user
		}
	}
	return ""
}

// Open renders the conversation to open for a call. Updates on the same event
// are folded in, which saves Kustomer requests. Warnings say, without
// personal data, what was left out and why.
func (s *Set) Open(facts call.Facts) (opening Opening, warnings []string) {
	r := &renderer{facts: facts, set: s}
	for _, a := range s.automations {
		if a.creates && a.trigger.holds(r) {
			o := a.options
			opening = Opening{
				Wanted:        true,
				Customer:      o.customer,
				Name:          cut(r.text(o.name), maxNameLength),
				Status:        o.status,
				Direction:     o.direction,
				Priority:      o.priority,
				Tags:          r.tags(o.tags),
				AssignedUsers: r.ids("user", o.assignedUsers),
				AssignedTeams: r.ids("team", o.assignedTeams),
				Custom:        r.custom(o.custom),
			}
		}
	}
	if opening.Wanted {
		opening.fold(s.change(call.Inbound, r))
		opening.Tags = r.atMost(maxTags, "tags", opening.Tags)
		opening.AssignedUsers = r.atMost(maxAssignees, "users", opening.AssignedUsers)
		opening.AssignedTeams = r.atMost(maxAssignees, "teams", opening.AssignedTeams)
	}
	return opening, r.warnings
}

// fold takes an update into a conversation that is not yet created.
func (o *Opening) fold(change Change) {
	o.Name = cmp.Or(change.Name, o.Name)
	o.Status = cmp.Or(change.Status, o.Status)
	o.Priority = cmp.Or(change.Priority, o.Priority)
	o.AssignedUsers = union(o.AssignedUsers, change.AssignedUsers)
	o.AssignedTeams = union(o.AssignedTeams, change.AssignedTeams)
	if change.SetTags != nil {
		o.Tags = change.SetTags
	}
	o.Tags = without(union(o.Tags, change.AddTags), change.RemoveTags)
	o.Custom = merged(o.Custom, change.Custom)
	o.Note = change.Note
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
		if a.creates || a.event != event || !a.trigger.holds(r) {
			continue
		}
		o := a.options
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
