package automation

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/callthread/callthread/call"
)

// callsConversation is the only conversation that an update may name.
const callsConversation = "{integration.kustomer.conversation.id}"

// options reads the fields of an action: those that both have, and its own.
func (l *loader) options(n *yaml.Node, event call.Kind, creates bool) (o options) {
	templates := func(n *yaml.Node, what string) []template { return l.templates(n, what, event) }
	readers := map[string]func(*yaml.Node){
		"name":          func(n *yaml.Node) { o.name = l.template(n, `"name"`, event, maxNameLength) },
		"priority":      func(n *yaml.Node) { o.priority = l.integer(n, `"priority"`, 1, 5) },
		"assignedUsers": func(n *yaml.Node) { o.assignedUsers = l.ids(n, `"assignedUsers"`, templates) },
		"assignedTeams": func(n *yaml.Node) { o.assignedTeams = l.ids(n, `"assignedTeams"`, templates) },
		"custom":        func(n *yaml.Node) { o.custom = l.custom(n, event) },
	}
	if creates {
		o.status, o.direction = "open", "in"
		readers["customer"] = func(n *yaml.Node) { o.customer = l.customer(n) }
		readers["status"] = func(n *yaml.Node) { o.status = cmp.Or(l.choice(n, `"status"`, "open", "done"), o.status) }
		readers["direction"] = func(n *yaml.Node) { o.direction = cmp.Or(l.choice(n, `"direction"`, "in", "out"), o.direction) }
		readers["tags"] = func(n *yaml.Node) { o.tags = l.tags(n, `"tags"`, templates) }
		l.mapping(n, "the options of "+createAction, readers)
		return o
	}
	readers["id"] = l.conversationID
	statuses := []string{"open", "snoozed", "done"}
	if event == call.Inbound {
		statuses = []string{"open", "done"} // it becomes part of the creation, and Kustomer creates none as snoozed
	}
	readers["status"] = func(n *yaml.Node) { o.status = l.choice(n, `"status"`, statuses...) }
	readers["note"] = func(n *yaml.Node) { o.note = l.template(n, `"note"`, event, maxNoteLength) }
	readers["tags"] = func(n *yaml.Node) {
		if n.Kind == yaml.SequenceNode {
			l.complain(n, `"tags" of an update needs "add", "remove" or "set" before its list`)
			return
		}
		l.mapping(n, `"tags" of an update`, map[string]func(*yaml.Node){
			"add":    func(n *yaml.Node) { o.tags = l.tags(n, `"add"`, templates) },
			"remove": func(n *yaml.Node) { o.removeTags = l.tags(n, `"remove"`, templates) },
			"set":    func(n *yaml.Node) { o.setTags, o.setsTags = l.tags(n, `"set"`, templates), true },
		})
	}
	l.mapping(n, "the options of "+updateAction, readers)
	return o
}

// customer is whose conversation it is: the caller's, which is the default, or a given customer's.
func (l *loader) customer(n *yaml.Node) string {
	switch value := l.scalar(n, `"customer"`); {
	case slices.Contains([]string{"", "{call.from}", "{call.from.number}", "{call.fromNumber}"}, value):
		return ""
	case objectIDPattern.MatchString(value):
		return value
	}
	l.complain(n, `"customer" must be "{call.from}", for the calling customer, or a Kustomer customer id (24 hexadecimal digits)`)
	return ""
}

func (l *loader) conversationID(n *yaml.Node) {
	if value := l.scalar(n, `"id"`); value != "" && value != callsConversation {
		l.complain(n, `"id" must be %q: an update is of the call's own conversation`, callsConversation)
	}
}

