package automation

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/callthread/callthread/call"
)

const always = "always"

// maxPatterns bounds the memory of a file's patterns: seven characters of one, x{1000}, take some 40 KB.
const maxPatterns = 5000

// namedTriggers reads the triggers that automations can name. They may be used
// on any event, so what an event cannot know is checked where they are used.
func (l *loader) namedTriggers(n *yaml.Node) {
	l.pairs(n, `"triggers"`, func(key, value *yaml.Node) {
		if strings.EqualFold(key.Value, always) {
			l.complain(key, "%q cannot be the name of a trigger: it means that there is none", key.Value)
		}
		l.named[key.Value] = &namedTrigger{node: value, checked: make(map[call.Kind]bool)}
	})
}

// namedTrigger is a trigger that automations can name. It is read once: many
// automations may name one trigger of many conditions.
type namedTrigger struct {
	node    *yaml.Node
	read    *trigger
	checked map[call.Kind]bool
}

// readNamed reads a trigger as if it were for an event that knows everything.
func (l *loader) readNamed(named *namedTrigger) trigger {
	if named.read == nil {
		t := l.trigger(named.node, "")
		named.read = &t
	}
	return *named.read
}

// namedTrigger is a trigger for an event, which may know less than the trigger asks for.
func (l *loader) namedTrigger(named *namedTrigger, event call.Kind, use *yaml.Node) trigger {
	t := l.readNamed(named)
	if named.checked[event] {
		return t
	}
	named.checked[event] = true
	for _, c := range t.conditions {
		if c.part.placeholder == nil {
			continue // it is unknown on every event, as was said
		}
		if _, err := l.find(event)(c.part.name); err != nil {
			l.complainAt(c.line, c.column, fmt.Sprintf("%v (used on %s on line %d)", err, eventNames[event], use.Line))
		}
	}
	return t
}

// unusedTriggers checks those that no automation names.
func (l *loader) unusedTriggers() {
	for _, named := range l.named {
		l.readNamed(named)
	}
}

// triggerOf reads what an automation says under "trigger": always, a trigger's name, or a trigger.
func (l *loader) triggerOf(n *yaml.Node, event call.Kind) trigger {
	if n.Kind != yaml.ScalarNode {
		return l.trigger(n, event)
	}
	name := l.scalar(n, `"trigger"`)
	if strings.EqualFold(name, always) || name == "" {
		return trigger{}
	}
	named, ok := l.named[name]
	if !ok {
		names := append(slices.Collect(maps.Keys(l.named)), always)
		l.complain(n, `unknown trigger %q%s; triggers are listed under "triggers"`, name, suggest(name, names))
		return trigger{}
	}
	return l.namedTrigger(named, event, n)
}

func (l *loader) trigger(n *yaml.Node, event call.Kind) (t trigger) {
	l.mapping(n, "a trigger", map[string]func(*yaml.Node){
		"type":   func(n *yaml.Node) { t.any = l.choice(n, `"type"`, "ALL", "ANY") == "ANY" },
		"invert": func(n *yaml.Node) { t.invert = l.boolean(n, `"invert"`) },
		"conditions": func(n *yaml.Node) {
			l.sequence(n, `"conditions"`, "", func(item *yaml.Node) { t.conditions = append(t.conditions, l.condition(item, event)) })
		},
	}, "conditions")
	return t
}

func (l *loader) condition(n *yaml.Node, event call.Kind) (c condition) {
	var expectation *yaml.Node
	l.mapping(n, "a condition", map[string]func(*yaml.Node){
		"expression":  func(n *yaml.Node) { l.expression(n, event, &c) },
		"operator":    func(n *yaml.Node) { c.operator = l.choice(n, `"operator"`, slices.Sorted(maps.Keys(operators))...) },
		"expectation": func(n *yaml.Node) { expectation = n },
	}, "expression", "operator")
	if c.operator == "" {
		return c
	}
	switch takes := operators[c.operator]; {
	case takes && expectation == nil:
		l.complain(n, `operator %s needs an "expectation"`, c.operator)
	case !takes && expectation != nil:
		l.complain(expectation, "operator %s takes no expectation", c.operator)
	case takes:
		l.expectation(expectation, &c)
	}
	return c
}

func (l *loader) expression(n *yaml.Node, event call.Kind, c *condition) {
	// babelforce writes expressions without braces; people may put them all the same.
	text := strings.TrimSpace(l.scalar(n, `"expression"`))
	text = strings.TrimSpace(strings.TrimSuffix(strings.TrimPrefix(text, "{"), "}"))
	part, err := parsePlaceholder(text, l.find(event))
	if err != nil {
		l.complain(n, "%v", err)
		return
	}
	c.part, c.kind, c.line, c.column = part, part.placeholder.kind, n.Line, n.Column
	switch formatName(text) {
	case "":
	case "unix":
		c.kind = number
	default:
		c.kind = "" // the format makes text of it
	}
}

// expectation reads what an expression is compared with. One that no value of
// the expression can ever meet is a mistake.
func (l *loader) expectation(n *yaml.Node, c *condition) {
	c.expectation = l.scalar(n, `"expectation"`)
	switch c.operator {
	case "LIKE":
		c.pattern = l.pattern(n, likePattern(c.expectation))
	case "REGEXP":
		c.pattern = l.pattern(n, c.expectation)
	case "EQ", "NEQ":
		if c.expectation != "" && c.expectation != c.part.fallback { // both are values that it can have
			l.comparable(n, c)
		}
	case "GT", "GE", "LT", "LE":
		l.comparable(n, c)
	}
}

func (l *loader) pattern(n *yaml.Node, pattern string) *regexp.Regexp {
	if l.patterns += len(pattern); l.patterns > maxPatterns {
		l.complain(n, "the patterns of REGEXP and LIKE are longer than %d characters in all", maxPatterns)
		return nil
	}
	compiled, err := regexp.Compile(pattern)
	if err != nil {
		l.complain(n, "not a regular expression: %v", err)
	}
	return compiled
}

// vocabulary are the words that some placeholders are limited to.
var vocabulary = map[string][]string{
	"call.direction": {call.In, call.Out},
	"call.endedBy":   {"caller", "agent", "flow"},
	"call.outcome":   append(outcomes(), abandoned),
}

func outcomes() (words []string) {
	for _, outcome := range call.Outcomes() {
		words = append(words, string(outcome))
	}
	return words
}

// comparable checks that an expectation is of the kind of what it is compared with.
func (l *loader) comparable(n *yaml.Node, c *condition) {
	words := vocabulary[c.part.name]
	if (c.operator == "EQ" || c.operator == "NEQ") && words != nil && c.part.format == nil {
		if !slices.Contains(words, c.expectation) {
			l.complain(n, "{%s} is never %q%s", c.part.name, n.Value, orList(suggest(c.expectation, slices.Clone(words)), words))
		}
		return
	}
	var ok bool
	var must string
	switch c.kind {
	case flag:
		c.expectation = strings.ToLower(c.expectation)
		ok, must = c.expectation == "true" || c.expectation == "false", "true or false"
	case number, seconds:
		_, err := toNumber(c.expectation)
		ok, must = err == nil, "a number"
	case instant:
		_, err := time.Parse(time.RFC3339, c.expectation)
		ok, must = err == nil, "a time such as 2026-11-23T12:00:00Z"
	default:
		return
	}
	if !ok {
		l.complain(n, "{%s} is compared with %q, which must be %s", c.part.name, n.Value, must)
	}
}
