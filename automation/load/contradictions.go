package load

import (
	"slices"

	"go.yaml.in/yaml/v4"

	"github.com/callthread/callthread/automation"
)

// contradictoryTags complains about an update that adds and removes the same tag.
func (l *loader) contradictoryTags(n *yaml.Node, o automation.Options) {
	for _, tag := range both(slices.Concat(o.Tags, o.SetTags), o.RemoveTags) {
		l.complain(n, "the tag %q is both added and removed", written(tag))
	}
}

// inOrder warns about automations that contradict each other about a tag. Only their order in
// the file decides the result.
func (l *loader) inOrder(entries []entry) {
	for i, later := range entries {
		for _, earlier := range entries[:i] {
			if later.Event != earlier.Event || later.priority != earlier.priority || !later.updates() || !earlier.updates() ||
				exclude(earlier.Trigger, later.Trigger) {
				continue
			}
			const text = "the tag %q is %s here and %s by the automation on line %d, which has the same event and priority: " +
				"if both apply, the later one in the file decides"
			for _, tag := range both(added(later), earlier.Options.RemoveTags) {
				l.warn(later.node, text, written(tag), "added", "removed", earlier.node.Line)
			}
			for _, tag := range both(later.Options.RemoveTags, added(earlier)) {
				l.warn(later.node, text, written(tag), "removed", "added", earlier.node.Line)
			}
		}
	}
}

func (e entry) updates() bool { return e.enabled && e.Action == automation.UpdateConversation }

func added(e entry) []automation.Template { return slices.Concat(e.Options.Tags, e.Options.SetTags) }

// both returns the texts that two lists have in common.
func both(a, b []automation.Template) (common []automation.Template) {
	for _, t := range a {
		if slices.ContainsFunc(b, func(other automation.Template) bool { return slices.Equal(t, other) }) {
			common = append(common, t)
		}
	}
	return common
}

// opposites are pairs of operators of which exactly one holds.
var opposites = map[string]string{
	"EQ": "NEQ", "GIVEN": "NOT_GIVEN", "IS_NOT_NULL": "IS_NULL", "CONTAINS": "NOT_CONTAINS", "LT": "GE", "GT": "LE",
	"NEQ": "EQ", "NOT_GIVEN": "GIVEN", "IS_NULL": "IS_NOT_NULL", "NOT_CONTAINS": "CONTAINS", "GE": "LT", "LE": "GT",
}

// exclude reports whether two triggers cannot hold for the same call: one inverts the other, or
// two of their conditions contradict each other.
func exclude(a, b automation.Trigger) bool {
	if a.Any == b.Any && a.Invert != b.Invert && slices.EqualFunc(a.Conditions, b.Conditions, same) {
		return true
	}
	needsAll := func(t automation.Trigger) bool { return !t.Invert && (!t.Any || len(t.Conditions) == 1) }
	return needsAll(a) && needsAll(b) && slices.ContainsFunc(a.Conditions, func(x automation.Condition) bool {
		return slices.ContainsFunc(b.Conditions, func(y automation.Condition) bool { return contradict(x, y) })
	})
}

func same(a, b automation.Condition) bool {
	return a.Expression == b.Expression && a.Operator == b.Operator && a.Expectation == b.Expectation
}

func contradict(a, b automation.Condition) bool {
	switch {
	case a.Expression != b.Expression:
		return false
	case a.Operator == "EQ" && b.Operator == "EQ":
		return !a.Holds(b.Expectation) && !b.Holds(a.Expectation)
	}
	return opposites[a.Operator] == b.Operator && a.Expectation == b.Expectation
}

// written returns a template as the file contains it, without defaults.
func written(t automation.Template) (text string) {
	for _, p := range t {
		if p.Name != "" {
			text += inBraces(p)
		}
		text += p.Literal
	}
	return text
}
