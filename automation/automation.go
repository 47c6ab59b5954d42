// Package automation says what is written to Kustomer for each event of a
// call. It is babelforce's global automations with their Kustomer actions, as
// one YAML file in babelforce's words and placeholders: loaded and checked
// when a program starts, carried out for each call.
package automation

import (
	_ "embed"
	"slices"
	"time"
	_ "time/tzdata" // the file may name a time zone, and a container may have none

	"github.com/callthread/callthread/call"
)

// DefaultFile is the file that is used where none is configured: the two
// automations of babelforce's Kustomer article with the vendor's own tag
// lifecycle, and the outcome when the call ends.
//
//go:embed default.yaml
var DefaultFile []byte

// Default is the set of automations of DefaultFile.
func Default() *Set {
	set, err := Load("default.yaml", DefaultFile)
	if err != nil {
		panic(err) // it is part of the program, and a test loads it
	}
	return set
}

// Set is the automations of one file.
type Set struct {
	// Version identifies the file's content: which automations a call used.
	Version string
	// Callers are the policies for callers who are nobody's customer.
	Callers Callers

	automations []automation
	wrapUpTime  time.Duration
	zone        *time.Location
	country     string
	fields      map[string]bool
	agents      table // Kustomer users by agent
	queues      table // Kustomer teams by queue
}

// In is the set at home in a country: two letters, for the formats of phone
// numbers that come without a country code.
func (s *Set) In(country string) *Set {
	at := *s
	at.country = country
	return &at
}

// automation is one rule: when event happens and the trigger holds, do what the options say.
type automation struct {
	event    call.Kind
	priority int
	trigger  trigger
	action   string
	options  options
}

// begins reports whether an event is the first of a call: what its automations
// say becomes part of the conversation's creation.
func begins(event call.Kind) bool { return event == call.Inbound || event == call.Outbound }

// options are the fields of all actions; each action has its own subset.
type options struct {
	customer      string
	name          template
	status        string
	direction     string
	priority      int
	assignedUsers []template
	assignedTeams []template
	tags          []template // on create: all; on update: those to add
	removeTags    []template
	setTags       []template
	setsTags      bool
	note          template
	custom        []attribute
	subject       template // of a message, as is the preview
	preview       template
}

// Handles reports whether any automation acts on the event. An update of the
// call's beginning needs a creation there: so Handles(call.Outbound) says
// whether calls that are placed are wanted at all.
func (s *Set) Handles(event call.Kind) bool {
	return slices.ContainsFunc(s.automations, func(a automation) bool { return a.event == event })
}

// AssignsAgent reports whether an event of a call is to assign the agent who has it.
func (s *Set) AssignsAgent(event call.Kind, facts call.Facts) bool {
	r := &renderer{facts: facts, set: s}
	return slices.ContainsFunc(s.automations, func(a automation) bool {
		mentions := func(t template) bool { return t.mentions("agent.sourceId") }
		return a.event == event && slices.ContainsFunc(a.options.assignedUsers, mentions) && a.trigger.holds(r)
	})
}

// WrapUpTime is how long after the end of an answered call the automations of
// call.WrappedUp are due; 0 where there are none.
func (s *Set) WrapUpTime() time.Duration { return s.wrapUpTime }
