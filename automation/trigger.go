package automation

import (
	"cmp"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/callthread/callthread/call"
)

// Trigger is a set of conditions on a call, like babelforce's triggers. A trigger without
// conditions always holds.
type Trigger struct {
	Any        bool // one condition is enough; otherwise all must hold
	Conditions []Condition
	Invert     bool
}

// Condition compares an expression with an expectation.
type Condition struct {
	Expression  Part
	Operator    string
	Expectation string
	Pattern     *regexp.Regexp // for REGEXP and LIKE
}

// Operators are babelforce's operators (babelforce API, Trigger). The value reports whether the
// operator has an expectation.
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

// Holds reports whether the condition holds if its expression has this value. An empty value is
// absent.
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
	return value != "" && c.matches(value) // an absent value meets no other operator
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

// compare compares numbers by size, times by their instant, and all other values as text,
// including phone numbers. A field that the file declares may be a code such as 007: it is
// compared by size, but equals only the same text.
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

// Abandoned is an expectation that both abandoned outcomes meet: in a queue and in the call flow.
const Abandoned = "abandoned"

func byOutcome(is, expected string) int {
	if expected == Abandoned && call.Outcome(is).IsAbandoned() {
		return 0
	}
	return strings.Compare(is, expected)
}
