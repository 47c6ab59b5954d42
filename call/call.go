// Package call says what Callthread knows of a phone call, in its own words.
//
// babelforce's shapes end in starter/webhook/translate.go and Kustomer's in
// package activities; what lies between, and what is written to workflow
// histories for months, is defined here. Every JSON name is therefore a
// promise: add fields, never rename or reuse one.
package call

import (
	"cmp"
	"maps"
	"time"
)

// Kind says which of babelforce's events happened.
type Kind string

// The events of a call, each also the name of the workflow signal that carries it.
const (
	Inbound  Kind = "inbound"  // the call rings
	Outbound Kind = "outbound" // an agent, a dialer or the API places a call
	Bridged  Kind = "bridged"  // an agent has picked up; on a call that is placed, the customer has
	Finished Kind = "finished" // one leg has ended
	Recorded Kind = "recorded" // a recording of the call can be listened to
)

// WrappedUp is no event of babelforce's: an answered call ended so long ago
// that its agent has wrapped it up.
const WrappedUp Kind = "wrappedUp"

// Event is one thing that babelforce told us about a call.
type Event struct {
	Kind Kind `json:"kind"`
	// ID is equal for repeated deliveries of one event and different otherwise.
	ID string `json:"id"`
	// ReceivedAt is when the webhook arrived, by the starter's clock.
	ReceivedAt time.Time `json:"receivedAt"`
	Leg        Leg       `json:"leg"`
	Agent      Agent     `json:"agent,omitzero"`
	Queue      Queue     `json:"queue,omitzero"`
	Recording  Recording `json:"recording,omitzero"`
	// Extra holds the fields that the webhook carried beyond the known ones, by their dotted name.
	Extra map[string]string `json:"extra,omitempty"`
}

// At is when the event happened as far as its own fields tell, and when it
// was received otherwise. It orders bridges that overtook each other.
func (e Event) At() time.Time {
	switch {
	case (e.Kind == Inbound || e.Kind == Outbound) && !e.Leg.CreatedAt.IsZero():
		return e.Leg.CreatedAt
	case e.tellsPickUp():
		return e.Leg.EstablishedAt
	case e.Leg.CreatedAt.IsZero() || e.Leg.Seconds == nil:
		return e.ReceivedAt
	}
	return e.Leg.CreatedAt.Add(time.Duration(*e.Leg.Seconds) * time.Second)
}

// tellsPickUp: the leg on which an agent picks up is established then. The caller's may have been long before.
func (e Event) tellsPickUp() bool {
	return e.Kind == Bridged && e.Leg.IsChild() && !e.Leg.EstablishedAt.IsZero()
}

// The ways in which calls go, as operators and automations name them; a
// Kustomer conversation has the same.
const (
	In  = "in"
	Out = "out" // an agent, a dialer or the API has placed the call
)

// Direction is the way in which the call goes, as far as the event tells.
func (e Event) Direction() string { return direction(e.IsOutgoing()) }

// Direction is the way in which the call goes.
func (f Facts) Direction() string { return direction(f.Outgoing) }

func direction(outgoing bool) string {
	if outgoing {
		return Out
	}
	return In
}

// IsOutgoing reports whether the event is about a call that an agent, a dialer or the API has placed.
func (e Event) IsOutgoing() bool { return e.Kind == Outbound || e.Leg.IsOutgoing() }

// Agent is the babelforce agent who answered, or who placed the call.
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

// Is reports whether two buckets are about one agent.
func (a Agent) Is(b Agent) bool {
	return cmp.Or(a.ID, a.SourceID, a.Name) == cmp.Or(b.ID, b.SourceID, b.Name)
}

// over adds what else is known of the agent, if it is the same.
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

