package automation

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/callthread/callthread/call"
)

// Kustomer's limits, in characters (OpenAPI: conversation name, note body).
const (
	maxNameLength = 256
	maxNoteLength = 10240
)

var (
	// A placeholder is an expression in single braces, with an optional default after "|", all on one line.
	placeholderPattern = regexp.MustCompile(`\{([A-Za-z_][\w.]*)(?:\|([^{}\n]*))?\}`)
	// OpenAPI: items of tags on conversations.
	tagPattern = regexp.MustCompile(`^[0-9a-zA-ZÀ-ÿ_/<>\-.][0-9a-zA-ZÀ-ÿ _/<>\-.]{0,63}$`)
	// OpenAPI: format object-id, 24 hexadecimal digits.
	objectIDPattern = regexp.MustCompile(`^[0-9a-fA-F]{24}$`)
)

// renderer fills templates with the facts of one call and collects what it had to leave out.
type renderer struct {
	facts    call.Facts
	warnings []string
}

// text fills the placeholders of a template; absent ones without a default become empty.
func (r *renderer) text(template string) string {
	text, _ := r.fill(template)
	return text
}

// fill also reports whether the template had placeholders and every one of them was absent.
func (r *renderer) fill(template string) (text string, allAbsent bool) {
	found, absent := 0, 0
	text = placeholderPattern.ReplaceAllStringFunc(template, func(placeholder string) string {
		parts := placeholderPattern.FindStringSubmatch(placeholder)
		found++
		value, ok := valueOf(parts[1], r.facts)
		if !ok {
			value = parts[2]
		}
		if value == "" {
			absent++
		}
		return value
	})
	return text, found > 0 && found == absent
}

// lines fills a text of several lines and drops those that have nothing to say.
func (r *renderer) lines(template string) string {
	var kept []string
	for line := range strings.SplitSeq(template, "\n") {
		if text, allAbsent := r.fill(line); !allAbsent {
			kept = append(kept, text)
		}
	}
	return strings.TrimSpace(strings.Join(kept, "\n"))
}

// list fills a list's entries; entries whose placeholders are all absent disappear.
func (r *renderer) list(templates []string) []string {
	var out []string
	for _, template := range templates {
		if text := r.entry(template); text != "" {
			out = union(out, []string{text})
		}
	}
	return out
}

func (r *renderer) entry(template string) string {
	text, allAbsent := r.fill(template)
	if allAbsent {
		return ""
	}
	return text
}

// tags leaves out tags that Kustomer would refuse, because one bad tag fails the whole request.
func (r *renderer) tags(templates []string) []string {
	return slices.DeleteFunc(r.list(templates), func(tag string) bool {
		if tagPattern.MatchString(tag) {
			return false
		}
		r.warnings = append(r.warnings, "a tag has characters that Kustomer does not allow and was left out")
		return true
	})
}

// users leaves out values that cannot be Kustomer users: an agent created in
// babelforce, or imported from another system, has no Kustomer user id.
func (r *renderer) users(templates []string) []string {
	users := r.list(templates)
	if slices.ContainsFunc(templates, func(template string) bool { return r.entry(template) == "" }) {
		r.warnings = append(r.warnings, "the agent has no sourceId: the conversation was not assigned")
	}
	return slices.DeleteFunc(users, func(id string) bool {
		if objectIDPattern.MatchString(id) {
			return false
		}
		r.warnings = append(r.warnings, fmt.Sprintf("the sourceId of agent %s is not a Kustomer user id: the conversation was not assigned", cmp.Or(r.facts.Agent.ID, "unknown")))
		return true
	})
}

// cut shortens to a number of characters, which is what Kustomer counts.
func cut(text string, limit int) string {
	if runes := []rune(text); len(runes) > limit {
		return string(runes[:limit-1]) + "…"
	}
	return text
}

// union appends what is not there yet: Kustomer refuses lists that say something twice.
func union(list, more []string) []string {
	for _, entry := range more {
		if !slices.Contains(list, entry) {
			list = append(list, entry)
		}
	}
	return list
}

func joinLines(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "\n" + b
}
