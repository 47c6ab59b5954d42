package automation

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/callthread/callthread/call"
)

// renderer fills templates with the facts of one call and collects what it had to leave out.
type renderer struct {
	facts    call.Facts
	set      *Set
	warnings []string
}

func (r *renderer) warn(format string, args ...any) {
	if warning := fmt.Sprintf(format, args...); !slices.Contains(r.warnings, warning) {
		r.warnings = append(r.warnings, warning)
	}
}

// text fills a template; absent placeholders without a default become empty.
func (r *renderer) text(t template) string {
	text, _ := r.fill(t)
	return text
}

// fill also reports whether the template had placeholders and every one of them was absent.
func (r *renderer) fill(t template) (text string, allAbsent bool) {
	var b strings.Builder
	found, absent := 0, 0
	for _, p := range t {
		if p.placeholder == nil {
			b.WriteString(p.literal)
			continue
		}
		found++
		value := r.display(p)
		if value == "" {
			absent++
		}
		b.WriteString(value)
	}
	return b.String(), found > 0 && found == absent
}

// display is a placeholder's value as text, in its format, or its default.
func (r *renderer) display(p part) string {
	value := p.placeholder.value(r.facts)
	if value == nil {
		return p.fallback
	}
	if p.format != nil {
		return p.format(value, locale{r.set.zone, r.set.country})
	}
	return asText(value)
}

// lines fills a text line by line and drops the lines that have nothing to say.
func (r *renderer) lines(t template) string {
	var kept []string
	for _, line := range t.lines() {
		if text, allAbsent := r.fill(line); !allAbsent {
			kept = append(kept, text)
		}
	}
	return strings.TrimSpace(strings.Join(kept, "\n"))
}

// list fills a list's entries; entries whose placeholders are all absent disappear.
func (r *renderer) list(templates []template) []string {
	var out []string
	for _, t := range templates {
		if text, allAbsent := r.fill(t); !allAbsent && text != "" && !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	return out
}

// tags leaves out what Kustomer would refuse, because one bad tag fails the whole request.
func (r *renderer) tags(templates []template) []string {
	return slices.DeleteFunc(r.list(templates), func(tag string) bool {
		bad := !tagPattern.MatchString(tag)
		if bad {
			r.warn("a tag has characters that Kustomer does not allow, or more than 64: it was left out")
		}
		return bad
	})
}

// atMost keeps to a limit of Kustomer's, which refuses the whole request where it is exceeded.
func (r *renderer) atMost(limit int, what string, list []string) []string {
	if len(list) <= limit {
		return list
	}
	r.warn("more than %d %s: the last %d were left out", limit, what, len(list)-limit)
	return list[:limit]
}

// ids leaves out values that cannot be Kustomer's. An agent created in
// babelforce, or imported from another system, has no Kustomer user id.
func (r *renderer) ids(what string, templates []template) []string {
	var ids []string
	for _, t := range templates {
		id, allAbsent := r.fill(t)
		switch {
		case allAbsent && t.mentions("agent.sourceId"):
			r.warn("the agent has no sourceId: the conversation was not assigned")
		case allAbsent || id == "":
		case !objectIDPattern.MatchString(id):
			r.warn("a %s to assign is not a Kustomer %s id (24 hexadecimal digits): it was left out", what, what)
		case !slices.Contains(ids, id):
			ids = append(ids, id)
		}
	}
	return ids
}

// custom converts attributes to the type that their suffix asks for. A missing
// value is left out; one that cannot be converted is left out and reported.
func (r *renderer) custom(attributes []attribute) map[string]any {
	custom := make(map[string]any, len(attributes))
	for _, a := range attributes {
		value := r.typed(a.template)
		if value == nil {
			continue
		}
		converted, err := a.convert(value)
		if err != nil {
			r.warn("attribute %s was left out: its value is not %v", a.name, err)
			continue
		}
		custom[a.name] = converted
	}
	return custom
}

// typed is the value of a template: that of its placeholder, with its type, if
// there is nothing else to it, and otherwise text. It is nil if nothing is known.
func (r *renderer) typed(t template) any {
	if len(t) == 1 && t[0].placeholder != nil && t[0].format == nil {
		if value := t[0].placeholder.value(r.facts); value != nil {
			return value
		}
	}
	if text, allAbsent := r.fill(t); !allAbsent && text != "" {
		return text
	}
	return nil
}

// cut shortens to a number of characters, which is what Kustomer counts.
func cut(text string, limit int) string {
	if runes := []rune(text); len(runes) > limit {
		return string(runes[:limit-1]) + "…"
	}
	return text
}

func joinLines(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "\n" + b
}

// union adds what the list does not hold yet: Kustomer refuses lists with repetitions.
func union(list, more []string) []string {
	for _, item := range more {
		if !slices.Contains(list, item) {
			list = append(list, item)
		}
	}
	return list
}

func without(list, unwanted []string) []string {
	return slices.DeleteFunc(list, func(item string) bool { return slices.Contains(unwanted, item) })
}

func merged(a, b map[string]any) map[string]any {
	out := maps.Clone(a)
	if out == nil {
		out = make(map[string]any, len(b))
	}
	maps.Copy(out, b)
	return out
}
