package automation

import (
	"cmp"

	"github.com/callthread/callthread/call"
)

// Opening is a conversation to be created.
type Opening struct {
	// Wanted is set if an automation opens a conversation for this call.
	Wanted bool
	// Ignored is set if the file's "ignore" selects the call. Then Wanted is not set.
	Ignored bool
	// Customer is a Kustomer customer id. If it is empty, the number identifies the customer.
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

// Open renders the conversation to create for a call. It includes the updates on the same event,
// which saves requests to Kustomer. Warnings contain, without personal data, what was left out
// and why.
func (s *Set) Open(facts call.Facts) (opening Opening, warnings []string) {
	if s.Ignores(facts) {
		return Opening{Ignored: true}, nil
	}
	r := &renderer{facts: facts, set: s}
	event := call.Inbound
	if facts.Outgoing {
		event = call.Outbound
	}
	for _, a := range s.Automations {
		if a.Action == CreateConversation && a.Event == event && a.Trigger.holds(r) {
			opening = r.opening(a.Options)
		}
	}
	if opening.Wanted {
		opening.Tags = union(opening.Tags, s.number(facts).Tags)
		opening.fold(s.change(event, r))
		opening.Tags = r.atMost(MaxTags, "tags", opening.Tags)
		opening.AssignedUsers = r.atMost(MaxAssignees, "users", opening.AssignedUsers)
		opening.AssignedTeams = r.atMost(MaxAssignees, "teams", opening.AssignedTeams)
	}
	return opening, r.warnings
}

func (r *renderer) opening(o Options) Opening {
	return Opening{
		Wanted:        true,
		Customer:      o.Customer,
		Name:          cut(r.text(o.Name), MaxName),
		Status:        o.Status,
		Direction:     o.Direction,
		Priority:      o.Priority,
		Tags:          r.tags(o.Tags),
		AssignedUsers: r.ids("user", o.AssignedUsers),
		AssignedTeams: r.ids("team", o.AssignedTeams),
		Custom:        r.custom(o.Custom),
	}
}

// fold merges a change into a conversation that is not created yet.
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
