package automation

import (
	"cmp"
	"slices"
	"time"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/callthread/callthread/call"
)

// callsConversation is the only conversation that an update may name.
const callsConversation = "{integration.kustomer.conversation.id}"

// options reads the fields of an action. An event that is not known, because it
// was misspelt, is taken for one that knows everything.
func (l *loader) options(n *yaml.Node, event call.Kind, action string) (o options) {
	what := "the options of " + action
	if action == messageAction {
		l.mapping(n, what, map[string]func(*yaml.Node){
			"subject": func(n *yaml.Node) { o.subject = l.template(n, `"subject"`, event, maxSubjectLength) },
			"preview": func(n *yaml.Node) { o.preview = l.template(n, `"preview"`, event, maxPreviewLength) },
		})
		return o
	}
	readers := map[string]func(*yaml.Node){
		"name":          func(n *yaml.Node) { o.name = l.template(n, `"name"`, event, maxNameLength) },
		"priority":      func(n *yaml.Node) { o.priority = l.integer(n, `"priority"`, minPriority, maxPriority) },
		"assignedUsers": func(n *yaml.Node) { o.assignedUsers = l.ids(n, `"assignedUsers"`, event, mayBeUser) },
		"assignedTeams": func(n *yaml.Node) { o.assignedTeams = l.ids(n, `"assignedTeams"`, event, mayBeTeam) },
		"custom":        func(n *yaml.Node) { o.custom = l.custom(n, event) },
	}
	if action == createAction {
		l.creation(&o, event, readers)
	} else {
		l.update(&o, event, readers)
	}
	l.mapping(n, what, readers)
	return o
}

// creation adds the readers of what only a creation has.
func (l *loader) creation(o *options, event call.Kind, readers map[string]func(*yaml.Node)) {
	o.status, o.direction = "open", call.Event{Kind: event}.Direction()
	readers["customer"] = func(n *yaml.Node) { o.customer = l.customer(n, event) }
	readers["status"] = func(n *yaml.Node) { o.status = cmp.Or(l.choice(n, `"status"`, Statuses(true)...), o.status) }
	readers["direction"] = func(n *yaml.Node) { o.direction = cmp.Or(l.choice(n, `"direction"`, call.In, call.Out), o.direction) }
	readers["tags"] = func(n *yaml.Node) { o.tags = l.tags(n, `"tags"`, event) }
}

// update adds the readers of what only an update has.
func (l *loader) update(o *options, event call.Kind, readers map[string]func(*yaml.Node)) {
	readers["id"] = l.conversationID
	readers["status"] = func(n *yaml.Node) { o.status = l.choice(n, `"status"`, Statuses(begins(event))...) }
	readers["note"] = func(n *yaml.Node) { o.note = l.template(n, `"note"`, event, maxNoteLength) }
	readers["tags"] = func(n *yaml.Node) {
		if isEmpty(n) {
			return
		}
		if n.Kind == yaml.SequenceNode {
			l.complain(n, `"tags" of an update needs "add", "remove" or "set" before its list`)
			return
		}
		l.mapping(n, `"tags" of an update`, map[string]func(*yaml.Node){
			"add":    func(n *yaml.Node) { o.tags = l.tags(n, `"add"`, event) },
			"remove": func(n *yaml.Node) { o.removeTags = l.tags(n, `"remove"`, event) },
			"set": func(n *yaml.Node) {
				o.setTags = l.tags(n, `"set"`, event)
				// Nothing given leaves the tags, as it does everywhere; only a list that is written as empty clears them.
				o.setsTags = len(o.setTags) > 0 || n.Kind == yaml.SequenceNode && len(n.Content) == 0
			},
		})
	}
}

