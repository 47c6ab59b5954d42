// Package automation says what is written to Kustomer for each event of a
// call. It is babelforce's global automations with their Kustomer actions, in
// babelforce's words and placeholders: the model, the triggers and the
// rendering for one call. It reads no files; package load makes a Set of one.
package automation

import (
	_ "embed"
	"slices"
	"time"

	"github.com/callthread/callthread/call"
)

// DefaultFile is the file that is used where none is configured: the two
// automations of babelforce's Kustomer article with the vendor's own tag
// lifecycle, and the outcome when the call ends.
//
//go:embed default.yaml
var DefaultFile []byte

// Set is the automations of one file. It does not change once it is loaded.
type Set struct {
	// Version identifies the file's content: which automations a call used.
	Version string
	// Callers are the policies for callers who are nobody's customer.
	Callers Callers
	// Automations are those that are enabled, in the order in which they act.
	Automations []Automation
	// WrapUpTime is how long after the end of an answered call the automations
	// of call.WrappedUp are due; 0 where there are none.
	WrapUpTime time.Duration
	// Zone is where dates and times are written for.
	Zone *time.Location
	// Fields are the webhook's extra fields that placeholders may name, sorted.
	Fields []string
	Agents Table // Kustomer users by agent
	Queues Table // Kustomer teams by queue
	// Numbers are the call centre's own.
	Numbers OwnNumbers
	// Ignore says which calls get no conversation.
	Ignore Ignore
	// ServiceLevel is how soon an agent is to pick up; 0 if the file does not say.
	ServiceLevel time.Duration

	country string
}

// In is the set at home in a country: two letters, for the formats of phone
// numbers that come without a country code.
func (s *Set) In(country string) *Set {
	at := *s
	at.country = country
	return &at
}

// Automation is one rule: when Event happens and Trigger holds, do what Options say.
type Automation struct {
	Event   call.Kind
	Trigger Trigger
	Action  Action
	Options Options
}

// EventNames are babelforce's codes of the events. Its documentation does not
// give that of calls which are placed, and call.wrappedUp is our own.
var EventNames = map[call.Kind]string{
	call.Inbound: "call.inbound", call.Outbound: "call.outbound", call.Bridged: "call.bridged", call.Finished: "call.finished",
	call.Recorded: "recording.finished", call.WrappedUp: "call.wrappedUp",
}

// Begins reports whether an event is the first of a call: what its automations
// say becomes part of the conversation's creation.
func Begins(event call.Kind) bool { return event == call.Inbound || event == call.Outbound }

// Action is what an automation does in Kustomer.
type Action string

// The actions.
const (
	CreateConversation Action = "kustomer.conversation.create"
	UpdateConversation Action = "kustomer.conversation.update"
	CreateMessage      Action = "kustomer.message.create"
)

// Options are the fields of all actions; each action has its own subset.
type Options struct {
	Customer      string // a Kustomer customer id; empty is the one who called, or was called
	Name          Template
	Status        string
	Direction     string
	Priority      int
	AssignedUsers []Template
	AssignedTeams []Template
	Tags          []Template // on create: all; on update: those to add
	RemoveTags    []Template
	SetTags       []Template // nil leaves the tags; an empty list clears them
	Note          Template
	Custom        []Attribute
	Subject       Template // of a message, as is the preview
	Preview       Template
}

// Handles reports whether any automation acts on the event. An update of the
// call's beginning needs a creation there: so Handles(call.Outbound) says
// whether calls that are placed are wanted at all.
func (s *Set) Handles(event call.Kind) bool {
	return slices.ContainsFunc(s.Automations, func(a Automation) bool { return a.Event == event })
}

// AssignsAgent reports whether an event of a call is to assign the agent who has it.
func (s *Set) AssignsAgent(event call.Kind, facts call.Facts) bool {
	r := &renderer{facts: facts, set: s}
	return slices.ContainsFunc(s.Automations, func(a Automation) bool {
		mentions := func(t Template) bool { return t.mentions("agent.sourceId") }
		return a.Event == event && slices.ContainsFunc(a.Options.AssignedUsers, mentions) && a.Trigger.holds(r)
	})
}
