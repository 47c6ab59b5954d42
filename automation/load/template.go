package load

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/call"
)

// template reads a text with placeholders. The limit is its maximum [automation.Length], without the
// values of the placeholders.
func (l *loader) template(n *yaml.Node, what string, event call.Kind, limit int) automation.Template {
	t, mistakes := parseTemplate(l.scalar(n, what), l.check(event))
	for _, m := range mistakes {
		l.complainInside(n, m.offset, m.text)
	}
	literals, longest := 0, 0
	for _, p := range t {
		literals += automation.Length(p.Literal)
		longest = max(longest, automation.Length(p.Default))
		l.mayBeLater(n, p.Name, event)
	}
	if max(literals, longest) > limit {
		l.complain(n, "%s is longer than %d characters", what, limit)
	}
	return t
}

// mistake is a problem in a template, at a byte offset of its text.
type mistake struct {
	offset int
	text   string
}

var (
	namePattern = regexp.MustCompile(`^[A-Za-z_][\w.\-]*$`)
	// The text between braces: a name, then a format, then a default.
	insidePattern = regexp.MustCompile(`^([A-Za-z_][\w.\-]*)(?::([^|]*))?(?:\|(.*))?$`)
)

// braces matches the special parts of a text: escaped braces, placeholders and stray braces.
var braces = regexp.MustCompile(`\{\{|\}\}|\{[^{}\n]*\}|[{}]`)

// parseTemplate parses a text with the placeholders {name}, {name|default}, {name:format} and
// {name:format|default}. {{ and }} are literal braces. It calls check for each placeholder and
// returns all mistakes.
func parseTemplate(text string, check func(automation.Part) error) (t automation.Template, mistakes []mistake) {
	var literal strings.Builder
	flush := func() {
		if literal.Len() > 0 {
			t = append(t, automation.Part{Literal: literal.String()})
			literal.Reset()
		}
	}
	read := 0
	for _, at := range braces.FindAllStringIndex(text, -1) {
		literal.WriteString(text[read:at[0]])
		token := text[at[0]:at[1]]
		read = at[1]
		if token == "{{" || token == "}}" {
			literal.WriteString(token[:1])
			continue
		}
		part, err := parsePart(token, check)
		if err != nil {
			mistakes = append(mistakes, mistake{at[0], err.Error()})
		}
		if len(mistakes) == maxProblems {
			break
		}
		flush()
		t = append(t, part)
	}
	literal.WriteString(text[read:])
	flush()
	return t, mistakes
}

func parsePart(token string, check func(automation.Part) error) (automation.Part, error) {
	switch token {
	case "{":
		return automation.Part{}, errors.New(`a "{" that is not closed on its line; write "{{" for the brace itself`)
	case "}":
		return automation.Part{}, errors.New(`a "}" with no "{" before it; write "}}" for the brace itself`)
	}
	return parsePlaceholder(token[1:len(token)-1], check)
}

func parsePlaceholder(inside string, check func(automation.Part) error) (automation.Part, error) {
	match := insidePattern.FindStringSubmatch(inside)
	if match == nil {
		return automation.Part{}, fmt.Errorf(`{%s} is not a placeholder; a placeholder looks like {call.from}, {agent.name|nobody} or {call.dateCreated:date}`, inside)
	}
	part := automation.Part{Name: match[1], Format: match[2], Default: match[3]}
	if err := check(part); err != nil {
		return part, err
	}
	kind := automation.KindOf(part.Name)
	switch formats := automation.FormatsOf(kind); {
	case !strings.HasPrefix(inside, part.Name+":"), slices.Contains(formats, part.Format):
		return part, nil
	case formats == nil:
		return part, fmt.Errorf("{%s}: there are no formats for %s", inside, kind)
	default:
		return part, fmt.Errorf("{%s}: format %q does not exist for %s: use %s", inside, part.Format, kind, strings.Join(formats, ", "))
	}
}

// check returns a function that refuses a placeholder that an automation of the event cannot use.
// If the event is empty, it refuses only placeholders that no automation can use.
func (l *loader) check(event call.Kind) func(automation.Part) error {
	return func(p automation.Part) error { return l.usable(p.Name, event) }
}

func (l *loader) usable(name string, event call.Kind) error {
	known, ok := automation.Placeholders[name]
	switch {
	case l.fields[name]:
		return nil
	case !ok:
		return fmt.Errorf("unknown placeholder {%s}%s", name, l.meantPlaceholder(name))
	case event != "" && !slices.Contains(known.Known, event) && len(known.Known) == 1:
		return fmt.Errorf("{%s} is known on %s only", name, automation.EventNames[known.Known[0]])
	case event != "" && !slices.Contains(known.Known, event):
		return fmt.Errorf("{%s} is not known yet on %s, only from %s on", name, automation.EventNames[event], automation.EventNames[known.Known[0]])
	case name == automation.TeamOfQueue && len(l.set.Queues) == 0:
		return fmt.Errorf(`{%s} needs the table "queues", which maps queues to Kustomer teams`, name)
	case name == automation.NameOfNumber && len(l.set.Numbers) == 0:
		return fmt.Errorf(`{%s} needs the table "numbers", which names your numbers`, name)
	case name == automation.TeamOfNumber && !l.numbersHaveTeams():
		return fmt.Errorf(`{%s} needs a "team" in the table "numbers"`, name)
	case name == automation.WithinServiceLevel && l.set.ServiceLevel == 0:
		return fmt.Errorf(`{%s} needs "serviceLevel", such as 20s, the longest wait that is within the service level`, name)
	}
	l.usesServiceLevel = l.usesServiceLevel || name == automation.WithinServiceLevel
	return nil
}

func (l *loader) meantPlaceholder(name string) string {
	if l.overwhelmed() {
		return ""
	}
	names := slices.Concat(slices.Collect(maps.Keys(automation.Placeholders)), slices.Collect(maps.Keys(l.fields)))
	return cmp.Or(suggest(name, names), `; a field of your own must be listed under "fields"`)
}

// mayBeLater warns, once for each event, about a declared field that is used on the first event
// of a call. A call flow rarely sets a field that early.
func (l *loader) mayBeLater(n *yaml.Node, name string, event call.Kind) {
	if !automation.Begins(event) || !l.fields[name] {
		return
	}
	text := fmt.Sprintf("{%s} is known on %s only if its webhook carries it: what the flow sets later is known from call.bridged on",
		name, automation.EventNames[event])
	if !slices.ContainsFunc(l.warnings, func(p Problem) bool { return p.Text == text }) {
		l.warn(n, "%s", text)
	}
}
