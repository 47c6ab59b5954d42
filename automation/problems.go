package automation

import (
	"fmt"
	"slices"
	"strings"

	"github.com/xrash/smetrics"
)

// Problem is one thing that is wrong with a file.
type Problem struct {
	File   string `json:"file"`
	Line   int    `json:"line"`   // from 1; 0 where the problem is with the file as a whole
	Column int    `json:"column"` // from 1, in characters
	Text   string `json:"problem"`
}

func (p Problem) String() string {
	if p.Line == 0 {
		return fmt.Sprintf("%s: %s", p.File, p.Text)
	}
	return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.Text)
}

// Problems is all that is wrong with a file, in its order: how Load fails.
type Problems []Problem

func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, problem := range p {
		lines[i] = problem.String()
	}
	return strings.Join(lines, "\n")
}

// synonyms are what people write for a name of ours that is spelt quite differently.
var synonyms = map[string]string{
	"overwrite": "set", "replace": "set", "title": "name", "subject": "name", "teams": "assignedTeams", "users": "assignedUsers",
	"attributes": "custom", "conditions": "trigger", "invert": "invertTrigger", "closed": "done", "call.bridge": "call.bridged",
	"call.finish": "call.finished", "call.created": "call.inbound", "call.outgoing": "call.outbound", "call.recorded": "recording.finished",
	"recording.finish": "recording.finished", "inbound": "in", "outbound": "out",
	"=": "EQ", "==": "EQ", "!=": "NEQ", ">": "GT", ">=": "GE", "<": "LT", "<=": "LE",
}

// elsewhere says where keys belong that people look for in another mapping.
var elsewhere = map[string]map[string]string{
	"the options of " + createAction:  {"note": "; a note goes into an update of the same event, which becomes part of the creation"},
	"the options of " + messageAction: {"from": ownNumbers, "to": ownNumbers, "direction": ownNumbers},
}

const ownNumbers = "; the call's own numbers, direction and times are filled in"

// suggest is the name that was probably meant, as the end of a sentence, or nothing.
func suggest(name string, names []string) string {
	if meant := closest(name, names); meant != "" {
		return didYouMean(meant)
	}
	return ""
}

func closest(name string, names []string) string {
	if meant := synonyms[strings.ToLower(name)]; slices.Contains(names, meant) {
		return meant
	}
	best, likeness := "", 0.0
	slices.Sort(names)
	for _, candidate := range names {
		l := smetrics.JaroWinkler(strings.ToLower(name), strings.ToLower(candidate), 0.7, 4)
		if l > likeness {
			best, likeness = candidate, l
		}
	}
	const alike = 0.84 // "tag" and "tags" are, "tags" and "status" are not
	if likeness < alike {
		return ""
	}
	return best
}

func didYouMean(name string) string { return fmt.Sprintf(": did you mean %q?", name) }
