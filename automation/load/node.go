package load

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/callthread/callthread/automation"
)

// loader reads a file and collects its problems and warnings.
type loader struct {
	file     string
	lines    []string
	problems Problems
	warnings Problems
	fields   map[string]bool          // extra fields that placeholders may name
	named    map[string]*namedTrigger // triggers that automations can name
	patterns int                      // the total length of all patterns

	set              *automation.Set       // what was read so far; tables are read before automations
	country          string                // applies to numbers without a country code
	ownNumbers       map[string]*yaml.Node // the nodes of the call centre's own numbers
	ignored          map[string]*yaml.Node // the nodes of the ignored called numbers
	usesServiceLevel bool                  // an automation uses the service level
}

// overwhelmed reports whether the maximum number of problems is reached.
func (l *loader) overwhelmed() bool { return len(l.problems) >= maxProblems }

// complain adds a problem at a node.
func (l *loader) complain(at *yaml.Node, text string, args ...any) {
	l.complainAt(at.Line, at.Column, fmt.Sprintf(text, args...))
}

func (l *loader) complainAt(line, column int, text string) {
	l.problems = l.problems.with(Problem{File: l.file, Line: line, Column: column, Text: text})
}

// warn adds a warning at a node.
func (l *loader) warn(at *yaml.Node, text string, args ...any) {
	l.warnings = l.warnings.with(Problem{File: l.file, Line: at.Line, Column: at.Column, Text: fmt.Sprintf(text, args...)})
}

// complainInside adds a problem at a brace in a scalar's value.
func (l *loader) complainInside(at *yaml.Node, offset int, text string) {
	if l.overwhelmed() {
		return
	}
	line, column := l.brace(at, strings.Count(at.Value[:offset], "{")+strings.Count(at.Value[:offset], "}"))
	l.complainAt(line, column, text)
}

// brace returns the position in the file of a brace in a scalar's value. The brace is given by its
// number, from 0. YAML folds lines, strips indentation and has escapes, but every style keeps the
// braces and their order.
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
	return at.Line, at.Column // the brace is written as an escape
}

// mapping calls the reader of each key, in the file's order. It complains about keys that are
// unknown or repeated, and about required keys that are missing or empty.
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
			l.complain(key, "%q appears twice", key.Value)
		case !known:
			names := slices.Sorted(maps.Keys(readers))
			meant[closest(key.Value, names)] = true
			l.complain(key, "unknown key %q in %s%s", key.Value, what, cmp.Or(elsewhere[what][key.Value], suggest(key.Value, names), oneOf(names)))
		case l.isAlias(value):
		case slices.Contains(required, key.Value) && value.Kind == yaml.ScalarNode && value.Value == "":
			l.complain(key, "%q is empty, but %s needs it", key.Value, what)
		default:
			read(value)
		}
		seen[key.Value] = true
	}
	for _, name := range required {
		if !seen[name] && !meant[name] {
			l.complain(n, "%s needs %q", what, name)
		}
	}
}

// sequence calls read for each item. If the node is not a list, the message ends with the example.
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

// pairs visits the entries of a mapping whose keys the file chooses.
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
			l.complain(key, "%q appears twice", key.Value)
		case !l.isAlias(value):
			visit(key, value)
		}
		seen[key.Value] = true
	}
}

// isAlias reports whether the node is an alias, and complains about it.
func (l *loader) isAlias(n *yaml.Node) bool {
	if n.Kind == yaml.AliasNode {
		l.complain(n, "aliases are not supported: write the value out")
	}
	return n.Kind == yaml.AliasNode
}
