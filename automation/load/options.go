package load

import (
	"cmp"
	"slices"

	"go.yaml.in/yaml/v4"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/call"
)

// callsConversation is the only conversation that an update may change.
const callsConversation = "{integration.kustomer.conversation.id}"

func optionsOf(action automation.Action) string { return "the options of " + string(action) }

// options reads the fields of an action. If the event is empty because it is misspelt, every
// placeholder is allowed.
func (l *loader) options(n *yaml.Node, event call.Kind, action automation.Action) (o automation.Options) {
	what := optionsOf(action)
	if action == automation.CreateMessage {
		l.mapping(n, what, map[string]func(*yaml.Node){
			"subject": func(n *yaml.Node) { o.Subject = l.template(n, `"subject"`, event, automation.MaxSubject) },
			"preview": func(n *yaml.Node) { o.Preview = l.template(n, `"preview"`, event, automation.MaxPreview) },
		})
		return o
	}
	readers := map[string]func(*yaml.Node){
		"name": func(n *yaml.Node) { o.Name = l.template(n, `"name"`, event, automation.MaxName) },
		"priority": func(n *yaml.Node) {
			o.Priority = l.integer(n, `"priority"`, automation.MinPriority, automation.MaxPriority)
		},
		"assignedUsers": func(n *yaml.Node) { o.AssignedUsers = l.ids(n, `"assignedUsers"`, event, mayBeUser) },
		"assignedTeams": func(n *yaml.Node) { o.AssignedTeams = l.ids(n, `"assignedTeams"`, event, mayBeTeam) },
		"custom":        func(n *yaml.Node) { o.Custom = l.custom(n, event) },
	}
	if action == automation.CreateConversation {
		l.creation(&o, event, readers)
	} else {
		l.update(&o, event, readers)
	}
	l.mapping(n, what, readers)
	return o
}

// creation adds the readers of the fields that only a creation has.
func (l *loader) creation(o *automation.Options, event call.Kind, readers map[string]func(*yaml.Node)) {
	o.Status, o.Direction = "open", call.Event{Kind: event}.Direction()
	readers["customer"] = func(n *yaml.Node) { o.Customer = l.customer(n, event) }
	readers["status"] = func(n *yaml.Node) { o.Status = cmp.Or(l.choice(n, `"status"`, automation.Statuses(true)...), o.Status) }
	readers["direction"] = func(n *yaml.Node) { o.Direction = cmp.Or(l.choice(n, `"direction"`, call.In, call.Out), o.Direction) }
	readers["tags"] = func(n *yaml.Node) { o.Tags = l.tags(n, `"tags"`, event) }
}

// update adds the readers of the fields that only an update has.
func (l *loader) update(o *automation.Options, event call.Kind, readers map[string]func(*yaml.Node)) {
	readers["id"] = l.conversationID
	readers["status"] = func(n *yaml.Node) {
		o.Status = l.choice(n, `"status"`, automation.Statuses(automation.Begins(event))...)
	}
	readers["note"] = func(n *yaml.Node) { o.Note = l.template(n, `"note"`, event, automation.MaxNote) }
	readers["tags"] = func(n *yaml.Node) { l.updatedTags(n, o, event) }
}

func (l *loader) updatedTags(n *yaml.Node, o *automation.Options, event call.Kind) {
	if isEmpty(n) {
		return
	}
	if n.Kind == yaml.SequenceNode {
		l.complain(n, `"tags" of an update needs "add", "remove" or "set" before its list`)
		return
	}
	l.mapping(n, `"tags" of an update`, map[string]func(*yaml.Node){
		"add":    func(n *yaml.Node) { o.Tags = l.tags(n, `"add"`, event) },
		"remove": func(n *yaml.Node) { o.RemoveTags = l.tags(n, `"remove"`, event) },
		"set": func(n *yaml.Node) {
			o.SetTags = l.tags(n, `"set"`, event)
			if n.Kind == yaml.SequenceNode && len(n.Content) == 0 {
				// A missing value leaves the tags unchanged, as for all fields. Only an empty list clears them.
				o.SetTags = []automation.Template{}
			}
		},
	})
	l.contradictoryTags(n, *o)
}

// customer reads the customer of the conversation: the id of a customer, or "" for the customer
// with the call's number, which is the default.
func (l *loader) customer(n *yaml.Node, event call.Kind) string {
	numbers, whose := []string{"{call.from}", "{call.from.number}", "{call.fromNumber}"}, "for the calling customer"
	if event == call.Outbound {
		numbers, whose = []string{"{call.to}", "{call.to.number}", "{call.toNumber}"}, "for the customer who is called"
	}
	value := l.scalar(n, `"customer"`)
	switch {
	case value == "" || slices.Contains(numbers, value):
		return ""
	case automation.IsObjectID(value):
		return value
	}
	l.complain(n, `"customer" on %s must be %q, %s, or a Kustomer customer id (24 hexadecimal digits)`, automation.EventNames[event], numbers[0], whose)
	return ""
}

func (l *loader) conversationID(n *yaml.Node) {
	if value := l.scalar(n, `"id"`); value != "" && value != callsConversation {
		l.complain(n, `"id" must be %q: an update changes the call's own conversation`, callsConversation)
	}
}
