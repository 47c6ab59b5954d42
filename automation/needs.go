package automation

import (
	"slices"

	"github.com/callthread/callthread/call"
)

// Needs is what a file requires in a Kustomer org.
type Needs struct {
	// Attributes maps the names of custom attributes of conversations to their type suffixes, or "".
	Attributes map[string]string
	// Users, Teams and Customers are the ids that the file contains.
	Users, Teams, Customers []string
	// CatchAll is the catch-all customer, if the file names one.
	CatchAll string
	// Updates, RemovesTags, WritesNotes and WritesMessages each require a role of the API key.
	Updates, RemovesTags, WritesNotes, WritesMessages bool
}

// Needs returns what the set requires.
func (s *Set) Needs() Needs {
	needs := Needs{
		Attributes: make(map[string]string), CatchAll: s.Callers.CatchAll, Users: s.Agents.ids(), Teams: union(s.Queues.ids(), s.Numbers.teams()),
		// The call becomes a note in an existing conversation.
		Updates: s.Callers.Returning.Append, WritesNotes: s.Callers.Returning.Append,
		RemovesTags: s.Callers.Returning.Resolves,
	}
	for _, a := range s.Automations {
		needs.add(a)
	}
	return needs
}

func (n *Needs) add(a Automation) {
	o := a.Options
	for _, attribute := range o.Custom {
		n.Attributes[attribute.Name] = attribute.Suffix()
	}
	n.Users = union(n.Users, literals(o.AssignedUsers))
	n.Teams = union(n.Teams, literals(o.AssignedTeams))
	if o.Customer != "" {
		n.Customers = union(n.Customers, []string{o.Customer})
	}
	n.WritesNotes = n.WritesNotes || len(o.Note) > 0
	switch {
	case a.Action == CreateMessage:
		n.WritesMessages = true
	case !Begins(a.Event): // updates on the first event are part of the creation
		n.Updates = true
		// A bridge that arrives after the outcome was written removes the outcome's tags.
		undoes := a.Event == call.Finished && len(o.Tags) > 0
		n.RemovesTags = n.RemovesTags || ((undoes || len(o.RemoveTags) > 0) && o.SetTags == nil)
	}
}

func literals(templates []Template) (texts []string) {
	for _, t := range templates {
		if text, ok := t.Literal(); ok {
			texts = append(texts, text)
		}
	}
	return texts
}

// Events returns the events that babelforce must send for the set, in the order of a call. They
// always include the bridge: without it, no call is known to be answered.
func (s *Set) Events() []call.Kind {
	return slices.DeleteFunc(slices.Clone(call.Kinds), func(event call.Kind) bool {
		isNeeded := event == call.Bridged || event == call.Finished && s.Handles(call.WrappedUp)
		return !isNeeded && !s.Handles(event)
	})
}
