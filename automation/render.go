package automation

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"

	"github.com/callthread/callthread/call"
)

// renderer fills templates with the facts of one call and collects warnings about what it left out.
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

// value returns a placeholder's value, or nil if it is absent.
func (r *renderer) value(name string) any {
	value := any(r.facts.Extra[name])
	if fill := ofFile[name]; fill != nil {
		value = fill(r.set, r.facts)
	} else if known, ok := Placeholders[name]; ok {
		value = known.value(r.facts)
	}
	if text, isText := value.(string); isText {
		return orNil(oneLine(text))
	}
	return value
}

// oneLine removes from a value what could look like text of the file: line breaks, which would
// add lines to a note, and invisible characters, which are control characters and the marks that
// change the direction of writing.
func oneLine(value string) string {
	words := strings.FieldsFunc(value, breaksLine)
	return strings.Map(func(char rune) rune {
		if unicode.IsControl(char) || unicode.Is(unicode.Bidi_Control, char) {
			return -1
		}
		return char
	}, strings.Join(words, " "))
}

// breaksLine reports whether a character is one of Unicode's mandatory line breaks or a tab.
func breaksLine(char rune) bool { return strings.ContainsRune("\t\n\v\f\r\u0085\u2028\u2029", char) }

// text fills a template. Absent placeholders without a default become empty.
func (r *renderer) text(t Template) string {
	text, _ := r.fill(t)
	return text
}

// fill fills a template and reports whether it has placeholders and all of them are absent.
func (r *renderer) fill(t Template) (text string, allAbsent bool) {
	var b strings.Builder
	found, absent := 0, 0
	for _, p := range t {
		if p.Name == "" {
			b.WriteString(p.Literal)
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

// display returns a placeholder's value as text in its format, or its default.
func (r *renderer) display(p Part) string {
	value := r.value(p.Name)
	if value == nil {
		return p.Default
	}
	return p.write(value, locale{r.set.Zone, r.set.country})
}

// lines fills a text line by line and drops the lines whose placeholders are all absent.
func (r *renderer) lines(t Template) string {
	var kept []string
	for _, line := range t.lines() {
		if text, allAbsent := r.fill(line); !allAbsent {
			kept = append(kept, text)
		}
	}
	return strings.TrimSpace(strings.Join(kept, "\n"))
}

// list fills the entries of a list and drops the entries whose placeholders are all absent.
func (r *renderer) list(templates []Template) []string {
	var out []string
	for _, t := range templates {
		if text, allAbsent := r.fill(t); !allAbsent && text != "" && !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	return out
}

// tags fills a list of tags and drops the tags that Kustomer would refuse, because one bad tag
// fails the whole request.
func (r *renderer) tags(templates []Template) []string {
	return slices.DeleteFunc(r.list(templates), func(tag string) bool {
		bad := !IsTag(tag)
		if bad {
			r.warn("a tag has characters that Kustomer does not allow, or more than 64: it was left out")
		}
		return bad
	})
}

// atMost shortens a list to a limit of Kustomer, which refuses a whole request that exceeds it.
func (r *renderer) atMost(limit int, what string, list []string) []string {
	if len(list) <= limit {
		return list
	}
	r.warn("more than %d %s: the last %d were left out", limit, what, len(list)-limit)
	return list[:limit]
}

// ids fills a list of ids and drops values that are not Kustomer ids. An agent created in
// babelforce or imported from another system has no Kustomer user id.
func (r *renderer) ids(what string, templates []Template) []string {
	var ids []string
	for _, t := range templates {
		id, allAbsent := r.fill(t)
		switch {
		case allAbsent && t.mentions("agent.sourceId"):
			r.warn("the agent has no sourceId: the conversation was not assigned")
		case allAbsent || id == "":
		case !IsObjectID(id):
			r.warn("a %s to assign is not a Kustomer %s id (24 hexadecimal digits): it was left out", what, what)
		case !slices.Contains(ids, id):
			ids = append(ids, id)
		}
	}
	return ids
}

// custom converts attributes to the types of their suffixes. It leaves out absent values, and
// values that cannot be converted with a warning.
func (r *renderer) custom(attributes []Attribute) map[string]any {
	custom := make(map[string]any, len(attributes))
	for _, a := range attributes {
		value := r.typed(a.Template)
		if value == nil {
			continue
		}
		converted, err := a.Convert(value)
		if err != nil {
			r.warn("attribute %s was left out: its value is not %v", a.Name, err)
			continue
		}
		custom[a.Name] = converted
	}
	return custom
}

// typed returns the value of a template. If the template is a single placeholder without a
// format, the value keeps its type; otherwise it is text. It is nil if nothing is known.
func (r *renderer) typed(t Template) any {
	if only, ok := t.Only(); ok && only.Format == "" {
		if value := r.value(only.Name); value != nil {
			return value
		}
	}
	if text, allAbsent := r.fill(t); !allAbsent && text != "" {
		return text
	}
	return nil
}

// cut shortens a text to a length as Kustomer counts it, and marks the cut.
func cut(text string, limit int) string {
	const mark = "…"
	if Length(text) <= limit {
		return text
	}
	left := limit - Length(mark)
	for at, char := range text {
		if left -= utf16.RuneLen(char); left < 0 {
			return text[:at] + mark
		}
	}
	return text
}

func joinLines(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "\n" + b
}

// union adds the items that the list does not contain. Kustomer refuses lists with repetitions.
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
