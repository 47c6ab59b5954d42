// Package call is what Callthread knows about a phone call and decides about it.
//
// It is pure: it imports neither Temporal nor a format of babelforce or Kustomer.
// A [Record] holds the reports about one call; what to do next follows from them.
// Events, stories and steps are written to workflow histories, where they stay
// for months: from v1 on, add JSON fields, and never rename or reuse one.
package call

import (
	"cmp"
	"time"
)

// Kind is the kind of an event.
type Kind string

// The events of a call. Each is also the name of the workflow signal that carries it.
const (
	Inbound  Kind = "inbound"  // the call rings
	Outbound Kind = "outbound" // an agent, a dialer or the API places a call
	Bridged  Kind = "bridged"  // an agent has picked up; on an outbound call, the customer has
	Finished Kind = "finished" // one leg has ended
	Recorded Kind = "recorded" // a recording of the call is available
)

// WrappedUp is not an event of babelforce: the wrap-up time after an answered call is over.
const WrappedUp Kind = "wrappedUp"

// Event is one report of babelforce about a call. It has no identity of its own:
// what it reports has, so a body that differs in a counter is no new event.
type Event struct {
	Kind Kind `json:"kind"`
	// ReceivedAt is when the webhook arrived, by the receiver's clock.
	ReceivedAt time.Time `json:"receivedAt"`
	Leg        Leg       `json:"leg"`
	Agent      Agent     `json:"agent,omitzero"`
	Queue      Queue     `json:"queue,omitzero"`
	Recording  Recording `json:"recording,omitzero"`
	// Extra holds the fields that the webhook carried beyond the known ones, by their dotted name.
	Extra map[string]string `json:"extra,omitempty"`
	// Ignored names the fields that could not be read and were left out.
	Ignored []string `json:"ignored,omitempty"`
	// FromLog says that babelforce's call log contains it, and no webhook has reported it.
	FromLog bool `json:"fromLog,omitempty"`
}

// At is when the event happened if its own fields say so, otherwise when it was received.
// What the call log has no time of counts as the first of its leg: any other report is later.
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

// ownTime is when the event happened by its own fields, zero if they do not say.
func (e Event) ownTime() time.Time {
	switch {
	case (e.Kind == Inbound || e.Kind == Outbound) && !e.Leg.CreatedAt.IsZero():
		return e.Leg.CreatedAt
	case e.tellsPickUp():
		return e.Leg.EstablishedAt
	case e.Kind == Finished && e.Leg.Seconds == nil:
		return e.Leg.FinishedAt
	case e.Leg.CreatedAt.IsZero() || e.Leg.Seconds == nil:
		return time.Time{}
	}
	return e.Leg.CreatedAt.Add(time.Duration(*e.Leg.Seconds) * time.Second)
}

// tellsPickUp reports whether the leg was established when the agent picked up.
// That holds for the agent's leg; the caller's may have been established long before.
func (e Event) tellsPickUp() bool {
	return e.Kind == Bridged && e.Leg.IsChild() && !e.Leg.EstablishedAt.IsZero()
}

// The directions of a call, as automations and Kustomer conversations name them.
const (
	In  = "in"
	Out = "out" // an agent, a dialer or the API placed the call
)

// Direction is the direction of the call as far as the event says.
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

// over adds what else is known about the agent, if it is the same one.
func (a Agent) over(known Agent) Agent {
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

// with adds what a second report says about the same agent, whom it may be the first to name.
func (a Agent) with(second Agent) Agent {
	if a == (Agent{}) {
		return second
	}
	return a.over(second)
}

// Queue is the babelforce queue through which the call reached the agent.
type Queue struct {
	ID   string `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
}

// over adds what else is known about the queue, unless it is another one.
func (q Queue) over(known Queue) Queue {
	isOther := q.ID != "" && known.ID != "" && q.ID != known.ID || q.Name != "" && known.Name != "" && q.Name != known.Name
	if isOther {
		return q
	}
	return Queue{ID: cmp.Or(q.ID, known.ID), Name: cmp.Or(q.Name, known.Name)}
}

// Recording is one recording of a call.
type Recording struct {
	ID string `json:"id,omitempty"`
	// URL is where anyone who has it can listen (babelforce API, Recording.url). It expires with the recording.
	URL     string `json:"url,omitempty"`
	Seconds *int   `json:"seconds,omitempty"`
}
