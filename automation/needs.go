package automation

import (
	"maps"
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
	needs := Needs{Attributes: make(map[string]string)}
	if s.Callers.CatchAll != "" {
		needs.CatchAll = s.Callers.CatchAll
	}
	needs.Users, needs.Teams = s.agents.ids(), s.queues.ids()
	if s.Callers.Returning.Append { // the call becomes a note in a conversation that is there
		needs.Updates, needs.WritesNotes = true, true
	}
	for _, a := range s.automations {
		o := a.options
		for _, attribute := range o.custom {
			needs.Attributes[attribute.name] = attribute.suffix()
		}
		needs.Users = union(needs.Users, literals(o.assignedUsers))
		needs.Teams = union(needs.Teams, literals(o.assignedTeams))
		if o.customer != "" {
			needs.Customers = union(needs.Customers, []string{o.customer})
		}
		switch {
		case a.action == messageAction:
			needs.WritesMessages = true
		case !begins(a.event): // what is said of the new conversation is part of its creation
			needs.Updates = true
			// A bridge that arrives after the outcome was written takes the outcome's tags back.
			undoes := a.event == call.Finished && len(o.tags) > 0
			needs.RemovesTags = needs.RemovesTags || ((undoes || len(o.removeTags) > 0) && !o.setsTags)
		}
		needs.WritesNotes = needs.WritesNotes || len(o.note) > 0
	}
	return needs
}

func literals(templates []template) (texts []string) {
	for _, t := range templates {
		if text, ok := t.isLiteral(); ok {
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

// Fields are the extra fields that the file's placeholders may name.
func (s *Set) Fields() []string { return slices.Sorted(maps.Keys(s.fields)) }
