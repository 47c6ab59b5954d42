package activities

import (
	"cmp"
	"slices"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/call"
)

// A step writes the difference between two desired conversations: one for the call's story
// now, and one for its story after the last completed step. Both are rendered with the
// automations file in force. This file sends no requests to Kustomer.

// FromLogTag marks conversations of calls that were added from babelforce's call log. The
// conversation has the tag when Kustomer's rules first see it, so that a rule which writes
// to customers can exclude it.
const FromLogTag = "call_from_log"

// UnassignedTag marks conversations of calls whose agent Kustomer does not know.
const UnassignedTag = "call_unassigned"

// contribution is what one event of a call adds to the desired conversation.
type contribution struct {
	event string // the name of its note, which is unique in the call
	kind  call.Kind
	automation.Change
	// assigns says that an automation assigns the call's agent on this event.
	assigns bool
	// unassign says that no agent of this call stays assigned: it is not known who has the
	// call, and no assignee is better than the wrong one.
	unassign bool
	// unwanted says, for the opening, that no automation would open the conversation now.
	unwanted bool
	facts    call.Facts
	warnings []string
}

// want returns the contributions of all events of a story in the order in which they count:
// the opening, pick-ups by time, the outcome, recordings, the end of the wrap-up.
func want(file *automation.Set, s call.Story, is call.Kustomer) (all []contribution) {
	isUnassigned := false
	add := func(name string, event call.Kind, facts call.Facts, agent call.Resolved) {
		facts.Kustomer = is
		c := contributionOf(file, s, name, event, facts, agent)
		if c.assigns {
			isUnassigned = agent.Unassigned
		}
		all = append(all, c)
	}
	ring := call.Inbound
	if s.Opening.Outgoing {
		ring = call.Outbound
	}
	add(string(call.Inbound), ring, s.Opening, s.Placer) // of an outbound call too: a call has one first note
	for _, p := range slices.SortedStableFunc(slices.Values(s.PickUps), func(a, b call.PickUp) int { return a.At.Compare(b.At) }) {
		add(p.Note, call.Bridged, p.Facts, p.Resolved)
	}
	if isUnassigned { // the tag is about the agent who has the call now
		all[len(all)-1].Tag([]string{UnassignedTag})
	}
	if s.Closing == nil {
		return all
	}
	add(s.Closing.Note, call.Finished, s.Closing.Facts, call.Resolved{})
	for _, recording := range s.Recordings {
		facts := s.Closing.Facts
		facts.Recording = recording.Recording
		add(recording.Note, call.Recorded, facts, call.Resolved{})
	}
	if s.WrappedUp {
		add(string(call.WrappedUp), call.WrappedUp, s.Closing.Facts, call.Resolved{})
	}
	return all
}

// contributionOf returns what one event contributes. The agent is its agent in Kustomer.
func contributionOf(file *automation.Set, s call.Story, name string, event call.Kind, facts call.Facts, agent call.Resolved) contribution {
	assigns := file.AssignsAgent(event, facts)
	if assigns && agent.User != "" {
		facts.Agent.SourceID = agent.User
	}
	c := contribution{event: name, kind: event, facts: facts, assigns: assigns}
	if event == call.Inbound || event == call.Outbound {
		o, warnings := openingOf(file, s, facts)
		c.Change, c.warnings, c.unwanted = openingChange(o), warnings, !o.Wanted
	} else {
		c.Change, c.warnings = file.Change(event, facts)
	}
	if s.Added != nil && c.Status != "" {
		c.Status = cmp.Or(s.Added.Status, c.Status)
	}
	c.unassign = assigns && agent.Unassigned && len(c.AssignedUsers) == 0
	return c
}

// openingOf returns the conversation to open for a call. A call that was added from
// babelforce's call log gets FromLogTag.
func openingOf(file *automation.Set, s call.Story, facts call.Facts) (automation.Opening, []string) {
	opening, warnings := file.Open(facts)
	if s.Added != nil && opening.Wanted {
		opening.Tags = withTag(opening.Tags, FromLogTag)
		opening.Status = cmp.Or(s.Added.Status, opening.Status)
	}
	return opening, warnings
}

// withTag returns the tags of a new conversation with a tag of ours in front. If Kustomer
// takes no more tags, the last one of the file is left out.
func withTag(tags []string, ours string) []string {
	all := lackingTags(append([]string{ours}, tags...), nil)
	return all[:min(len(all), automation.MaxTags)]
}

// openingChange returns the values of an opening as a change.
func openingChange(o automation.Opening) automation.Change {
	return automation.Change{
		Name: o.Name, Status: o.Status, Priority: o.Priority, AssignedUsers: o.AssignedUsers, AssignedTeams: o.AssignedTeams,
		AddTags: o.Tags, Custom: o.Custom, Note: o.Note,
	}
}
