package load

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is one thing that is wrong with a file.
type Problem struct {
	File   string `json:"file"`
	Line   int    `json:"line"`   // from 1; 0 where the problem is with the file as a whole
	Column int    `json:"column"` // from 1, in characters
	Text   string `json:"problem"`
	// Excerpt is the line, and a mark below it, where Text cannot name what is
	// wrong. It may hold names and numbers: it is for people, and not for logs.
	Excerpt string `json:"excerpt,omitempty"`
}

func (p Problem) String() string {
	if p.Line == 0 {
		return fmt.Sprintf("%s: %s", p.File, p.Text)
	}
	return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.Text)
}

// Problems is all that is wrong with a file, or may be, in its order: how Bytes fails.
type Problems []Problem

func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, problem := range p {
		lines[i] = problem.String()
	}
	return strings.Join(lines, "\n")
}

// maxProblems is more than anybody reads, and few enough that a file of nothing but mistakes is refused at once.
const maxProblems = 500

// with adds a problem. What a trigger gets wrong is found once for each event that it is used on, and told once.
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