// customer is whose conversation it is: that of the number which called, or was
// called, which is the default, or a given customer's.
func (l *loader) customer(n *yaml.Node, event call.Kind) string {
	numbers, whose := []string{"{call.from}", "{call.from.number}", "{call.fromNumber}"}, "for the calling customer"
	if event == call.Outbound {
		numbers, whose = []string{"{call.to}", "{call.to.number}", "{call.toNumber}"}, "for the customer who is called"
	}
	value := l.scalar(n, `"customer"`)
	switch {
	case value == "" || slices.Contains(numbers, value):
		return ""
	case objectIDPattern.MatchString(value):
		return value
	}
	l.complain(n, `"customer" on %s must be %q, %s, or a Kustomer customer id (24 hexadecimal digits)`, eventNames[event], numbers[0], whose)
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

// templates reads a list of texts, and has each that is well-formed checked.
func (l *loader) templates(n *yaml.Node, what string, event call.Kind, check func(item *yaml.Node, t template)) (list []template) {
	l.sequence(n, what, ", such as [a, b]", func(item *yaml.Node) {
		before := len(l.problems)
		t := l.template(item, "an entry of "+what, event, maxNoteLength)
		if len(l.problems) == before && !isNull(item) {
			check(item, t)
		}
		if t != nil {
			list = append(list, t)
		}
	})
	return list
}

func (l *loader) tags(n *yaml.Node, what string, event call.Kind) []template {
	tags := l.templates(n, what, event, l.checkTag)
	if len(tags) > maxTags {
		l.complain(n, "%s has %d tags, but Kustomer takes %d at most", what, len(tags), maxTags)
	}
	return tags
}

func (l *loader) checkTag(item *yaml.Node, t template) {
	if tag, ok := t.isLiteral(); ok && !tagPattern.MatchString(tag) {
		l.complain(item, "tag %q: %s", tag, whatTagsTake)
	}
	for _, p := range t {
		if p.placeholder == nil {
			continue
		}
		if sample := sampleOf(p); sample != "" && !tagPattern.MatchString(sample) {
			l.complain(item, "a tag cannot hold {%s}, which is written like %q: %s", p.name, sample, whatTagsTake)
		}
	}
}

// samples are values of the kinds that have a form of their own.
var samples = map[kind]any{
	phoneNo: "+493066665555",
	instant: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC),
	seconds: 95,
	outcome: call.Missed,
}

// sampleOf is how a placeholder's value looks like, in its format, or "" if that can be anything.
func sampleOf(p part) string {
	sample, ok := samples[p.placeholder.kind]
	if !ok {
		return ""
	}
	p.placeholder = &placeholder{value: func(call.Facts) any { return sample }}
	r := &renderer{set: &Set{zone: time.UTC}}
	return r.display(p)
}

// mayBeUser and mayBeTeam say which placeholders can hold an id of Kustomer's
// at all, and what is given by those: of the known ones it is one alone.
func mayBeUser(p part) (ok bool, how string) {
	return p.name == "agent.sourceId" || p.placeholder.kind == unknown, "an assigned user is given by {agent.sourceId}, or by a field of your own"
}

func mayBeTeam(p part) (ok bool, how string) {
	return p.name == teamOfQueue || p.placeholder.kind == unknown,
		"an assigned team is given by its id, by {" + teamOfQueue + "}, or by a field of your own"
}

func (l *loader) ids(n *yaml.Node, what string, event call.Kind, mayBe func(part) (bool, string)) []template {
	ids := l.templates(n, what, event, func(item *yaml.Node, t template) { l.checkID(item, t, mayBe) })
	if len(ids) > maxAssignees {
		l.complain(n, "%s has %d entries, but Kustomer takes %d at most", what, len(ids), maxAssignees)
	}
	return ids
}

func (l *loader) checkID(item *yaml.Node, t template, mayBe func(part) (bool, string)) {
	if id, ok := t.isLiteral(); ok {
		if !objectIDPattern.MatchString(id) {
			l.complain(item, noObjectID, id)
		}
		return
	}
	for _, p := range t {
		if p.placeholder == nil {
			continue
		}
		if ok, how := mayBe(p); !ok {
			l.complain(item, "{%s} is no Kustomer id: %s", p.name, how)
			return
		}
	}
	if only := t.only(); only != nil && only.fallback != "" && !objectIDPattern.MatchString(only.fallback) {
		l.complain(item, "the default "+noObjectID, only.fallback)
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
	if wrong := a.wrong(value.Value); wrong != "" {
		l.complain(value, "%s: %s", a.name, wrong)
	}
	return a
}
