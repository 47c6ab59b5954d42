package reconcile

import (
	"strings"

	"github.com/dustin/go-humanize"
)

// inWords are the texts of the results in a statement. They follow a number of calls.
var inWords = map[Result]string{
	Matched: "conversations", Joined: "joined to an earlier conversation", NotWanted: "not wanted", Test: "test calls",
	Missed: "missing", Incomplete: "incomplete", Split: "under the id of another leg", Undecided: "undecided",
	Parked: "parked", Skipped: "with a skipped step", Terminated: "whose run was ended", Forgotten: "forgotten",
	NotYet: "not over", CannotTell: "older than Temporal remembers",
}

// InWords returns the text of the result in a statement. It follows a number of calls.
func (r Result) InWords() string { return inWords[r] }

// String returns the statement: the number of calls in the log and their results. It claims that
// no call is missing only if the comparison is complete.
func (c Comparison) String() string {
	var parts []string
	for _, result := range Results {
		if n := c.Counts[result]; n > 0 && result != Missed {
			parts = append(parts, number(n)+" "+inWords[result])
		}
	}
	missing := number(c.Counts[Missed]) + " missing"
	switch {
	case !c.IsComplete() && c.Counts[Missed] > 0:
		missing = "at least " + missing
	case !c.IsComplete():
		missing = "it is not known whether any is missing, because not everything was compared"
	}
	if len(c.WithoutRow) > 0 {
		missing += "; " + number(len(c.WithoutRow)) + " in Temporal without a row in the log"
	}
	text := number(c.Calls) + " calls in babelforce's log"
	if len(parts) > 0 {
		text += ": " + strings.Join(parts, ", ")
	}
	text += "; " + missing
	if c.Repaired > 0 {
		text += "; " + number(c.Repaired) + " repaired"
	}
	if c.Held > 0 {
		text += "; " + number(c.Held) + " wait for an operator to repair them"
	}
	return text
}

func number(n int) string { return humanize.Comma(int64(n)) }
