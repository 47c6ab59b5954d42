package load

import (
	"errors"
	"maps"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/call"
)

// maxPatterns limits the memory of a file's patterns: the seven characters x{1000} take some 40 KB.
const maxPatterns = 5000

// condition reads a condition. It also returns the node of its expression.
func (l *loader) condition(n *yaml.Node, event call.Kind) (c automation.Condition, at *yaml.Node) {
	var expectation *yaml.Node
	l.mapping(n, "a condition", map[string]func(*yaml.Node){
		"expression": func(n *yaml.Node) { at, c.Expression = n, l.expression(n, event) },
		"operator": func(n *yaml.Node) {
			c.Operator = l.choice(n, `"operator"`, slices.Sorted(maps.Keys(automation.Operators))...)
		},
		"expectation": func(n *yaml.Node) { expectation = n },
	}, "expression", "operator")
	if c.Operator == "" {
		return c, at
	}
	switch takes := automation.Operators[c.Operator]; {
	case takes && expectation == nil:
		l.complain(n, `operator %s needs an "expectation"`, c.Operator)
	case !takes && expectation != nil:
		l.complain(expectation, "operator %s takes no expectation", c.Operator)
	case takes:
		l.expectation(expectation, &c)
	}
	return c, at
}

func (l *loader) expression(n *yaml.Node, event call.Kind) automation.Part {
	// babelforce writes expressions without braces. Braces are accepted too.
	text := strings.TrimSpace(l.scalar(n, `"expression"`))
	text = strings.TrimSpace(strings.TrimSuffix(strings.TrimPrefix(text, "{"), "}"))
	part, err := parsePlaceholder(text, l.check(event))
	if err != nil {
		l.complain(n, "%v", err)
		return automation.Part{}
	}
	l.mayBeLater(n, part.Name, event)
	return part
}

// expectation reads the value with which an expression is compared.
func (l *loader) expectation(n *yaml.Node, c *automation.Condition) {
	c.Expectation = l.scalar(n, `"expectation"`)
	if c.Expression.Kind() == automation.Flag && slices.Contains(equality, c.Operator) {
		c.Expectation = strings.ToLower(c.Expectation)
	}
	switch c.Operator {
	case "LIKE":
		c.Pattern = l.pattern(n, likePattern(c.Expectation))
	case "REGEXP":
		c.Pattern = l.pattern(n, c.Expectation)
	}
	if c.Expression.Name != "" && (c.Pattern != nil || c.Operator != "LIKE" && c.Operator != "REGEXP") {
		l.possible(n, *c)
	}
}

// likePattern translates a pattern of SQL's LIKE, in which % is any text and _ any character, into
// a regular expression.
func likePattern(like string) string {
	return "(?is)^" + strings.NewReplacer("%", ".*", "_", ".").Replace(regexp.QuoteMeta(like)) + "$"
}

func (l *loader) pattern(n *yaml.Node, pattern string) *regexp.Regexp {
	if l.patterns += len(pattern); l.patterns > maxPatterns {
		l.complain(n, "the patterns of REGEXP and LIKE are longer than %d characters in all", maxPatterns)
		return nil
	}
	compiled, err := regexp.Compile(pattern)
	if err != nil {
		l.complain(n, "not a regular expression: %v%s", err, escapeSign(err))
		return nil
	}
	if parsed, err := syntax.Parse(pattern, syntax.Perl); err == nil && repeatsNothing(parsed) {
		l.complain(n, "in %q a sign of repetition has no character before it: %s", pattern, escaped)
	}
	return compiled
}

const escaped = `write \+, \* or \? for the character itself`

// escapeSign returns a hint on how to escape a repetition sign that was meant as a character.
func escapeSign(err error) string {
	var wrong *syntax.Error
	if errors.As(err, &wrong) && wrong.Code == syntax.ErrMissingRepeatArgument {
		return ": " + escaped
	}
	return ""
}

// repeatsNothing reports whether an expression repeats a position instead of characters. In
// "^+49", the + repeats the beginning of the text.
func repeatsNothing(e *syntax.Regexp) bool {
	switch e.Op {
	case syntax.OpStar, syntax.OpPlus, syntax.OpQuest, syntax.OpRepeat:
		if isPlace(e.Sub[0]) {
			return true
		}
	}
	return slices.ContainsFunc(e.Sub, repeatsNothing)
}

func isPlace(e *syntax.Regexp) bool {
	switch e.Op {
	case syntax.OpBeginLine, syntax.OpEndLine, syntax.OpBeginText, syntax.OpEndText, syntax.OpWordBoundary, syntax.OpNoWordBoundary,
		syntax.OpEmptyMatch:
		return true
	}
	return false
}