// template reads a text with placeholders, at most so many characters before they are filled.
func (l *loader) template(n *yaml.Node, what string, event call.Kind, limit int) template {
	text := l.scalar(n, what)
	t, mistakes := parseTemplate(text, l.find(event))
	for _, m := range mistakes {
		l.complainInside(n, m.offset, m.text)
	}
	if literal, ok := t.isLiteral(); ok && utf8.RuneCountInString(literal) > limit {
		l.complain(n, "%s is longer than %d characters", what, limit)
	}
	return t
}

func (l *loader) templates(n *yaml.Node, what string, event call.Kind) (list []template) {
	l.sequence(n, what, func(item *yaml.Node) {
		if t := l.template(item, "an entry of "+what, event, maxNoteLength); t != nil {
			list = append(list, t)
		}
	})
	return list
}

func (l *loader) tags(n *yaml.Node, what string, read func(*yaml.Node, string) []template) []template {
	tags := read(n, what)
	if len(tags) > maxTags {
		l.complain(n, "%s has %d tags, but Kustomer takes %d at most", what, len(tags), maxTags)
	}
	l.eachLiteral(n, func(item *yaml.Node, tag string) {
		if !tagPattern.MatchString(tag) {
			l.complain(item, "tag %q: Kustomer takes letters, digits, spaces inside, and _ / < > - . only, 64 characters at most", tag)
		}
	})
	return tags
}

func (l *loader) ids(n *yaml.Node, what string, read func(*yaml.Node, string) []template) []template {
	ids := read(n, what)
	if len(ids) > maxAssignees {
		l.complain(n, "%s has %d entries, but Kustomer takes %d at most", what, len(ids), maxAssignees)
	}
	l.eachLiteral(n, func(item *yaml.Node, id string) {
		if !objectIDPattern.MatchString(id) {
			l.complain(item, "%q is not a Kustomer id, which has 24 hexadecimal digits", id)
		}
	})
	return ids
}

// eachLiteral visits the entries of a list that hold no placeholder.
func (l *loader) eachLiteral(n *yaml.Node, visit func(item *yaml.Node, text string)) {
	if n.Kind != yaml.SequenceNode {
		return
	}
	for _, item := range n.Content {
		if item.Kind == yaml.ScalarNode && !isNull(item) && !strings.ContainsAny(item.Value, "{}") {
			visit(item, item.Value)
		}
	}
}

// custom reads the custom attributes, each with what its suffix says of its type.
func (l *loader) custom(n *yaml.Node, event call.Kind) (attributes []attribute) {
	l.pairs(n, `"custom"`, func(key, value *yaml.Node) {
		attributes = append(attributes, l.attribute(key, value, event))
	})
	if len(attributes) > maxCustom {
		l.complain(n, `"custom" has %d attributes, but Kustomer takes %d at most`, len(attributes), maxCustom)
	}
	return attributes
}

func (l *loader) attribute(key, value *yaml.Node, event call.Kind) attribute {
	a := attribute{name: key.Value}
	if !attributePattern.MatchString(a.name) {
		l.complain(key, "%q is no name of an attribute: use letters and digits", a.name)
		return a
	}
	before := len(l.problems)
	a.template = l.template(value, a.name, event, maxNoteLength)
	if len(l.problems) > before {
		return a // what it would be converted to says nothing new
	}
	only := a.template.only()
	literal, isLiteral := a.template.isLiteral()
	switch {
	case isLiteral && literal != "": // nothing given, nothing sent
		if _, err := a.convert(literal); err != nil {
			l.complain(value, "%s: %q is not %v", a.name, literal, err)
		}
	case isLiteral:
	case only == nil && slices.Contains([]string{"Num", "At", "Bool"}, a.suffix()):
		l.complain(value, "%s: text around a placeholder makes it text, which a %s attribute cannot hold", a.name, a.suffix())
	case only != nil && only.format == nil && slices.Contains(cannotBe[a.suffix()], only.placeholder.kind):
		l.complain(value, "%s: {%s} is %s, which a %s attribute cannot hold", a.name, only.name, only.placeholder.kind, a.suffix())
	}
	return a
}
