package automation

import (
	"slices"
	"strings"
)

// Template is a text with placeholders.
type Template []Part

// Part is a literal text or, if it has a name, a placeholder.
type Part struct {
	Literal string
	Name    string
	Format  string // the name of the value's format; empty leaves the value unchanged
	Default string // the text for an absent value
}

// Kind returns the kind of the part's text: the placeholder's kind, or the kind that the format
// produces.
func (p Part) Kind() Kind {
	switch p.Format {
	case "":
		return KindOf(p.Name)
	case "unix":
		return Number
	}
	return Text
}

// Values returns all texts that a placeholder can have, including its default, or nil if the set
// is not fixed. An absent value without a default is not included.
func (p Part) Values() (texts []string) {
	for _, value := range values[p.Name] {
		texts = append(texts, p.write(value, locale{}))
	}
	if texts != nil && p.Default != "" {
		texts = append(texts, p.Default)
	}
	return texts
}

// Literal returns the text of a template without placeholders, or false if it has any.
func (t Template) Literal() (text string, ok bool) {
	for _, p := range t {
		if p.Name != "" {
			return "", false
		}
		text += p.Literal
	}
	return text, true
}

// Only returns the placeholder of a template that consists of a single placeholder.
func (t Template) Only() (only Part, ok bool) {
	if len(t) == 1 && t[0].Name != "" {
		return t[0], true
	}
	return Part{}, false
}

// mentions reports whether the template contains a placeholder of this name.
func (t Template) mentions(name string) bool {
	return slices.ContainsFunc(t, func(p Part) bool { return p.Name == name })
}

// lines splits a template at the line breaks of its literals.
func (t Template) lines() []Template {
	lines := []Template{nil}
	for _, p := range t {
		if p.Name != "" {
			lines[len(lines)-1] = append(lines[len(lines)-1], p)
			continue
		}
		for i, literal := range strings.Split(p.Literal, "\n") {
			if i > 0 {
				lines = append(lines, nil)
			}
			lines[len(lines)-1] = append(lines[len(lines)-1], Part{Literal: literal})
		}
	}
	return lines
}
