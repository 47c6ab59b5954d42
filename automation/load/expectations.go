package load

import (
	"slices"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v4"

	"github.com/callthread/callthread/automation"
)

// The operators that compare for equality and for order.
var (
	equality = []string{"EQ", "NEQ"}
	ordering = []string{"GT", "GE", "LT", "LE"}
)

// possible complains about a condition that holds for no call or for every call, given the
// possible values of its expression.
func (l *loader) possible(n *yaml.Node, c automation.Condition) {
	isOrdering, isEquality := slices.Contains(ordering, c.Operator), slices.Contains(equality, c.Operator)
	decides := c.Expression.Default != "" && c.Holds(c.Expression.Default) != isNegative(c) // the default decides
	values := c.Expression.Values()
	if named := l.ofOwnNumbers(c.Expression); named != nil {
		values = named
	}
	switch {
	case !isOrdering && (c.Expectation == "" || decides):
	case values != nil:
		l.amongValues(n, c, values)
	case isEquality && documented[c.Expression.Name] != nil:
		l.documented(n, c)
	case isOrdering, isEquality:
		l.inItsForm(n, c)
	case c.Operator != "REGEXP":
		l.contained(n, c)
	}
}

// isNegative reports whether a condition holds for all values except some.
func isNegative(c automation.Condition) bool {
	return c.Operator == "NEQ" || c.Operator == "NOT_CONTAINS"
}

// documented are the values that babelforce documents (babelforce API, Call). There may be more.
var documented = map[string][]string{
	"call.type":   {"inbound", "outbound"},
	"call.domain": {"internal", "external", "other"},
	"call.source": {"queue", "webrtc", "api", "dialer", "dial", "transfer", "test", "conference"},
	"call.finishReason": {"unknown", "hangup", "passive-hangup", "system-hangup", "failed", "timeout", "unreachable", "busy", "declined", "canceled",
		"transferred", "network-unreachable", "unallocated-number", "invalid-number", "no-answer", "dropped"},
}

func (l *loader) documented(n *yaml.Node, c automation.Condition) {
	if words := documented[c.Expression.Name]; !slices.Contains(words, c.Expectation) {
		l.warn(n, "babelforce documents no %s %q%s", inBraces(c.Expression), n.Value, orOneOf(c.Expectation, words))
	}
}

// amongValues checks a condition whose expression has a fixed set of values.
func (l *loader) amongValues(n *yaml.Node, c automation.Condition, values []string) {
	if slices.ContainsFunc(values, func(value string) bool { return c.Holds(value) != isNegative(c) }) {
		return
	}
	if c.Expression.Kind() == automation.Outcome {
		values = append(values, automation.Abandoned)
	}
	if slices.Contains(equality, c.Operator) {
		l.complain(n, "%s is never %q%s", inBraces(c.Expression), n.Value, orOneOf(c.Expectation, values))
		return
	}
	l.complain(n, "%s %s %q has the same result for every value%s", inBraces(c.Expression), c.Operator, n.Value, oneOf(values))
}

// inItsForm checks a comparison with a whole value.
func (l *loader) inItsForm(n *yaml.Node, c automation.Condition) {
	form, ok := c.Expression.Form(c.Expectation)
	switch kind := automation.KindOf(c.Expression.Name); {
	case !ok:
		l.complain(n, "%s is %s such as %q, never %q", inBraces(c.Expression), c.Expression.Kind(), c.Expression.Example(), n.Value)
	case form != c.Expectation:
		l.complain(n, "%s is never %q: write %q", inBraces(c.Expression), n.Value, form)
	case kind == automation.Seconds && c.Expression.Format != "" && slices.Contains(ordering, c.Operator):
		l.warn(n, "%s is compared as text, in which 10:00 comes before 9:00: compare {%s} with a number of seconds",
			inBraces(c.Expression), c.Expression.Name)
	case kind == automation.Phone && slices.Contains(equality, c.Operator):
		l.number(n, c)
	}
}

// number checks a comparison with a phone number. Without a format, the result depends on how
// babelforce writes the number.
func (l *loader) number(n *yaml.Node, c automation.Condition) {
	if l.ignoredHere(c) {
		l.warn(n, `this holds for no inbound call: "ignore" names the number`)
	}
	if c.Expression.Format != "" {
		l.contained(n, c)
		return
	}
	e164 := automation.Part{Name: c.Expression.Name, Format: "e164"}
	if form, _ := e164.Form(c.Expectation); form != c.Expectation {
		l.warn(n, "babelforce may not write %s like %q: compare %s with %q", inBraces(c.Expression), n.Value, inBraces(e164), form)
	}
}

// contained checks a comparison with a part of a value. A part with a character that no value
// contains is never found.
func (l *loader) contained(n *yaml.Node, c automation.Condition) {
	hint := ""
	part := c.Expectation
	if c.Operator == "LIKE" {
		part = strings.NewReplacer("%", "", "_", "").Replace(part)
		if strings.Contains(part, "*") {
			hint = "; in LIKE, % stands for any text and _ for any character"
		}
	}
	say := l.complain
	if automation.KindOf(c.Expression.Name) == automation.Phone && !strings.HasPrefix(part, "+") {
		say = l.warn // a value that is not a number is left unchanged
	}
	if foreign := foreignTo(c.Expression); foreign != nil && strings.ContainsFunc(part, foreign) {
		say(n, "no %s contains %q: it looks like %q%s", inBraces(c.Expression), n.Value, c.Expression.Example(), hint)
	} else if hint != "" {
		l.warn(n, "the * of %q matches only a literal *%s", n.Value, hint)
	}
}

// foreignTo returns a function that reports whether no value of an expression contains a
// character. It is nil if values can contain any character.
func foreignTo(p automation.Part) func(rune) bool {
	example := strings.ToUpper(p.Example()) // LIKE takes small letters for large ones
	foreign := func(char rune) bool {
		return !unicode.IsDigit(char) && !strings.ContainsRune(example, unicode.ToUpper(char))
	}
	switch kind := automation.KindOf(p.Name); {
	case kind == automation.Seconds, kind == automation.Instant:
		return foreign
	case kind == automation.Phone && p.Format == "e164":
		return func(char rune) bool { return foreign(char) && strings.ContainsRune(" ()-./*", char) }
	}
	return nil
}

// inBraces returns an expression as a placeholder, without its default.
func inBraces(p automation.Part) string {
	if p.Format != "" {
		return "{" + p.Name + ":" + p.Format + "}"
	}
	return "{" + p.Name + "}"
}
