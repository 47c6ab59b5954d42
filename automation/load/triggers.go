package load

import (
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/call"
)

const always = "always"

// namedTriggers collects the triggers that automations can name. A named trigger may be used on
// any event, so its placeholders are checked against the event at each use.
func (l *loader) namedTriggers(n *yaml.Node) {
	l.pairs(n, `"triggers"`, func(key, value *yaml.Node) {
		if strings.EqualFold(key.Value, always) {
			l.complain(key, "%q cannot be the name of a trigger: it means that the automation has no trigger", key.Value)
		}
		l.named[key.Value] = &namedTrigger{node: value, checked: make(map[call.Kind]bool)}
	})
}

// namedTrigger is a trigger that automations can name. It is read once, because many automations
// may name a trigger with many conditions.
type namedTrigger struct {
	node        *yaml.Node
	read        *automation.Trigger
	expressions []expression
	checked     map[call.Kind]bool
}

// expression is the placeholder name of a condition's expression and its node.
type expression struct {
	name string
	node *yaml.Node
}

// readNamed reads a named trigger without an event, so that every placeholder is allowed.
func (l *loader) readNamed(named *namedTrigger) automation.Trigger {
	if named.read == nil {
		t, expressions := l.trigger(named.node, "")
		named.read, named.expressions = &t, expressions
	}
	return *named.read
}

// namedTrigger returns a named trigger, and complains about expressions that are not known on the
// event.
func (l *loader) namedTrigger(named *namedTrigger, event call.Kind, use *yaml.Node) automation.Trigger {
	t := l.readNamed(named)
	if named.checked[event] {
		return t
	}
	named.checked[event] = true
	for _, e := range named.expressions {
		if err := l.usable(e.name, event); err != nil {
			l.complain(e.node, "%v (used on %s on line %d)", err, automation.EventNames[event], use.Line)
		}
		l.mayBeLater(e.node, e.name, event)
	}
	return t
}

// unusedTriggers reads the triggers that no automation names, which reports their problems.
func (l *loader) unusedTriggers() {
	for _, named := range l.named {
		l.readNamed(named)
	}
}

// triggerOf reads the "trigger" of an automation: always, the name of a trigger, or a trigger.
func (l *loader) triggerOf(n *yaml.Node, event call.Kind) automation.Trigger {
	if n.Kind != yaml.ScalarNode {
		t, _ := l.trigger(n, event)
		return t
	}
	name := l.scalar(n, `"trigger"`)
	if strings.EqualFold(name, always) || name == "" {
		return automation.Trigger{}
	}
	named, ok := l.named[name]
	if !ok {
		names := append(slices.Collect(maps.Keys(l.named)), always)
		l.complain(n, `unknown trigger %q%s; triggers are listed under "triggers"`, name, suggest(name, names))
		return automation.Trigger{}
	}
	return l.namedTrigger(named, event, n)
}

// trigger reads a trigger. It also returns the valid expressions of its conditions.
func (l *loader) trigger(n *yaml.Node, event call.Kind) (t automation.Trigger, expressions []expression) {
	l.mapping(n, "a trigger", map[string]func(*yaml.Node){
		"type":   func(n *yaml.Node) { t.Any = l.choice(n, `"type"`, "ALL", "ANY") == "ANY" },
		"invert": func(n *yaml.Node) { t.Invert = l.boolean(n, `"invert"`) },
		"conditions": func(n *yaml.Node) {
			l.sequence(n, `"conditions"`, "", func(item *yaml.Node) {
				c, at := l.condition(item, event)
				t.Conditions = append(t.Conditions, c)
				if c.Expression.Name != "" {
					expressions = append(expressions, expression{c.Expression.Name, at})
				}
			})
		},
	}, "conditions")
	return t, expressions
}
