// Package call models a phone call and decides what to do about it.
//
// A [Record] holds the reports about one call. [Record.Next] returns what to do next: a
// [Step], which changes the call's conversation in Kustomer, or a [Wait] for further reports.
//
// The package is pure: it imports neither Temporal nor a format of babelforce or Kustomer.
// Events, stories and steps are written to workflow histories, which are kept for months.
// From v1 on, JSON fields may be added, but never renamed or reused.
package call

import (
	"cmp"
	"time"
)

// Kind is the kind of an event.
type Kind string

// The kinds of events. Each is also the name of the workflow signal that carries the event.
const (
	Inbound  Kind = "inbound"  // the call rings
	Outbound Kind = "outbound" // an agent, a dialer or the API places a call
	Bridged  Kind = "bridged"  // an agent has picked up; on an outbound call, the customer has
	Finished Kind = "finished" // one leg has ended
	Recorded Kind = "recorded" // a recording of the call is available
)

// Kinds are the kinds of events that babelforce sends, in the order of a usual call.
var Kinds = []Kind{Inbound, Outbound, Bridged, Finished, Recorded}

// WrappedUp is the end of the wrap-up time after an answered call. It is Callthread's own
// event: babelforce does not send one.
const WrappedUp Kind = "wrappedUp"

// Event is one report by babelforce about a call. Events have no id. Two events are the same
// if they report the same thing, even if a counter in their bodies differs.
type Event struct {
	Kind Kind `json:"kind"`
	// ReceivedAt is when the webhook arrived, by the receiver's clock.
	ReceivedAt time.Time `json:"receivedAt"`
	Leg        Leg       `json:"leg"`
	Agent      Agent     `json:"agent,omitzero"`
	Queue      Queue     `json:"queue,omitzero"`
	Recording  Recording `json:"recording,omitzero"`
	// Extra holds the further fields of the webhook, by their dotted names.
	Extra map[string]string `json:"extra,omitempty"`
	// Ignored names the fields that could not be read and were left out.
	Ignored []string `json:"ignored,omitempty"`
	// FromLog is set if the event comes from babelforce's call log and no webhook reported it.
	FromLog bool `json:"fromLog,omitempty"`
}

// At returns when the event happened, or when it was received if its fields contain no time.
// An event of the call log without a time counts as the first event of its leg.
func (e Event) At() time.Time {
	at := e.ownTime()
	switch {
	case !at.IsZero():
		return at
	case e.FromLog && !e.Leg.CreatedAt.IsZero():
		return e.Leg.CreatedAt
	}
	return e.ReceivedAt
}

// ownTime returns when the event happened by its own fields, or zero if they contain no time.
func (e Event) ownTime() time.Time {
	switch {
	case (e.Kind == Inbound || e.Kind == Outbound) && !e.Leg.CreatedAt.IsZero():
		return e.Leg.CreatedAt
	case e.hasPickUpTime():
		return e.Leg.EstablishedAt
	case e.Kind == Finished:
		return e.Leg.end()
	case e.Leg.CreatedAt.IsZero() || e.Leg.Seconds == nil:
		return time.Time{}
	}
	return e.Leg.CreatedAt.Add(time.Duration(*e.Leg.Seconds) * time.Second)
}

// hasPickUpTime reports whether the leg was established when the agent picked up. This holds
// for the agent's leg; the caller's leg may have been established long before.
func (e Event) hasPickUpTime() bool {
	return e.Kind == Bridged && e.Leg.IsChild() && !e.Leg.EstablishedAt.IsZero()
}

// The directions of a call, as automations and Kustomer conversations name them.
const (
	In  = "in"
	Out = "out" // an agent, a dialer or the API placed the call
)

// Direction returns the direction of the call according to the event.
func (e Event) Direction() string { return direction(e.IsOutgoing()) }

func direction(outgoing bool) string {
	if outgoing {
		return Out
	}
	return In
}

// IsOutgoing reports whether an agent, a dialer or the API placed the call.
func (e Event) IsOutgoing() bool { return e.Kind == Outbound || e.Leg.IsOutgoing() }

// Agent is the babelforce agent who picked up or placed the call.
type Agent struct {
	ID    string `json:"id,omitempty"`
	Name  string `json:"name,omitempty"`
	Email string `json:"email,omitempty"`
	// Number is the agent's own extension or phone number.
	Number string `json:"number,omitempty"`
	// SourceID is the agent's id in the system it was imported from: the
	// Kustomer user id for agents synced from Kustomer (babelforce API, Agent.sourceId).
	SourceID string `json:"sourceId,omitempty"`
	// Source names that system (babelforce API, Agent.agentSource).
	Source string `json:"source,omitempty"`
}

// Is reports whether two buckets describe the same agent, by the first of id,
// Kustomer user and name that both contain.
func (a Agent) Is(b Agent) bool {
	for _, pair := range [][2]string{{a.ID, b.ID}, {a.SourceID, b.SourceID}, {a.Name, b.Name}} {
		if pair[0] != "" && pair[1] != "" {
			return pair[0] == pair[1]
		}
	}
	return a == Agent{} && b == Agent{}
}

// filledFrom fills in missing fields from what is known about the agent, if it is the same agent.
func (a Agent) filledFrom(known Agent) Agent {
	if !a.Is(known) {
		return a
	}
	return Agent{
		ID:       cmp.Or(a.ID, known.ID),
		Name:     cmp.Or(a.Name, known.Name),
		Email:    cmp.Or(a.Email, known.Email),
		Number:   cmp.Or(a.Number, known.Number),
		SourceID: cmp.Or(a.SourceID, known.SourceID),
		Source:   cmp.Or(a.Source, known.Source),
	}
}

// with merges a second report about the same agent. The first report may name no agent.
func (a Agent) with(second Agent) Agent {
	if a == (Agent{}) {
		return second
	}
	return a.filledFrom(second)
}

// Queue is the babelforce queue through which the call reached the agent.
type Queue struct {
	ID   string `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
}

// filledFrom fills in missing fields from what is known about the queue, if it is the same queue.
func (q Queue) filledFrom(known Queue) Queue {
	isOther := q.ID != "" && known.ID != "" && q.ID != known.ID || q.Name != "" && known.Name != "" && q.Name != known.Name
	if isOther {
		return q
	}
	return Queue{ID: cmp.Or(q.ID, known.ID), Name: cmp.Or(q.Name, known.Name)}
}

// Recording is one recording of a call.
type Recording struct {
	ID string `json:"id,omitempty"`
	// URL is the address of the recording (babelforce API, Recording.url). Anyone who has it
	// can listen. It expires with the recording.
	URL     string `json:"url,omitempty"`
	Seconds *int   `json:"seconds,omitempty"`
}
