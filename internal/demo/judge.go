package demo

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/babelforce/simulator"
	"github.com/callthread/callthread/call"
)

// judge returns the differences between a call and what the user's file renders for it.
func (r *renderer) judge(story simulator.Story, is found) (problems []string, opens bool) {
	want, err := r.wants(story, call.Kustomer{CustomerID: is.customerID, ConversationID: is.id, ConversationURL: is.url})
	switch {
	case err != nil:
		return []string{err.Error()}, true
	case !want.opens && is.conversations == 0:
		return nil, false
	case !want.opens:
		return []string{"has a conversation, which the file does not open"}, false
	}
	if isFirstsAlone := !r.expects().Finish && len(story.Want.Bridges) > 1; isFirstsAlone && !r.knowsOrder(story) {
		r.handedOn++ // the call ends with the first pick-up that arrives
		return nil, true
	}
	if len(want.notes) > 0 && !r.knowsOrder(story) {
		r.textless++
	}
	var c comparison
	c.list("the notes", r.comparable(want.notes, story, is), r.comparable(notesOf(is), story, is))
	if is.shared { // the other calls have changed the rest
		return c.problems, true
	}
	c.list("the assigned users", want.users, is.assignedUsers)
	if is.isWhole() {
		if r.set.Callers.Returning.Resolves && !story.Want.Answered() {
			want.tags, is.tags = r.withoutLost(want.tags), r.withoutLost(is.tags)
			r.resolvable++
		}
		c.whole(want, story, is)
	}
	r.customer(&c, want, story, is)
	return c.problems, true
}

// withoutLost leaves out the tags of lost calls. They are removed if the customer calls again and
// is answered, which the call itself does not show.
func (r *renderer) withoutLost(tags []string) []string {
	lost := r.set.LostTags()
	return slices.DeleteFunc(slices.Clone(tags), func(tag string) bool { return slices.Contains(lost, tag) })
}

// comparison collects differences.
type comparison struct{ problems []string }

func (c *comparison) same(what string, want, has any) {
	if want != has {
		c.problems = append(c.problems, fmt.Sprintf("%s is %v instead of %v", what, has, want))
	}
}

// list compares two lists without regard to their order.
func (c *comparison) list(what string, want, has []string) {
	if lacks := less(want, has); len(lacks) > 0 {
		c.problems = append(c.problems, fmt.Sprintf("%s lack %q", what, lacks))
	}
	if besides := less(has, want); len(besides) > 0 {
		c.problems = append(c.problems, fmt.Sprintf("%s have %q besides", what, besides))
	}
}

// less returns list without the entries of other, each removed as often as other contains it.
func less(list, other []string) []string {
	list = slices.Clone(list)
	for _, entry := range other {
		if i := slices.Index(list, entry); i >= 0 {
			list = slices.Delete(list, i, i+1)
		}
	}
	return list
}

// whole compares what is known only of conversations in the sandbox.
func (c *comparison) whole(want wanted, story simulator.Story, is found) {
	c.same("the name", want.name, is.name)
	c.same("the status", want.status, is.status)
	c.same("the direction", want.direction, is.direction)
	c.same("the priority", want.priority, is.priority)
	c.list("the assigned teams", want.teams, is.assignedTeams)
	c.list("the tags", want.tags, is.tags)
	c.same("the attributes", asJSON(want.custom), asJSON(is.custom))
	var entries, wanted []string
	for _, m := range want.messages {
		wanted = append(wanted, strings.Join([]string{story.Want.Direction, story.Want.Outcome, m.Subject, m.Preview}, ", "))
	}
	for _, m := range is.messages {
		entries = append(entries, strings.Join([]string{m.Direction, fmt.Sprint(m.Meta["status"]), m.Subject, m.Preview}, ", "))
	}
	c.list("the entries on the timeline", wanted, entries)
}

// customer compares the conversation's customer with what the file states about callers.
func (r *renderer) customer(c *comparison, want wanted, story simulator.Story, is found) {
	number := story.Want.Customer
	isNobodys := number == "anonymous" || r.set.Callers.Unknown == automation.UseCatchAll
	named := want.customer
	if named == "" && isNobodys {
		named = r.set.Callers.CatchAll
	}
	switch {
	case named != "":
		c.same("the customer", named, is.customerID)
	case isNobodys && len(is.phones) > 0, !isNobodys && !slices.Contains(is.phones, number):
		c.problems = append(c.problems, "belongs to another customer than the one on the phone")
	}
}

// notesOf returns the notes that are held for a call.
func notesOf(is found) (notes []heldNote) {
	for _, note := range is.notes {
		_, name, _ := strings.Cut(strings.TrimPrefix(note.ExternalID, externalIDPrefix), ":")
		notes = append(notes, heldNote{numbered.ReplaceAllString(name, ""), note.Body})
	}
	return notes
}

// comparable returns the texts of the notes that can be compared. A call that joins a
// conversation always has a note about its beginning, whether the file has one or not.
func (r *renderer) comparable(notes []heldNote, story simulator.Story, is found) (texts []string) {
	for _, note := range notes {
		switch {
		case is.shared && note.kind == string(call.Inbound):
		case r.knowsOrder(story):
			texts = append(texts, note.kind+": "+note.text)
		default:
			texts = append(texts, note.kind)
		}
	}
	return texts
}

// knowsOrder reports whether a call's steps are done in the order of its events. If not, the
// texts of its notes are unpredictable, because a note contains what was known when it was written.
func (r *renderer) knowsOrder(story simulator.Story) bool { return !r.stormy && r.areInOrder(story) }

// asJSON formats attributes for a comparison in which a number's Go type does not matter.
func asJSON(custom map[string]any) string {
	text, err := json.Marshal(custom)
	if err != nil || len(custom) == 0 {
		return "{}"
	}
	return string(text)
}
