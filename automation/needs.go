package automation

import (
	"slices"

	"github.com/callthread/callthread/call"
)

// Needs is what a file takes for granted in a Kustomer org.
type Needs struct {
	// Attributes are the custom attributes of conversations by name, with the suffix that says their type, or "".
	Attributes map[string]string
	// Users, Teams and Customers are the ids that are written out in the file.
	Users, Teams, Customers []string
	// CatchAll is the customer to whom calls of nobody's customers belong, if the file names one.
	CatchAll string
	// Updates, RemovesTags and WritesNotes take roles of their own.
	Updates, RemovesTags, WritesNotes, WritesMessages bool
}

// Needs lists what the set takes for granted.
func (s *Set) Needs() Needs {
	needs := Needs{
		Attributes: make(map[string]string), CatchAll: s.Callers.CatchAll, Users: s.Agents.ids(), Teams: union(s.Queues.ids(), s.Numbers.teams()),
		// The call becomes a note in a conversation that is there.
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
	case !Begins(a.Event): // what is said of the new conversation is part of its creation
		n.Updates = true
		// A bridge that arrives after the outcome was written takes the outcome's tags back.
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

// Events are the events that babelforce must send for the set, in the order of
// a call. A bridge is always among them: without it no call is known to be answered.
func (s *Set) Events() []call.Kind {
	return slices.DeleteFunc([]call.Kind{call.Inbound, call.Outbound, call.Bridged, call.Finished, call.Recorded}, func(event call.Kind) bool {
		isNeeded := event == call.Bridged || event == call.Finished && s.Handles(call.WrappedUp)
		return !isNeeded && !s.Handles(event)
	})
}
