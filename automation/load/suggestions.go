package load

import (
	"fmt"
	"slices"
	"strings"

	"github.com/xrash/smetrics"

	"github.com/callthread/callthread/automation"
)

// synonyms map words to the names that they probably mean. They apply to a whole name or to the
// last word of a name such as call.inbound, and cover words that are spelt quite differently.
var synonyms = map[string][]string{
	// Keys and words.
	"overwrite": {"set"}, "replace": {"set"}, "title": {"name"}, "subject": {"name"}, "teams": {"assignedTeams"}, "users": {"assignedUsers"},
	"attributes": {"custom"}, "conditions": {"trigger"}, "invert": {"invertTrigger"}, "closed": {"done"}, "inbound": {"in", "call.inbound"},
	"outbound": {"out", "call.outbound"}, "anonymous": {"withheld"}, "hidden": {"withheld"}, "extensions": {"internal"}, "brand": {"name"},
	// Events.
	"ringing": {"inbound"}, "created": {"inbound", "dateCreated"}, "started": {"inbound", "dateCreated"}, "incoming": {"inbound"}, "outgoing": {"outbound"},
	"bridge": {"bridged"}, "answered": {"bridged", "dateEstablished"}, "connected": {"bridged"}, "finish": {"finished"},
	"ended": {"finished", "dateFinished"}, "completed": {"finished"}, "hangup": {"finished", "finishReason"}, "call.recorded": {"recording.finished"},
	// Placeholders.
	"link": {"url"}, "uri": {"url"}, "mail": {"email"}, "phone": {"number", "from"}, "caller": {"from"}, "callee": {"to"}, "called": {"to"},
	"result": {"outcome"}, "label": {"name"}, "length": {"duration"}, "seconds": {"duration"},
	// Operators.
	"=": {"EQ"}, "==": {"EQ"}, "equals": {"EQ"}, "is": {"EQ"}, "!=": {"NEQ"}, "<>": {"NEQ"}, "ne": {"NEQ"}, "not_equals": {"NEQ"},
	">": {"GT"}, ">=": {"GE"}, "gte": {"GE"}, "<": {"LT"}, "<=": {"LE"}, "lte": {"LE"}, "matches": {"REGEXP"}, "begins_with": {"STARTS_WITH"},
	"includes": {"CONTAINS"}, "exists": {"GIVEN"}, "not_exists": {"NOT_GIVEN"},
}

// elsewhere are hints for keys that belong to another mapping.
var elsewhere = map[string]map[string]string{
	optionsOf(automation.CreateConversation): {"note": "; a note goes into an update of the same event, which becomes part of the creation"},
	optionsOf(automation.CreateMessage):      {"from": ownNumbers, "to": ownNumbers, "direction": ownNumbers},
}

const ownNumbers = "; the call's own numbers, direction and times are filled in"

// suggest returns the name that was probably meant, as the end of a sentence, or "".
func suggest(name string, names []string) string {
	if meant := closest(name, names); meant != "" {
		return didYouMean(meant)
	}
	return ""
}

// orOneOf returns the name that was probably meant and all names, as the end of a sentence. It is
// for short lists of names.
func orOneOf(name string, names []string) string {
	if meant := closest(name, names); meant != "" {
		return didYouMean(meant) + " Use one of " + strings.Join(names, ", ")
	}
	return oneOf(names)
}

func oneOf(names []string) string { return ": use one of " + strings.Join(names, ", ") }

func closest(name string, names []string) string {
	if meant := synonym(strings.ToLower(name), names); meant != "" {
		return meant
	}
	best, likeness := "", 0.0
	for _, candidate := range slices.Sorted(slices.Values(names)) {
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

// synonym returns the first of the names that is a synonym of the name or of its last word.
func synonym(name string, names []string) string {
	last := strings.LastIndex(name, ".") + 1
	for _, start := range []int{0, last} {
		for _, word := range synonyms[name[start:]] {
			if slices.Contains(names, name[:start]+word) {
				return name[:start] + word
			}
		}
	}
	return ""
}

func didYouMean(name string) string { return fmt.Sprintf(": did you mean %q?", name) }
