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

// The three events of a call, each also the name of the workflow signal that carries it.
const (
	Inbound  Kind = "inbound"  // the call rings
	Bridged  Kind = "bridged"  // an agent has picked up
	Finished Kind = "finished" // one leg has ended
)

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
	// Extra holds the fields that the webhook carried beyond the known ones, by their dotted name.
	Extra map[string]string `json:"extra,omitempty"`
}

// At is when the event happened as far as its own fields tell, and when it
// was received otherwise. It orders bridges that overtook each other.
func (e Event) At() time.Time {
	if e.Leg.CreatedAt.IsZero() || e.Leg.Seconds == nil {
		return e.ReceivedAt
	}
	return e.Leg.CreatedAt.Add(time.Duration(*e.Leg.Seconds) * time.Second)
}

// Agent is the babelforce agent who answered.
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

// Facts is all that is known of one call at one moment: what steps and placeholders draw on.
type Facts struct {
	// Key is the parent leg's id; one key is one call is one conversation.
	Key string `json:"key"`
	// Leg is the parent leg. Child legs (agent attempts) never change it.
	Leg     Leg               `json:"leg"`
	Agent   Agent             `json:"agent,omitzero"`
	Queue   Queue             `json:"queue,omitzero"`
	Extra   map[string]string `json:"extra,omitempty"`
	Outcome Outcome           `json:"outcome,omitempty"`
	// Kustomer names what Kustomer holds of the call, once it does.
	Kustomer Kustomer `json:"kustomer,omitzero"`
}

// Kustomer names a call's conversation and the customer it belongs to.
type Kustomer struct {
	CustomerID      string `json:"customerId,omitempty"`
	ConversationID  string `json:"conversationId,omitempty"`
	ConversationURL string `json:"conversationUrl,omitempty"`
}

// Learn returns the facts with what an event adds to them, in whatever order events come.
func (f Facts) Learn(e Event) Facts {
	if !e.Leg.IsChild() {
		f.Leg = latest(e.Leg, f.Leg)
	}
	return f.withBuckets(e)
}

// AsOf returns the facts as they stood when the event happened. Its own fields
// win over anything learnt since, and the duration, which has grown since, is
// only what the event itself says of the caller's leg.
func (f Facts) AsOf(e Event) Facts {
	f.Leg.Seconds = nil
	if !e.Leg.IsChild() {
		f.Leg = e.Leg.over(f.Leg)
	}
	return f.withBuckets(e)
}

func (f Facts) withBuckets(e Event) Facts {
	// Every leg of an attempt names its agent; only a bridge says that it is the one who answered.
	if e.Kind == Bridged {
		f.Agent = e.Agent.over(f.Agent)
		f.Queue = Queue{ID: cmp.Or(e.Queue.ID, f.Queue.ID), Name: cmp.Or(e.Queue.Name, f.Queue.Name)}
	}
	if len(e.Extra) > 0 {
		extra := maps.Clone(f.Extra)
		if extra == nil {
			extra = make(map[string]string, len(e.Extra))
		}
		maps.Copy(extra, e.Extra) //workflowcheck:ignore a copy is the same in any order
		f.Extra = extra
	}
	return f
}
