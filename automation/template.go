package automation

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// template is a text with placeholders, parsed when the file is loaded:
// {name}, {name|default}, {name:format}, {name:format|default}; {{ and }}
// stand for the braces themselves.
type template []part

// part is a literal or, if placeholder is set, a placeholder.
type part struct {
	literal     string
	name        string
	placeholder *placeholder
	format      func(value any, at locale) string
	fallback    string
}

// lines splits a template at the line breaks of its literals.
func (t template) lines() []template {
	lines := []template{nil}
	for _, p := range t {
		if p.placeholder != nil {
			lines[len(lines)-1] = append(lines[len(lines)-1], p)
			continue
		}
		for i, literal := range strings.Split(p.literal, "\n") {
			if i > 0 {
				lines = append(lines, nil)
			}
			lines[len(lines)-1] = append(lines[len(lines)-1], part{literal: literal})
		}
	}
	return lines
}

// mentions reports whether a placeholder of that name is in the template.
func (t template) mentions(name string) bool {
	return slices.ContainsFunc(t, func(p part) bool { return p.name == name })
}

// isLiteral reports whether the template has no placeholder, and if so its text.
func (t template) isLiteral() (text string, ok bool) {
	for _, p := range t {
		if p.placeholder != nil {
			return "", false
		}
		text += p.literal
	}
	return text, true
}

// only is the placeholder that is all there is to the template, or nil.
func (t template) only() *part {
	if len(t) == 1 && t[0].placeholder != nil {
		return &t[0]
	}
	return nil
}

// mistake is something wrong in a template, at a byte of its text.
type mistake struct {
	offset int
	text   string
}

var (
	namePattern = regexp.MustCompile(`^[A-Za-z_][\w.\-]*$`)
	// What may stand between braces: a name, then a format, then a default.
	insidePattern = regexp.MustCompile(`^([A-Za-z_][\w.\-]*)(?::([^|]*))?(?:\|(.*))?$`)
)

// parseTemplate parses a text and finds all that is wrong with it. Names are
// looked up with find, which says why it knows none.
func parseTemplate(text string, find func(name string) (*placeholder, error)) (t template, mistakes []mistake) {
	var literal strings.Builder
	flush := func() {
		if literal.Len() > 0 {
			t = append(t, part{literal: literal.String()})
			literal.Reset()
		}
	}
	for i := 0; i < len(text) && len(mistakes) < maxProblems; {
		switch {
		case strings.HasPrefix(text[i:], "{{"), strings.HasPrefix(text[i:], "}}"):
			literal.WriteByte(text[i])
			i += 2
		case text[i] == '}':
			mistakes = append(mistakes, mistake{i, `a "}" with no "{" before it; write "}}" for the brace itself`})
			i++
		case text[i] == '{':
			end := strings.IndexAny(text[i+1:], "{}\n")
			if end < 0 || text[i+1+end] != '}' {
				mistakes = append(mistakes, mistake{i, `a "{" that is not closed on its line; write "{{" for the brace itself`})
				i++
				continue
			}
			p, err := parsePlaceholder(text[i+1:i+1+end], find)
			if err != nil {
				mistakes = append(mistakes, mistake{i, err.Error()})
			}
			flush()
			t = append(t, p)
			i += end + 2
		default:
			literal.WriteByte(text[i])
			i++
		}
	}
	flush()
	return t, mistakes
}

func parsePlaceholder(inside string, find func(name string) (*placeholder, error)) (part, error) {
	match := insidePattern.FindStringSubmatch(inside)
	if match == nil {
		return part{}, fmt.Errorf(`{%s} is no placeholder; one looks like {call.from}, {agent.name|nobody} or {call.dateCreated:date}`, inside)
	}
	p := part{name: match[1], fallback: match[3]}
	known, err := find(p.name)
	if err != nil {
		return part{}, err
	}
	p.placeholder = known
	if strings.HasPrefix(inside, p.name+":") {
		if p.format, err = findFormat(match[2], known.kind); err != nil {
			return part{}, fmt.Errorf("{%s}: %w", inside, err)
		}
	}
	return p, nil
}
