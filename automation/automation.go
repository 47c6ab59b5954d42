// Package automation decides what is written to Kustomer for each event of a call.
//
// It models babelforce's global automations with their Kustomer actions and uses babelforce's
// terms and placeholders. A [Set] holds the automations of one file. [Set.Open] renders the
// conversation to create for a call; [Set.Change] renders how an event changes it.
//
// The package reads no files: package load turns a file into a Set.
package automation

import (
	_ "embed"
	"slices"
	"time"

	"github.com/callthread/callthread/call"
)

// DefaultFile is the content of the file that applies if none is configured. It has the two
// automations of babelforce's Kustomer article, with the tags that babelforce uses, and writes
// the outcome when the call ends.
//
//go:embed default.yaml
var DefaultFile []byte

// Set holds the automations of one file. It does not change after it is loaded.
type Set struct {
	// Version identifies the file's content. A call records which version it used.
	Version string
	// Callers are the policies for callers without exactly one Kustomer customer.
	Callers Callers
	// Automations are the enabled automations, in the order in which they run.
	Automations []Automation
	// WrapUpTime is how long after the end of an answered call the automations of
	// [call.WrappedUp] run, or 0 if there are none.
	WrapUpTime time.Duration
	// Zone is the time zone of dates and times in texts.
	Zone *time.Location
	// Fields are the webhook's extra fields that placeholders may name, sorted.
	Fields []string
	Agents Table // Kustomer users by agent
	Queues Table // Kustomer teams by queue
	// Numbers are the call centre's own numbers.
	Numbers OwnNumbers
	// Ignore selects the calls that get no conversation.
	Ignore Ignore
	// ServiceLevel is the longest wait within the service level, or 0 if the file sets none.
	ServiceLevel time.Duration

	country string
}

// In returns a copy of the set for a country, given as two letters. The country applies to
// phone numbers without a country code.
func (s *Set) In(country string) *Set {
	at := *s
	at.country = country
	return &at
}

// Automation is one rule: when Event happens and Trigger holds, Action runs with Options.
type Automation struct {
	Event   call.Kind
	Trigger Trigger
	Action  Action
	Options Options
}

// EventNames are babelforce's names of the events. babelforce's documentation does not name the
// event of an outbound call, and call.wrappedUp is Callthread's own.
var EventNames = map[call.Kind]string{
	call.Inbound: "call.inbound", call.Outbound: "call.outbound", call.Bridged: "call.bridged", call.Finished: "call.finished",
	call.Recorded: "recording.finished", call.WrappedUp: "call.wrappedUp",
}

// Begins reports whether an event is the first event of a call. Its automations become part of
// the request that creates the conversation.
func Begins(event call.Kind) bool { return event == call.Inbound || event == call.Outbound }

// Action is what an automation does in Kustomer.
type Action string

// The actions.
const (
	CreateConversation Action = "kustomer.conversation.create"
	UpdateConversation Action = "kustomer.conversation.update"
	CreateMessage      Action = "kustomer.message.create"
)

// Options are the fields of all actions. Each action uses a subset.
type Options struct {
	Customer      string // a Kustomer customer id; empty means the customer of the call
	Name          Template
	Status        string
	Direction     string
	Priority      int
	AssignedUsers []Template
	AssignedTeams []Template
	Tags          []Template // on create: all tags; on update: the tags to add
	RemoveTags    []Template
	SetTags       []Template // nil leaves the tags unchanged; an empty list clears them
	Note          Template
	Custom        []Attribute
	Subject       Template // for messages
	Preview       Template // for messages
}

// Handles reports whether any automation acts on the event. An update on the first event of a
// call requires a creation on that event, so Handles(call.Outbound) reports whether outbound
// calls get conversations at all.
func (s *Set) Handles(event call.Kind) bool {
	return slices.ContainsFunc(s.Automations, func(a Automation) bool { return a.Event == event })
}

// AssignsAgent reports whether an automation assigns the call's agent on this event.
func (s *Set) AssignsAgent(event call.Kind, facts call.Facts) bool {
	r := &renderer{facts: facts, set: s}
	return slices.ContainsFunc(s.Automations, func(a Automation) bool {
		mentions := func(t Template) bool { return t.mentions("agent.sourceId") }
		return a.Event == event && slices.ContainsFunc(a.Options.AssignedUsers, mentions) && a.Trigger.holds(r)
	})
}
