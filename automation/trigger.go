package automation

import (
	"cmp"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/callthread/callthread/call"
)

// Trigger is a set of conditions on a call: babelforce's triggers. None at all is "always".
type Trigger struct {
	Any        bool // one condition is enough; else all must hold
	Conditions []Condition
	Invert     bool
}

// Condition compares one expression with what is expected of it.
type Condition struct {
	Expression  Part
	Operator    string
	Expectation string
	Pattern     *regexp.Regexp // of REGEXP and LIKE
}

// Operators are babelforce's (babelforce API, Trigger), with whether they take
// an expectation.
var Operators = map[string]bool{
	"EQ": true, "NEQ": true, "GT": true, "GE": true, "LT": true, "LE": true,
	"REGEXP": true, "LIKE": true, "GIVEN": false, "NOT_GIVEN": false,
	"STARTS_WITH": true, "ENDS_WITH": true, "CONTAINS": true, "NOT_CONTAINS": true,
	"IS_NULL": false, "IS_NOT_NULL": false,
}

func (t Trigger) holds(r *renderer) bool {
	holds := len(t.Conditions) == 0 || !t.Any
	for _, c := range t.Conditions {
		if met := c.Holds(r.display(c.Expression)); met == t.Any {
			holds = met
			break
		}
	}
	return holds != t.Invert
}

// Holds reports whether the condition holds where its expression is this text; empty is absent.
func (c Condition) Holds(value string) bool {
	switch c.Operator {
	case "EQ":
		return c.compare(value) == 0
	case "NEQ":
		return c.compare(value) != 0
	case "NOT_CONTAINS":
		return !strings.Contains(value, c.Expectation)
	case "GIVEN", "IS_NOT_NULL":
		return value != ""
	case "NOT_GIVEN", "IS_NULL":
		return value == ""
	}
	return value != "" && c.matches(value) // nothing is neither large nor small, and like nothing
}

func (c Condition) matches(value string) bool {
	switch c.Operator {
	case "GT":
		return c.compare(value) > 0
	case "GE":
		return c.compare(value) >= 0
	case "LT":
		return c.compare(value) < 0
	case "LE":
		return c.compare(value) <= 0
	case "STARTS_WITH":
		return strings.HasPrefix(value, c.Expectation)
	case "ENDS_WITH":
		return strings.HasSuffix(value, c.Expectation)
	case "CONTAINS":
		return strings.Contains(value, c.Expectation)
	default: // REGEXP, LIKE
		return c.Pattern.MatchString(value)
	}
}

// compare orders numbers by size, times by their instant, and everything
// else, phone numbers too, as text. What the webhook carries beyond the known
// may be a code such as 007: it has a size, but is equal only to itself.
func (c Condition) compare(value string) int {
	switch kind := c.Expression.Kind(); {
	case kind == Number, kind == Seconds, kind == Own && c.Operator != "EQ" && c.Operator != "NEQ":
		return bySize(value, c.Expectation)
	case kind == Instant:
		return byInstant(value, c.Expectation)
	case kind == Outcome:
		return byOutcome(value, c.Expectation)
	}
	return strings.Compare(value, c.Expectation)
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

// Abandoned, as an outcome that is expected, stands for either way in which a caller can give up.
const Abandoned = "abandoned"

func byOutcome(is, expected string) int {
	if expected == Abandoned && call.Outcome(is).IsAbandoned() {
		return 0
	}
	return strings.Compare(is, expected)
}
