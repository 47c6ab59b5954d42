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
	Updates, RemovesTags, WritesNotes bool
}

// Needs lists what the set takes for granted.
func (s *Set) Needs() Needs {
	needs := Needs{Attributes: make(map[string]string)}
	if s.Callers.CatchAll != "" {
		needs.CatchAll = s.Callers.CatchAll
	}
	for _, agent := range slices.Sorted(maps.Keys(s.agents)) {
		needs.Users = union(needs.Users, []string{s.agents[agent]})
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
		if a.event != call.Inbound { // what is said of the new conversation is part of its creation
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
// a call. The first two are always among them: without them no call is known, and none answered.
func (s *Set) Events() []call.Kind {
	events := []call.Kind{call.Inbound, call.Bridged}
	if s.Handles(call.Finished) {
		events = append(events, call.Finished)
	}
	return events
}

// Fields are the extra fields that the file's placeholders may name.
func (s *Set) Fields() []string { return slices.Sorted(maps.Keys(s.fields)) }
