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
	node        *yaml.Node
	read        *automation.Trigger
	expressions []expression
	checked     map[call.Kind]bool
}

// expression is that of a condition, with its place in the file.
type expression struct {
	name string
	node *yaml.Node
}

// readNamed reads a trigger as if it were for an event that knows everything.
func (l *loader) readNamed(named *namedTrigger) automation.Trigger {
	if named.read == nil {
		t, expressions := l.trigger(named.node, "")
		named.read, named.expressions = &t, expressions
	}
	return *named.read
}

// namedTrigger is a trigger for an event, which may know less than the trigger asks for.
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

// unusedTriggers checks those that no automation names.
func (l *loader) unusedTriggers() {
	for _, named := range l.named {
		l.readNamed(named)
	}
}

// triggerOf reads what an automation says under "trigger": always, a trigger's name, or a trigger.
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

// trigger also returns the expressions of the conditions, as far as they are known at all.
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
