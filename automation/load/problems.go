package load

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is one problem of a file, or a warning about it.
type Problem struct {
	File   string `json:"file"`
	Line   int    `json:"line"`   // from 1; 0 if the problem concerns the whole file
	Column int    `json:"column"` // from 1, in characters
	Text   string `json:"problem"`
	// Excerpt is the line with a mark below it, if Text cannot name the cause. It may contain names
	// and phone numbers, so it must not be logged.
	Excerpt string `json:"excerpt,omitempty"`
	// NeedsCountry is set if a number has no country code and no country is set.
	NeedsCountry bool `json:"needsCountry,omitempty"`
}

// String returns the problem as "file:line:column: text".
func (p Problem) String() string {
	if p.Line == 0 {
		return fmt.Sprintf("%s: %s", p.File, p.Text)
	}
	return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.Text)
}

// Problems are the problems of a file, or the warnings about it, in the order of their positions.
// [Bytes] returns them as its error.
type Problems []Problem

// Error returns the problems, one a line.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, problem := range p {
		lines[i] = problem.String()
	}
	return strings.Join(lines, "\n")
}

// maxProblems limits the problems of a file, so that a file full of mistakes is refused quickly.
const maxProblems = 500

// with adds a problem, unless it is there. A problem of a trigger is found once for each event on
// which the trigger is used, but reported once.
func (p Problems) with(problem Problem) Problems {
	if len(p) < maxProblems && !slices.Contains(p, problem) {
		p = append(p, problem)
	}
	return p
}

func (p Problems) sort() {
	slices.SortStableFunc(p, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
}
