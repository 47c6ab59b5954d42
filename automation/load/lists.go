package load

import (
	"cmp"

	"go.yaml.in/yaml/v4"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/call"
)

// templates reads a list of texts and calls check for each that has no problems.
func (l *loader) templates(n *yaml.Node, what string, event call.Kind, check func(item *yaml.Node, t automation.Template)) (list []automation.Template) {
	l.sequence(n, what, ", such as [a, b]", func(item *yaml.Node) {
		before := len(l.problems)
		t := l.template(item, "an entry of "+what, event, automation.MaxNote)
		if len(l.problems) == before && !isNull(item) {
			check(item, t)
		}
		if t != nil {
			list = append(list, t)
		}
	})
	return list
}

func (l *loader) tags(n *yaml.Node, what string, event call.Kind) []automation.Template {
	tags := l.templates(n, what, event, l.checkTag)
	if len(tags) > automation.MaxTags {
		l.complain(n, "%s has %d tags, but Kustomer takes %d at most", what, len(tags), automation.MaxTags)
	}
	return tags
}

// checkTag complains about a tag that Kustomer would refuse for any values of its placeholders.
func (l *loader) checkTag(item *yaml.Node, t automation.Template) {
	filled, byDefault := "", ""
	for _, p := range t {
		if p.Name == "" {
			filled, byDefault = filled+p.Literal, byDefault+p.Literal
			continue
		}
		example := p.Example()
		if example != "" && !automation.IsTag(example) {
			l.complain(item, "a tag cannot hold {%s}, which is written like %q: %s", p.Name, example, automation.WhatTagsTake)
			return
		}
		example = cmp.Or(example, "x")
		filled, byDefault = filled+example, byDefault+cmp.Or(p.Default, example)
	}
	for _, tag := range []string{filled, byDefault} {
		if !automation.IsTag(tag) {
			l.complain(item, "tag %q: %s", tag, automation.WhatTagsTake)
			return
		}
	}
}

// mayBeUser and mayBeTeam report whether a placeholder can contain the id of a Kustomer user or
// team, and return a hint that names those that can.
func mayBeUser(p automation.Part) (ok bool, how string) {
	return p.Name == "agent.sourceId" || automation.KindOf(p.Name) == automation.Own, "an assigned user is given by {agent.sourceId}, or by a field of your own"
}

func mayBeTeam(p automation.Part) (ok bool, how string) {
	return p.Name == automation.TeamOfQueue || p.Name == automation.TeamOfNumber || automation.KindOf(p.Name) == automation.Own,
		"an assigned team is given by its id, by {" + automation.TeamOfQueue + "}, by {" + automation.TeamOfNumber + "}, or by a field of your own"
}

func (l *loader) ids(n *yaml.Node, what string, event call.Kind, mayBe func(automation.Part) (bool, string)) []automation.Template {
	ids := l.templates(n, what, event, func(item *yaml.Node, t automation.Template) { l.checkID(item, t, mayBe) })
	if len(ids) > automation.MaxAssignees {
		l.complain(n, "%s has %d entries, but Kustomer takes %d at most", what, len(ids), automation.MaxAssignees)
	}
	return ids
}

func (l *loader) checkID(item *yaml.Node, t automation.Template, mayBe func(automation.Part) (bool, string)) {
	if id, ok := t.Literal(); ok {
		if !automation.IsObjectID(id) {
			l.complain(item, automation.NoObjectID, id)
		}
		return
	}
	for _, p := range t {
		if p.Name == "" {
			continue
		}
		if ok, how := mayBe(p); !ok {
			l.complain(item, "{%s} is not a Kustomer id: %s", p.Name, how)
			return
		}
	}
	if only, ok := t.Only(); ok && only.Default != "" && !automation.IsObjectID(only.Default) {
		l.complain(item, "the default "+automation.NoObjectID, only.Default)
	}
}
