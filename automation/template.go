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
	Format  string // how the value is written; empty is as it is
	Default string // what stands for an absent value
}

// Kind is what a part's text is: its placeholder's kind, or text where a format makes it that.
func (p Part) Kind() Kind {
	switch p.Format {
	case "":
		return KindOf(p.Name)
	case "unix":
		return Number
	}
	return Text
}

// Values are all texts that a placeholder can have, its default among them; nil
// where they cannot be counted. That the value is absent is not among them.
func (p Part) Values() (texts []string) {
	for _, value := range values[p.Name] {
		texts = append(texts, p.write(value, locale{}))
	}
	if texts != nil && p.Default != "" {
		texts = append(texts, p.Default)
	}
	return texts
}

// Literal is the text of a template without placeholders.
func (t Template) Literal() (text string, ok bool) {
	for _, p := range t {
		if p.Name != "" {
			return "", false
		}
		text += p.Literal
	}
	return text, true
}

// Only is the placeholder that is all there is to the template, if it is one.
func (t Template) Only() (only Part, ok bool) {
	if len(t) == 1 && t[0].Name != "" {
		return t[0], true
	}
	return Part{}, false
}

// mentions reports whether a placeholder of that name is in the template.
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
