package load

import (
	"errors"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/phone"
)

const (
	howNumbersLook  = "write it with its country code, such as +493023125001"
	howPrefixesLook = "write it with its country code and a star, such as +49900*"
)

// The words that "callers" accepts in place of a number.
const (
	internalCallers = "internal"
	withheldCallers = "withheld"
)

// numbers reads the table of the call centre's own numbers.
func (l *loader) numbers(n *yaml.Node) {
	l.pairs(n, `"numbers"`, func(key, value *yaml.Node) {
		var own automation.OwnNumber
		l.mapping(value, "a number", map[string]func(*yaml.Node){
			"name": func(n *yaml.Node) { own.Name = l.scalar(n, `"name"`) },
			"team": func(n *yaml.Node) {
				if own.TeamID = l.scalar(n, `"team"`); own.TeamID != "" && !automation.IsObjectID(own.TeamID) {
					l.complain(n, automation.NoObjectID, own.TeamID)
				}
			},
			"tags": func(n *yaml.Node) { own.Tags = l.fixedTags(n) },
		}, "name")
		number, ok := l.phoneNumber(key)
		if !ok {
			return
		}
		if first := l.ownNumbers[number]; first != nil {
			l.complain(key, "this number appears twice: the first is on line %d", first.Line)
			return
		}
		l.ownNumbers[number], l.set.Numbers[number] = key, own
	})
}

// fixedTags reads tags that have no placeholders.
func (l *loader) fixedTags(n *yaml.Node) (tags []string) {
	l.sequence(n, `"tags"`, ", such as [a, b]", func(item *yaml.Node) {
		switch tag := l.scalar(item, `an entry of "tags"`); {
		case item.Kind != yaml.ScalarNode || isNull(item):
		case !automation.IsTag(tag):
			l.complain(item, "tag %q: %s", tag, automation.WhatTagsTake)
		case slices.Contains(tags, tag):
			l.complain(item, "the tag %q appears twice", tag)
		default:
			tags = append(tags, tag)
		}
	})
	if len(tags) > automation.MaxTags {
		l.complain(n, `"tags" has %d tags, but Kustomer takes %d at most`, len(tags), automation.MaxTags)
	}
	return tags
}

// phoneNumber reads a phone number in the form of [phone.Canonical]. Its messages do not contain
// the number, which may be personal data: the position is enough.
func (l *loader) phoneNumber(n *yaml.Node) (number string, ok bool) {
	text := l.scalar(n, "a number")
	_, err := phone.Parse(text, l.country)
	switch {
	case n.Kind != yaml.ScalarNode:
	case errors.Is(err, phone.ErrInternal) && strings.HasPrefix(strings.TrimSpace(text), "+"):
		l.complain(n, "too short for a phone number with a country code: %s", howNumbersLook)
	case err == nil, errors.Is(err, phone.ErrInternal):
		return phone.Canonical(text, l.country), true
	case errors.Is(err, phone.ErrNoCountry):
		l.warnOfCountry(n, "a number without a country code matches only if babelforce sends it in the same form: "+howNumbersLook)
		return phone.Canonical(text, l.country), true
	default:
		l.complain(n, "this is not a phone number: %s", howNumbersLook)
	}
	return "", false
}

// ignore reads the selection of calls that get no conversation.
func (l *loader) ignore(n *yaml.Node) (i automation.Ignore) {
	if isEmpty(n) {
		return i
	}
	const callers, called = `"callers" of "ignore"`, `"called" of "ignore"`
	l.mapping(n, `"ignore"`, map[string]func(*yaml.Node){
		"callers": func(n *yaml.Node) {
			first := make(map[string]*yaml.Node)
			l.sequence(n, callers, `, such as ["+49900*", withheld]`, func(item *yaml.Node) { l.ignoredCaller(item, &i, first) })
			l.coveredByPrefix(first, i.Prefixes)
		},
		"called": func(n *yaml.Node) {
			l.sequence(n, called, `, such as ["+493023125099"]`, func(item *yaml.Node) {
				number, ok := l.phoneNumber(item)
				if ok && l.isNew(item, number, l.ignored) {
					i.Called = append(i.Called, number)
				}
			})
		},
	})
	return i
}

