package automation

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// loader reads a file and collects all that is wrong with it.
type loader struct {
	file     string
	lines    []string
	problems Problems
	fields   map[string]bool          // extra fields that placeholders may name
	queues   table                    // teams by queue
	named    map[string]*namedTrigger // triggers that automations can name
	patterns int                      // how long the patterns are that triggers match with, in all
}

// maxProblems is more than anybody reads, and few enough that a file of nothing but mistakes is refused at once.
const maxProblems = 500

// overwhelmed says that there is no point in looking for more.
func (l *loader) overwhelmed() bool { return len(l.problems) >= maxProblems }

// complain notes a problem at a node.
func (l *loader) complain(at *yaml.Node, text string, args ...any) {
	l.complainAt(at.Line, at.Column, fmt.Sprintf(text, args...))
}

func (l *loader) complainAt(line, column int, text string) {
	problem := Problem{File: l.file, Line: line, Column: column, Text: text}
	// What a trigger gets wrong is found once for each event that it is used on.
	if !l.overwhelmed() && !slices.Contains(l.problems, problem) {
		l.problems = append(l.problems, problem)
	}
}

// complainInside notes a problem at a brace of a scalar's value.
func (l *loader) complainInside(at *yaml.Node, offset int, text string) {
	if l.overwhelmed() {
		return
	}
	line, column := l.brace(at, strings.Count(at.Value[:offset], "{")+strings.Count(at.Value[:offset], "}"))
	l.complainAt(line, column, text)
}

// brace finds the brace of a scalar's value, by its number from 0, in the file.
// YAML folds lines, strips indentation and knows escapes, but every style
// leaves the braces as they are and in their order.
func (l *loader) brace(at *yaml.Node, number int) (line, column int) {
	first := at.Line - 1
	if at.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		first++ // the text begins on the line after the "|"
	}
	for i := max(first, 0); i < len(l.lines); i++ {
		column := 0
		for _, char := range l.lines[i] {
			column++
			if i == at.Line-1 && column < at.Column || char != '{' && char != '}' {
				continue
			}
			if number == 0 {
				return i + 1, column
			}
			number--
		}
	}
	return at.Line, at.Column // it was written as an escape
}

// mapping calls the reader of each key, in the file's order, and complains
// about keys that have none, that come twice, and that are required but missing or empty.
func (l *loader) mapping(n *yaml.Node, what string, readers map[string]func(*yaml.Node), required ...string) {
	if n.Kind != yaml.MappingNode {
		l.complain(n, "%s must be a mapping of names to values", what)
		return
	}
	seen, meant := make(map[string]bool), make(map[string]bool)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		read, known := readers[key.Value]
		switch {
		case seen[key.Value]:
			l.complain(key, "%q is there twice", key.Value)
		case !known:
			hint := suggest(key.Value, slices.Collect(maps.Keys(readers)))
			meant[hint] = true
			l.complain(key, "unknown key %q in %s%s", key.Value, what, cmp.Or(hint, elsewhere[what][key.Value]))
		case l.isAlias(value):
		case slices.Contains(required, key.Value) && value.Kind == yaml.ScalarNode && value.Value == "":
			l.complain(key, "%q is empty, but %s needs it", key.Value, what)
		default:
			read(value)
		}
		seen[key.Value] = true
	}
	for _, name := range required {
		if !seen[name] && !meant[didYouMean(name)] {
			l.complain(n, "%s needs %q", what, name)
		}
	}
}

// sequence calls read for each item. The example is for who gives something else, or empty.
func (l *loader) sequence(n *yaml.Node, what, example string, read func(*yaml.Node)) {
	if isEmpty(n) {
		return
	}
	if n.Kind != yaml.SequenceNode {
		l.complain(n, "%s must be a list%s", what, example)
		return
	}
	for _, item := range n.Content {
		if !l.isAlias(item) {
			read(item)
		}
	}
}

// pairs visits the entries of a mapping whose names are the user's own.
func (l *loader) pairs(n *yaml.Node, what string, visit func(key, value *yaml.Node)) {
	if isEmpty(n) {
		return
	}
	if n.Kind != yaml.MappingNode {
		l.complain(n, "%s must be a mapping of names to values", what)
		return
	}
	seen := make(map[string]bool)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch {
		case seen[key.Value]:
			l.complain(key, "%q is there twice", key.Value)
		case !l.isAlias(value):
			visit(key, value)
		}
		seen[key.Value] = true
	}
}

// isAlias complains about an alias, and reports whether the node is one.
func (l *loader) isAlias(n *yaml.Node) bool {
	if n.Kind == yaml.AliasNode {
		l.complain(n, "aliases are not supported: write the value out")
	}
	return n.Kind == yaml.AliasNode
}

// isEmpty reports whether nothing is given: what is left empty is left as it is.
func isEmpty(n *yaml.Node) bool { return isNull(n) || n.Kind == yaml.ScalarNode && n.Value == "" }

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

// scalar is a node's value as text; absent values are empty.
func (l *loader) scalar(n *yaml.Node, what string) string {
	if n.Kind == yaml.MappingNode && n.Style&yaml.FlowStyle != 0 {
		l.complain(n, "%s must be a single value; put a text that begins with a brace in quotes", what)
		return ""
	}
	if n.Kind != yaml.ScalarNode {
		l.complain(n, "%s must be a single value", what)
		return ""
	}
	if isNull(n) {
		return ""
	}
	return n.Value
}

// choice is one of several words.
func (l *loader) choice(n *yaml.Node, what string, words ...string) string {
	word := l.scalar(n, what)
	if word != "" && !slices.Contains(words, word) {
		l.complain(n, "%s cannot be %q%s", what, word, orList(suggest(word, slices.Clone(words)), words))
		return ""
	}
	return word
}

func orList(suggestion string, words []string) string {
	if suggestion != "" {
		return suggestion
	}
	return ": use one of " + strings.Join(words, ", ")
}

// integer is a whole number within bounds.
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

// duration is a length of time within bounds, 0 where none is given.
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
