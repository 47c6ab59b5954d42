package against

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/callthread/callthread/activities"
	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/internal/operator"
)

// difference is a difference between the files for one call.
type difference struct {
	what    string // contains no value that is in neither file
	was, is string
}

// differ collects the differences of one call.
type differ struct {
	Files
	texts map[string]bool // texts in the files
	found []difference
}

// differences returns the differences of one call, each kind once.
func (d differ) differences(past operator.Past) []difference {
	was, story := wants(d.Old, past)
	is, _ := wants(d.New, past)
	switch {
	case was.Opens && !is.Opens:
		return []difference{{what: "no conversation is opened"}}
	case is.Opens && !was.Opens:
		return []difference{{what: "a conversation is opened, and was not"}}
	case !is.Opens:
		return nil
	}
	d.value("customer", was.Customer, is.Customer, isPublic)
	d.value("direction", was.Direction, is.Direction, isPublic)
	d.value("name", was.Name, is.Name, d.isInFile)
	d.value("status", was.Status, is.Status, isPublic)
	d.value("priority", asText(was.Priority), asText(is.Priority), isPublic)
	d.set("assigned user", was.Users, is.Users)
	d.set("assigned team", was.Teams, is.Teams)
	d.agents(story)
	d.tags(was, is)
	for _, name := range keys(was.Custom, is.Custom) {
		d.value("attribute "+name, asText(was.Custom[name]), asText(is.Custom[name]), d.isInFile)
	}
	d.notes(was.Notes, is.Notes)
	d.value("entry on the timeline", entry(was.Message), entry(is.Message), d.isInFile)
	return d.found
}

// isPublic is for values that come only from a file.
func isPublic(string) bool { return true }

// isInFile reports whether one of the files contains a value.
func (d *differ) isInFile(value string) bool { return d.texts[value] }

// add adds a difference, unless the call already has one of this kind.
func (d *differ) add(what, was, is string) {
	if !slices.ContainsFunc(d.found, func(f difference) bool { return f.what == what }) {
		d.found = append(d.found, difference{what, was, is})
	}
}

// value compares two values. An empty value is none.
func (d *differ) value(field, was, is string, mayShow func(string) bool) {
	d.compare(field, given(was), given(is), mayShow)
}

// set compares two lists whose order does not matter.
func (d *differ) set(field string, was, is []string) {
	d.compare(field, slices.Sorted(slices.Values(was)), slices.Sorted(slices.Values(is)), d.isInFile)
}

func (d *differ) compare(field string, was, is []string, mayShow func(string) bool) {
	if slices.Equal(was, is) {
		return
	}
	before, now := shown(was, mayShow), shown(is, mayShow)
	what := fmt.Sprintf("%s %s instead of %s", field, now, before)
	switch {
	case before == now:
		what = "another " + field
	case now == dependsOnCall && before == none:
		what = field + ", and there was none"
	case now == none && before == dependsOnCall:
		what = "no " + field + ", and there was one"
	}
	d.add(what, strings.Join(was, ", "), strings.Join(is, ", "))
}

const (
	none          = "none"
	dependsOnCall = "one that depends on the call"
)

// shown joins values, and replaces those that may be personal data.
func shown(values []string, mayShow func(string) bool) string {
	if len(values) == 0 {
		return none
	}
	var words []string
	for _, value := range values {
		word := dependsOnCall
		if mayShow(value) {
			word = fmt.Sprintf("%q", value)
		}
		words = append(words, word)
	}
	return strings.Join(slices.Compact(words), ", ")
}

// agents finds pick-ups whose agent only one of the files assigns, if the user of the agent is
// unknown: neither babelforce nor an activity has named it.
func (d *differ) agents(story call.Story) {
	for _, p := range story.PickUps {
		isKnown := p.Resolved != call.Resolved{} || automation.IsObjectID(p.Facts.Agent.SourceID)
		if !isKnown && d.Old.AssignsAgent(call.Bridged, p.Facts) != d.New.AssignsAgent(call.Bridged, p.Facts) {
			d.add("whether the agent is assigned; who that is needs Kustomer", "", "")
		}
	}
}

// tags compares the tags that the conversation has in the end.
func (d *differ) tags(was, is activities.Wanted) {
	added, removed := without(is.Tags, was.Tags), without(was.Tags, is.Tags)
	switch {
	case len(added) > 0 && len(removed) > 0:
		d.compare("tag", removed, added, d.isInFile)
	case len(added) > 0:
		d.add("also tag "+shown(added, d.isInFile), "", strings.Join(added, ", "))
	case len(removed) > 0:
		d.add("no tag "+shown(removed, d.isInFile), strings.Join(removed, ", "), "")
	}
	if more := without(is.Untags, was.Untags); len(more) > 0 {
		d.add("also removes tag "+shown(more, d.isInFile), "", strings.Join(more, ", "))
	}
	if fewer := without(was.Untags, is.Untags); len(fewer) > 0 {
		d.add("no longer removes tag "+shown(fewer, d.isInFile), strings.Join(fewer, ", "), "")
	}
	switch {
	case is.SetsTags && !was.SetsTags:
		d.add("also removes the tags of others", "", "")
	case was.SetsTags && !is.SetsTags:
		d.add("no longer removes the tags of others", "", "")
	}
}

// notes compares the notes one by one.
func (d *differ) notes(was, is []activities.WantedNote) {
	texts, events := [2]map[string]string{{}, {}}, make(map[string]call.Kind)
	for i, notes := range [][]activities.WantedNote{was, is} {
		for _, note := range notes {
			texts[i][note.Name], events[note.Name] = note.Text, note.Event
		}
	}
	for _, name := range slices.Sorted(maps.Keys(events)) {
		d.value("note of "+automation.EventNames[events[name]], texts[0][name], texts[1][name], d.isInFile)
	}
}

// entry is the text of the call's entry on the timeline, empty if there is none.
func entry(message *automation.Message) string {
	if message == nil {
		return ""
	}
	return strings.TrimSpace(message.Subject + "\n" + message.Preview)
}

// given returns the value as a list, empty for an empty value.
func given(value string) []string {
	if value == "" {
		return nil
	}
	return []string{value}
}

// asText formats a value, empty for nil and 0.
func asText(value any) string {
	if value == nil || value == 0 {
		return ""
	}
	return fmt.Sprint(value)
}

func keys[V any](a, b map[string]V) []string {
	all := slices.AppendSeq(slices.Collect(maps.Keys(a)), maps.Keys(b))
	slices.Sort(all)
	return slices.Compact(all)
}

func without(list, others []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(one string) bool { return slices.Contains(others, one) })
}