// Queue is the babelforce queue through which the call reached the agent.
type Queue struct {
	ID   string `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
}

// over adds what else is known of the queue, unless it is another one.
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
	// URL is where anybody who has it can listen (babelforce API, Recording.url). It dies with the recording.
	URL     string `json:"url,omitempty"`
	Seconds *int   `json:"seconds,omitempty"`
}

// Facts is all that is known of one call at one moment: what steps and placeholders draw on.
type Facts struct {
	// Key is the parent leg's id; one key is one call is one conversation.
	Key string `json:"key"`
	// Outgoing says that an agent, a dialer or the API has placed the call.
	Outgoing bool `json:"outgoing,omitempty"`
	// incoming says that it is known for sure to have come in: legs that the flow places for it change nothing.
	incoming bool
	// placed says that the agent is only known to have placed the call.
	placed bool
	// Leg is the customer's: the parent of a call that came in, whose child legs
	// (agent attempts) never change it, and the external leg of one that was placed.
	Leg   Leg               `json:"leg"`
	Agent Agent             `json:"agent,omitzero"`
	Queue Queue             `json:"queue,omitzero"`
	Extra map[string]string `json:"extra,omitempty"`
	// told is when each of these was; what was told last counts, whatever was heard first.
	told map[string]time.Time
	// Queued says that the caller is known to have come as far as a queue.
	Queued  bool    `json:"queued,omitempty"`
	Outcome Outcome `json:"outcome,omitempty"`
	Summary Summary `json:"summary,omitzero"`
	// Recording is the one that an event of that kind is about.
	Recording Recording `json:"recording,omitzero"`
	// Kustomer names what Kustomer holds of the call, once it does.
	Kustomer Kustomer `json:"kustomer,omitzero"`
}

// Kustomer names a call's conversation and the customer it belongs to.
type Kustomer struct {
	CustomerID      string `json:"customerId,omitempty"`
	ConversationID  string `json:"conversationId,omitempty"`
	ConversationURL string `json:"conversationUrl,omitempty"`
}

// CustomersNumber is the number that the customer has: the one that called, or was called.
func (f Facts) CustomersNumber() string {
	switch {
	case f.Outgoing:
		return f.Leg.To
	case f.Leg.Anonymous:
		return ""
	}
	return f.Leg.From
}

// KnowsCustomer reports whether any event has told who the customer is, be it that the number is withheld.
func (f Facts) KnowsCustomer() bool {
	return f.CustomersNumber() != "" || f.Leg.Anonymous && !f.Outgoing
}

// Learn returns the facts with what an event adds to them, in whatever order events come.
func (f Facts) Learn(e Event) Facts {
	f = f.directed(e)
	f.Queued = f.Queued || e.provesQueue()
	if f.IsCustomers(e.Leg) {
		f.Leg = latest(e.Leg, f.Leg)
	}
	return f.withBuckets(e).withExtra(e)
}

// directed takes from an event which way the call goes. What the caller's own
// leg says counts; a child leg that looks as if it was placed may have been by the flow.
func (f Facts) directed(e Event) Facts {
	comesIn := !e.Leg.IsChild() && (e.Kind == Inbound || e.Leg.Type == "inbound")
	if comesIn && f.Outgoing {
		f.Leg = Leg{} // it was taken for another's
	}
	if comesIn && f.placed {
		f.Agent = Agent{}
	}
	f.incoming = f.incoming || comesIn
	f.Outgoing = !f.incoming && (f.Outgoing || e.IsOutgoing())
	return f
}

// IsCustomers reports whether a leg is the customer's. Of a call that was
// placed, either leg may be the parent of the other; the customer's is the
// external one (babelforce help, "How to define different call legs").
func (f Facts) IsCustomers(leg Leg) bool {
	if f.Outgoing {
		return leg.Domain == "external" || leg.Domain != "internal" && !leg.IsChild()
	}
	return !leg.IsChild()
}

// provesQueue: agents are rung, and named, by queues; nothing else tells that a caller waited in one.
func (e Event) provesQueue() bool {
	isAttempt := e.Leg.IsChild() && (e.Leg.Source == "" || e.Leg.Source == "queue")
	return !e.IsOutgoing() && (isAttempt || e.Leg.State == "queued" || e.Queue != Queue{})
}

// AsOf returns the facts as they stood when the event happened. Its own fields
// win over anything learnt since, and the duration, which has grown since, is
// only what the event itself says of the caller's leg, or its times do.
func (f Facts) AsOf(e Event) Facts {
	f.Leg.Seconds = nil
	switch {
	case f.IsCustomers(e.Leg):
		f.Leg = e.Leg.over(f.Leg)
	case e.tellsPickUp():
		f.Leg.Seconds = secondsBetween(f.Leg.CreatedAt, e.Leg.EstablishedAt)
	}
	f.told = nil
	return f.withBuckets(e).withExtra(e)
}

func (f Facts) withBuckets(e Event) Facts {
	// Every leg of an attempt names its agent; only a bridge says that it is the one who answered.
	switch {
	case f.Outgoing && e.Kind != Bridged && f.Agent == Agent{}:
		f.Agent, f.placed = e.Agent, true // who has placed the call: no other agent is rung
	case f.Outgoing && e.Kind != Bridged:
		f.Agent = f.Agent.over(e.Agent)
	case f.Outgoing && e.Agent == Agent{}: // it is the one who has placed the call
	case e.Kind == Bridged:
		f.Agent, f.placed = e.Agent.over(f.Agent), false
		f.Queue = e.Queue.over(f.Queue)
	}
	return f
}

func (f Facts) withExtra(e Event) Facts {
	if len(e.Extra) == 0 {
		return f
	}
	extra, told := make(map[string]string, len(e.Extra)), make(map[string]time.Time, len(e.Extra))
	maps.Copy(extra, f.Extra) //workflowcheck:ignore a copy is the same in any order
	maps.Copy(told, f.told)   //workflowcheck:ignore
	//workflowcheck:ignore each is by itself
	for name, value := range e.Extra {
		if before, known := told[name]; !known || !e.At().Before(before) {
			extra[name], told[name] = value, e.At()
		}
	}
	f.Extra, f.told = extra, told
	return f
}
