package automation

import (
	"maps"
	"regexp"
	"slices"
	"strings"

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
		l.named[key.Value] = &namedTrigger{node: value, read: make(map[call.Kind]trigger)}
	})
}

// namedTrigger is a trigger that automations can name. It is read once for
// each event: many automations may name one trigger of many conditions.
type namedTrigger struct {
	node *yaml.Node
	read map[call.Kind]trigger
}

func (l *loader) namedTrigger(named *namedTrigger, event call.Kind) trigger {
	if _, ok := named.read[event]; !ok {
		named.read[event] = l.trigger(named.node, event)
	}
	return named.read[event]
}

// unusedTriggers checks those that no automation names, as if on the event that knows the most.
func (l *loader) unusedTriggers() {
	for _, named := range l.named {
		if len(named.read) == 0 {
			l.namedTrigger(named, call.Finished)
		}
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
	return l.namedTrigger(named, event)
}

func (l *loader) trigger(n *yaml.Node, event call.Kind) (t trigger) {
	l.mapping(n, "a trigger", map[string]func(*yaml.Node){
		"type":   func(n *yaml.Node) { t.any = l.choice(n, `"type"`, "ALL", "ANY") == "ANY" },
		"invert": func(n *yaml.Node) { t.invert = l.boolean(n, `"invert"`) },
		"conditions": func(n *yaml.Node) {
			l.sequence(n, `"conditions"`, func(item *yaml.Node) { t.conditions = append(t.conditions, l.condition(item, event)) })
		},
	}, "conditions")
	return t
}

func (l *loader) condition(n *yaml.Node, event call.Kind) (c condition) {
	var expectation *yaml.Node
	l.mapping(n, "a condition", map[string]func(*yaml.Node){
		"expression": func(n *yaml.Node) {
			// babelforce writes expressions without braces; people may put them all the same.
			text := strings.TrimSuffix(strings.TrimPrefix(l.scalar(n, `"expression"`), "{"), "}")
			part, err := parsePlaceholder(text, l.find(event))
			if err != nil {
				l.complain(n, "%v", err)
			}
			c.part = part
		},
		"operator":    func(n *yaml.Node) { c.operator = l.choice(n, `"operator"`, slices.Sorted(maps.Keys(operators))...) },
		"expectation": func(n *yaml.Node) { expectation = n },
	}, "expression", "operator")
	if c.operator == "" {
		return c
	}
	switch takes := operators[c.operator]; {
	case takes && expectation == nil:
		l.complain(n, `operator %s needs an "expectation"`, c.operator)
		return c
	case !takes && expectation != nil:
		l.complain(expectation, "operator %s takes no expectation", c.operator)
		return c
	case !takes:
		return c
	}
	c.expectation = l.scalar(expectation, `"expectation"`)
	pattern := c.expectation
	switch c.operator {
	case "LIKE":
		pattern = likePattern(pattern)
	case "REGEXP":
	default:
		return c
	}
	if l.patterns += len(pattern); l.patterns > maxPatterns {
		l.complain(expectation, "the patterns of REGEXP and LIKE are longer than %d characters in all", maxPatterns)
		return c
	}
	compiled, err := regexp.Compile(pattern)
	if err != nil {
		l.complain(expectation, "not a regular expression: %v", err)
	}
	c.pattern = compiled
	return c
}
