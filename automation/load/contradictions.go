package load

import (
	"slices"

	"go.yaml.in/yaml/v4"

	"github.com/callthread/callthread/automation"
)

// contradictoryTags complains about an update that removes what it gives.
func (l *loader) contradictoryTags(n *yaml.Node, o automation.Options) {
	for _, tag := range both(slices.Concat(o.Tags, o.SetTags), o.RemoveTags) {
		l.complain(n, "the tag %q is given and removed at once", written(tag))
	}
}

// inOrder warns of automations that contradict each other about a tag, so that
// the order in which they stand in the file decides.
func (l *loader) inOrder(entries []entry) {
	for i, later := range entries {
		for _, earlier := range entries[:i] {
			if later.Event != earlier.Event || later.priority != earlier.priority || !later.updates() || !earlier.updates() ||
				exclude(earlier.Trigger, later.Trigger) {
				continue
			}
			const text = "the tag %q is %s here and %s by the automation on line %d, which has the same event and priority: " +
				"where both apply, the later one in the file decides"
			for _, tag := range both(given(later), earlier.Options.RemoveTags) {
				l.warn(later.node, text, written(tag), "given", "removed", earlier.node.Line)
			}
			for _, tag := range both(later.Options.RemoveTags, given(earlier)) {
				l.warn(later.node, text, written(tag), "removed", "given", earlier.node.Line)
			}
		}
	}
}

func (e entry) updates() bool { return e.enabled && e.Action == automation.UpdateConversation }

func given(e entry) []automation.Template { return slices.Concat(e.Options.Tags, e.Options.SetTags) }

// both are the texts that are in two lists.
func both(a, b []automation.Template) (common []automation.Template) {
	for _, t := range a {
		if slices.ContainsFunc(b, func(other automation.Template) bool { return slices.Equal(t, other) }) {
			common = append(common, t)
		}
	}
	return common
}

// opposites are operators of which one holds where the other does not.
var opposites = map[string]string{
	"EQ": "NEQ", "GIVEN": "NOT_GIVEN", "IS_NOT_NULL": "IS_NULL", "CONTAINS": "NOT_CONTAINS", "LT": "GE", "GT": "LE",
	"NEQ": "EQ", "NOT_GIVEN": "GIVEN", "IS_NULL": "IS_NOT_NULL", "NOT_CONTAINS": "CONTAINS", "GE": "LT", "LE": "GT",
}

// exclude reports whether two triggers are seen never to hold for the same
// call: one is the other inverted, or they have conditions that exclude each other.
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

// written is a template as it is written in the file, without formats and defaults.
func written(t automation.Template) (text string) {
	for _, p := range t {
		if p.Name != "" {
			text += inBraces(p)
		}
		text += p.Literal
	}
	return text
}
