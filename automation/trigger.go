package automation

import (
	"cmp"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/callthread/callthread/call"
)

// trigger is a set of conditions on a call: babelforce's triggers. None at all is "always".
type trigger struct {
	any        bool // one condition is enough; else all must hold
	conditions []condition
	invert     bool
}

// condition compares one expression with what is expected of it.
type condition struct {
	part        part
	operator    string
	expectation string
	pattern     *regexp.Regexp // of REGEXP and LIKE
	// kind is what the expression is compared as: its placeholder's, or none where a format makes it text.
	kind kind
	// line and column of the expression in the file.
	line, column int
}

// operators are babelforce's (babelforce API, Trigger), with whether they take
// an expectation.
var operators = map[string]bool{
	"EQ": true, "NEQ": true, "GT": true, "GE": true, "LT": true, "LE": true,
	"REGEXP": true, "LIKE": true, "GIVEN": false, "NOT_GIVEN": false,
	"STARTS_WITH": true, "ENDS_WITH": true, "CONTAINS": true, "NOT_CONTAINS": true,
	"IS_NULL": false, "IS_NOT_NULL": false,
}

func (t trigger) holds(r *renderer) bool {
	holds := len(t.conditions) == 0 || !t.any
	for _, c := range t.conditions {
		if met := c.met(r); met == t.any {
			holds = met
			break
		}
	}
	return holds != t.invert
}

func (c condition) met(r *renderer) bool {
	value := r.display(c.part)
	compare := c.comparison()
	switch c.operator {
	case "GIVEN", "IS_NOT_NULL":
		return value != ""
	case "NOT_GIVEN", "IS_NULL":
		return value == ""
	case "NEQ":
		return compare(value, c.expectation) != 0
	case "NOT_CONTAINS":
		return !strings.Contains(value, c.expectation)
	}
	if value == "" {
		return c.operator == "EQ" && c.expectation == "" // nothing is neither large nor small, and like nothing
	}
	switch c.operator {
	case "EQ":
		return compare(value, c.expectation) == 0
	case "GT":
		return compare(value, c.expectation) > 0
	case "GE":
		return compare(value, c.expectation) >= 0
	case "LT":
		return compare(value, c.expectation) < 0
	case "LE":
		return compare(value, c.expectation) <= 0
	case "STARTS_WITH":
		return strings.HasPrefix(value, c.expectation)
	case "ENDS_WITH":
		return strings.HasSuffix(value, c.expectation)
	case "CONTAINS":
		return strings.Contains(value, c.expectation)
	default: // REGEXP, LIKE
		return c.pattern.MatchString(value)
	}
}

// comparison orders numbers by size, times by their instant, and everything
// else, phone numbers too, as text. What the webhook carries beyond the known
// may be a code such as 007: it has a size, but is equal only to itself.
func (c condition) comparison() func(a, b string) int {
	switch c.kind {
	case number, seconds:
		return bySize
	case instant:
		return byInstant
	case outcome:
		return byOutcome
	case unknown:
		if c.operator != "EQ" && c.operator != "NEQ" {
			return bySize
		}
	}
	return strings.Compare
}

func bySize(a, b string) int {
	x, errX := strconv.ParseFloat(a, 64)
	y, errY := strconv.ParseFloat(b, 64)
	if errX == nil && errY == nil {
		return cmp.Compare(x, y)
	}
	return strings.Compare(a, b)
}

func byInstant(a, b string) int {
	x, errX := time.Parse(time.RFC3339, a)
	y, errY := time.Parse(time.RFC3339, b)
	if errX == nil && errY == nil {
		return x.Compare(y)
	}
	return strings.Compare(a, b)
}

// abandoned stands for either way in which a caller can give up.
const abandoned = "abandoned"

func byOutcome(is, expected string) int {
	if expected == abandoned && call.Outcome(is).IsAbandoned() {
		return 0
	}
	return strings.Compare(is, expected)
}

// likePattern turns SQL's LIKE, where % is any text and _ any character, into a regular expression.
func likePattern(like string) string {
	return "(?is)^" + strings.NewReplacer("%", ".*", "_", ".").Replace(regexp.QuoteMeta(like)) + "$"
}
