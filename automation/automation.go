// Package automation says what is written to Kustomer for each event of a
// call: babelforce's global automations with their Kustomer actions, in
// babelforce's words and placeholders.
package automation

import (
	"cmp"
	"slices"

	"github.com/callthread/callthread/call"
)

// Automation is one rule: when Event happens, carry out the action that is set.
type Automation struct {
	Event call.Kind
	// Outcomes narrows a rule on call.finished to calls that ended so; empty means always.
	Outcomes []call.Outcome
	Create   *CreateOptions
	Update   *UpdateOptions
}

// CreateOptions are the fields of the action kustomer.conversation.create.
// Strings may hold placeholders; see the package's Placeholders list.
type CreateOptions struct {
	Name      string // title; at most 256 characters, the rest is cut
	Status    string // open or done
	Direction string // in or out
	Priority  int    // 1 to 5; 0 leaves Kustomer's default
	Tags      []string
}

// UpdateOptions are the fields of the action kustomer.conversation.update.
type UpdateOptions struct {
	Name          string // empty leaves the conversation's name
	Status        string // empty leaves it
	AssignedUsers []string
	AddTags       []string
	RemoveTags    []string
	// Note is an internal note, at most 10,240 characters. A line whose
	// placeholders are all absent is dropped.
	Note string
}

// ChangesFields reports whether the update touches the conversation itself, not only its tags and notes.
func (o UpdateOptions) ChangesFields() bool {
	return o.Name != "" || o.Status != "" || len(o.AssignedUsers) > 0
}

// Set is the automations of one deployment.
type Set struct {
	automations []Automation
}

// New makes a set of automations that are carried out in the given order.
func New(automations ...Automation) *Set {
	return &Set{automations: automations}
}

// Default is what runs when no automations are configured: the two
// automations of babelforce's Kustomer article with the vendor's own tag
// lifecycle (call_lost until an agent picks up; babelforce help, "More
// insights for automation and integrations"), and the outcome when the call ends.
// It sets no custom attributes, because an attribute that a Kustomer org has
// not defined makes it refuse the whole conversation.
func Default() *Set {
	return New(
		Automation{
			Event: call.Inbound,
			Create: &CreateOptions{
				Name:      "Call from {call.from|a withheld number}",
				Status:    "open",
				Direction: "in",
				Tags:      []string{"babelforce", "inbound_call", "call_lost"},
			},
		},
		Automation{
			Event: call.Bridged,
			Update: &UpdateOptions{
				AssignedUsers: []string{"{agent.sourceId}"},
				AddTags:       []string{"call_answered"},
				RemoveTags:    []string{"call_lost"},
				Note: "Answered by {agent.name|an agent}.\n" +
					"Queue: {queue.name}\n" +
					"Waited: {call.duration} s",
			},
		},
		Automation{
			Event:    call.Finished,
			Outcomes: []call.Outcome{call.Answered},
			Update: &UpdateOptions{
				Note: "Call ended: answered by {agent.name|an agent}.\n" +
					"Total: {call.duration} s",
			},
		},
		Automation{
			Event:    call.Finished,
			Outcomes: []call.Outcome{call.Abandoned, call.Missed},
			Update: &UpdateOptions{
				AddTags: []string{"call_{call.outcome}"},
				Note: "Call ended: {call.outcome}, nobody picked up.\n" +
					"Total: {call.duration} s",
			},
		},
	)
}

// Handles reports whether any automation acts on the event.
func (s *Set) Handles(event call.Kind) bool {
	return slices.ContainsFunc(s.automations, func(a Automation) bool { return a.Event == event })
}

// Create renders how to open the conversation of a call. Warnings say, without
// personal data, what was left out and why.
func (s *Set) Create(facts call.Facts) (CreateOptions, []string) {
	var out CreateOptions
	r := renderer{facts: facts}
	for _, a := range s.automations {
		if o := a.Create; o != nil {
			out = CreateOptions{
				Name:      cut(r.text(o.Name), maxNameLength),
				Status:    r.text(o.Status),
				Direction: r.text(o.Direction),
				Priority:  o.Priority,
				Tags:      r.tags(o.Tags),
			}
		}
	}
	return out, r.warnings
}

// Update renders the changes to the conversation when an event has happened.
// Several automations of one event are merged: lists add up, and of single
// values the last one given counts.
func (s *Set) Update(event call.Kind, facts call.Facts) (UpdateOptions, []string) {
	var out UpdateOptions
	r := renderer{facts: facts}
	for _, a := range s.automations {
		if o := a.Update; o != nil && a.appliesTo(event, facts) {
			out = UpdateOptions{
				Name:          cmp.Or(cut(r.text(o.Name), maxNameLength), out.Name),
				Status:        cmp.Or(r.text(o.Status), out.Status),
				AssignedUsers: union(out.AssignedUsers, r.users(o.AssignedUsers)),
				AddTags:       union(out.AddTags, r.tags(o.AddTags)),
				RemoveTags:    union(out.RemoveTags, r.tags(o.RemoveTags)),
				Note:          cut(joinLines(out.Note, r.lines(o.Note)), maxNoteLength),
			}
		}
	}
	return out, r.warnings
}

func (a Automation) appliesTo(event call.Kind, facts call.Facts) bool {
	return a.Event == event && (len(a.Outcomes) == 0 || slices.Contains(a.Outcomes, facts.Outcome))
}
