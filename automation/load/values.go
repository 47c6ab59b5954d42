package load

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// isEmpty reports whether a value is empty. An empty value changes nothing.
func isEmpty(n *yaml.Node) bool { return isNull(n) || n.Kind == yaml.ScalarNode && n.Value == "" }

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

// scalar returns a node's value as text. Absent values are empty.
func (l *loader) scalar(n *yaml.Node, what string) string {
	switch {
	case n.Kind == yaml.MappingNode && n.Style&yaml.FlowStyle != 0:
		l.complain(n, "%s must be a single value; put a text that begins with a brace in quotes", what)
		return ""
	case n.Kind != yaml.ScalarNode:
		l.complain(n, "%s must be a single value", what)
		return ""
	case isNull(n) && n.Anchor == "":
		return ""
	}
	l.asWritten(n)
	return n.Value
}

// asWritten complains about a text that YAML reads as an anchor or a tag, and warns about
// typographic quotes.
func (l *loader) asWritten(n *yaml.Node) {
	switch first, last := firstAndLast(n.Value); {
	case n.Anchor != "":
		l.complain(n, "anchors are not supported: put a text that begins with & in quotes")
	case !strings.HasPrefix(n.Tag, "!!"):
		l.complain(n, "the tag %s is not supported: put a text that begins with ! in quotes", n.Tag)
	case isPlain(n) && strings.ContainsRune(typographic, first) && strings.ContainsRune(typographic, last):
		l.warn(n, `the quotes in %s are part of the text: YAML's own are " and '`, n.Value)
	}
}

// typographic are the quotes that word processors and chat programs put in place of " and '.
const typographic = "“”„‟‘’‚‛«»‹›"

func firstAndLast(text string) (first, last rune) {
	first, _ = utf8.DecodeRuneInString(text)
	last, _ = utf8.DecodeLastRuneInString(text)
	return first, last
}

func isPlain(n *yaml.Node) bool {
	return n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) == 0
}

// choice reads one of several words.
func (l *loader) choice(n *yaml.Node, what string, words ...string) string {
	word := l.scalar(n, what)
	if word != "" && !slices.Contains(words, word) {
		l.complain(n, "%s cannot be %q%s", what, word, orOneOf(word, words))
		return ""
	}
	return word
}

// integer reads a whole number within bounds, or 0 if the value is empty.
func (l *loader) integer(n *yaml.Node, what string, low, high int) int {
	text := l.scalar(n, what)
	if isEmpty(n) || n.Kind != yaml.ScalarNode {
		return 0
	}
	value, err := strconv.Atoi(text)
	if err != nil || value < low || value > high {
		l.complain(n, "%s must be a whole number from %d to %d", what, low, high)
		return 0
	}
	return value
}

// duration reads a length of time within bounds, or 0 if the value is empty.
func (l *loader) duration(n *yaml.Node, what string, low, high time.Duration, bounds string) time.Duration {
	text := l.scalar(n, what)
	if isEmpty(n) || n.Kind != yaml.ScalarNode {
		return 0
	}
	value, err := time.ParseDuration(text)
	if err != nil || value < low || value > high {
		l.complain(n, "%s must be a length of time from %s, written like 90s or 1h30m", what, bounds)
		return 0
	}
	return value
}

func (l *loader) boolean(n *yaml.Node, what string) bool {
	if n.Kind != yaml.ScalarNode || n.Tag != "!!bool" {
		l.complain(n, "%s must be true or false", what)
		return false
	}
	return strings.EqualFold(n.Value, "true")
}