// ignoredCaller reads a number, a prefix of numbers, or one of the two words.
func (l *loader) ignoredCaller(item *yaml.Node, i *automation.Ignore, first map[string]*yaml.Node) {
	text := strings.TrimSpace(l.scalar(item, `an entry of "callers"`))
	beginning, isPrefix := strings.CutSuffix(text, "*")
	switch {
	case item.Kind != yaml.ScalarNode || isNull(item):
	case text == internalCallers && l.isNew(item, text, first):
		i.Internal = true
	case text == withheldCallers && l.isNew(item, text, first):
		i.Withheld = true
	case text == internalCallers, text == withheldCallers:
	case isPrefix:
		l.ignoredPrefix(item, beginning, i, first)
	case !strings.ContainsAny(text, "0123456789"):
		words := []string{internalCallers, withheldCallers}
		l.complain(item, "%q is neither a number nor one of the words %s%s", text, strings.Join(words, " and "), suggest(text, words))
	case l.looksLikePrefix(text):
		l.complain(item, "too short for a phone number: did you mean all that begin with it? Then it ends with a star, such as +49900*")
	default:
		if number, ok := l.phoneNumber(item); ok && l.isNew(item, number, first) {
			i.Callers = append(i.Callers, number)
		}
	}
}

// looksLikePrefix reports whether a text has a country code but is too short for a phone number.
func (l *loader) looksLikePrefix(text string) bool {
	_, err := phone.Parse(text, l.country)
	return strings.HasPrefix(text, "+") && errors.Is(err, phone.ErrInternal)
}

func (l *loader) ignoredPrefix(item *yaml.Node, beginning string, i *automation.Ignore, first map[string]*yaml.Node) {
	prefix, err := phone.Prefix(beginning, l.country)
	switch {
	case errors.Is(err, phone.ErrNoCountry):
		l.warnOfCountry(item, "a prefix without a country code matches no call: "+howPrefixesLook)
	case err != nil:
		l.complain(item, "no number begins like this: %s", howPrefixesLook)
	case l.isNew(item, prefix+"*", first):
		i.Prefixes = append(i.Prefixes, prefix)
	}
}

// warnOfCountry adds a warning about a number without a country code.
func (l *loader) warnOfCountry(n *yaml.Node, text string) {
	l.warnings = l.warnings.with(Problem{
		File: l.file, Line: n.Line, Column: n.Column, Text: text + ", or set --country (CALLTHREAD_COUNTRY)", NeedsCountry: true,
	})
}

// isNew reports whether an entry appears for the first time, and complains if it does not.
func (l *loader) isNew(item *yaml.Node, as string, first map[string]*yaml.Node) bool {
	if before := first[as]; before != nil {
		l.complain(item, "this entry appears twice: the first is on line %d", before.Line)
		return false
	}
	first[as] = item
	return true
}

// coveredByPrefix warns about numbers and prefixes that another prefix covers.
func (l *loader) coveredByPrefix(entries map[string]*yaml.Node, prefixes []string) {
	for text, item := range entries {
		for _, prefix := range prefixes {
			if text != prefix+"*" && strings.HasPrefix(text, prefix) {
				l.warn(item, "this changes nothing: the prefix on line %d covers it", entries[prefix+"*"].Line)
				break
			}
		}
	}
}

// bothTables complains about numbers that are both in "ignore" and in "numbers".
func (l *loader) bothTables() {
	for number, item := range l.ignored {
		if own := l.ownNumbers[number]; own != nil {
			l.complain(item, `calls to this number are ignored, but "numbers" names it on line %d: leave it out of one of the two`, own.Line)
		}
	}
}

// ofOwnNumbers returns all texts that a placeholder takes from the table of numbers, including its
// default, or nil if the table gives it none.
func (l *loader) ofOwnNumbers(p automation.Part) (texts []string) {
	for _, own := range l.set.Numbers {
		switch p.Name {
		case automation.NameOfNumber:
			texts = append(texts, own.Name)
		case automation.TeamOfNumber:
			texts = append(texts, own.TeamID)
		}
	}
	if texts != nil {
		texts = append(texts, p.Default)
	}
	slices.Sort(texts)
	return slices.DeleteFunc(slices.Compact(texts), func(text string) bool { return text == "" })
}

func (l *loader) numbersHaveTeams() bool {
	return len(l.ofOwnNumbers(automation.Part{Name: automation.TeamOfNumber})) > 0
}

// ignoredHere reports whether "ignore" selects every call for which the condition holds.
func (l *loader) ignoredHere(c automation.Condition) bool {
	facts := call.Facts{Leg: call.Leg{From: c.Expectation}}
	if strings.HasPrefix(c.Expression.Name, "call.to") {
		facts.Leg = call.Leg{To: c.Expectation}
	}
	return c.Operator == "EQ" && strings.HasPrefix(c.Expression.Name, "call.") && l.set.Ignores(facts)
}
