package call

import (
	"maps"
	"slices"
	"time"
)

// Facts is what is known about a call at one moment: what triggers and placeholders read.
type Facts struct {
	// Key is the parent leg's id; one key is one call is one conversation.
	Key string `json:"key"`
	// Outgoing says that an agent, a dialer or the API placed the call.
	Outgoing bool `json:"outgoing,omitempty"`
	// Leg is the customer's: the parent of a call that came in, whose child legs
	// (agent attempts) never change it, and the external leg of an outbound call. Before
	// its end is reported, it has neither a duration nor a state.
	Leg   Leg               `json:"leg"`
	Agent Agent             `json:"agent,omitzero"`
	Queue Queue             `json:"queue,omitzero"`
	Extra map[string]string `json:"extra,omitempty"`
	// Queued says that the caller is known to have reached a queue.
	Queued  bool    `json:"queued,omitempty"`
	Outcome Outcome `json:"outcome,omitempty"`
	Summary Summary `json:"summary,omitzero"`
	// Recording is the one that an event of that kind reports.
	Recording Recording `json:"recording,omitzero"`
	// AddedAt is when babelforce's call log added what no webhook had reported, zero if nothing was.
	AddedAt time.Time `json:"addedAt,omitzero"`
	// Kustomer names the call's conversation and customer, once they exist.
	Kustomer Kustomer `json:"kustomer,omitzero"`
}

// Kustomer names a call's conversation and the customer it belongs to.
type Kustomer struct {
	CustomerID      string `json:"customerId,omitempty"`
	ConversationID  string `json:"conversationId,omitempty"`
	ConversationURL string `json:"conversationUrl,omitempty"`
}

// Direction is the direction of the call.
func (f Facts) Direction() string { return direction(f.Outgoing) }

// CustomersNumber is the customer's number: the one that called or was called. It is empty if withheld.
func (f Facts) CustomersNumber() string {
	switch {
	case f.Outgoing:
		return f.Leg.To
	case f.Leg.Anonymous:
		return ""
	}
	return f.Leg.From
}

// KnowsCustomer reports whether any report says who the customer is, or that the number is withheld.
func (f Facts) KnowsCustomer() bool {
	return f.CustomersNumber() != "" || f.Leg.Anonymous && !f.Outgoing
}

// IsCustomers reports whether a leg is the customer's. On an outbound call either
// leg may be the parent; the customer's is the external one (babelforce help,
// "How to define different call legs").
func (f Facts) IsCustomers(leg Leg) bool {
	if f.Outgoing {
		return leg.Domain == "external" || leg.Domain != "internal" && !leg.IsChild()
	}
	return !leg.IsChild()
}

// provesQueue reports whether the event proves that the caller waited in a queue:
// only queues ring agents and are named.
func (e Event) provesQueue() bool {
	isAttempt := e.Leg.IsChild() && (e.Leg.Source == "" || e.Leg.Source == "queue")
	return !e.IsOutgoing() && (isAttempt || e.Leg.State == "queued" || e.Queue != Queue{})
}

// Facts is everything that the reports say about the call. The order in which they
// arrived does not matter: they apply in the order in which things happened.
func (r *Record) Facts() Facts {
	f := Facts{Key: r.Key, Outgoing: r.isOutgoing()}
	events, end := r.events(), (*Event)(nil)
	for _, e := range events {
		f.Queued = f.Queued || !f.Outgoing && e.provesQueue()
		switch {
		case !f.IsCustomers(e.Leg):
		case e.FromLog: // which adds to what webhooks report
			f.Leg = f.Leg.over(e.Leg.begun())
		default:
			f.Leg = e.Leg.begun().over(f.Leg)
		}
		if f.IsCustomers(e.Leg) && e.Kind == Finished {
			end = e
		}
		if e.Kind != Bridged {
			f = f.withBuckets(*e)
		}
	}
	for _, p := range byTime(r.pickUps()) {
		f = f.withBuckets(p.event)
	}
	if end != nil {
		f.Leg = f.Leg.endedBy(end.Leg)
	}
	f.Extra = extra(events)
	if r.Added != nil {
		f.AddedAt = r.Added.At
	}
	return f
}

// isOutgoing reports whether an agent, a dialer or the API placed the call. The
// caller's own leg decides; a call flow may dial further legs for an inbound call.
func (r *Record) isOutgoing() bool {
	isInbound := func(r Report) bool { return !r.Leg.IsChild() && (r.Kind == Inbound || r.Leg.Type == "inbound") }
	isOutgoing := func(r Report) bool { return r.IsOutgoing() }
	return !slices.ContainsFunc(r.Reports, isInbound) && slices.ContainsFunc(r.Reports, isOutgoing)
}

// asOf returns the facts as they were when the event happened. Its own fields win
// over what was learned since.
func (r *Record) asOf(f Facts, e Event) Facts {
	f.Leg = f.legAsOf(e)
	if !e.FromLog {
		f.AddedAt = time.Time{}
	}
	if at := e.At(); !at.IsZero() {
		isLater := func(other *Event) bool { return other.At().After(at) }
		f.Extra = extra(append(slices.DeleteFunc(r.events(), isLater), &e))
	}
	return f.withBuckets(e)
}

// legAsOf returns the customer's leg as it was when the event happened. Durations
// keep growing, so only the event's own value, or one computed from its times, is used.
func (f Facts) legAsOf(e Event) Leg {
	leg := f.Leg.begun()
	switch {
	case f.IsCustomers(e.Leg):
		return e.Leg.over(leg)
	case e.tellsPickUp():
		leg.Seconds = secondsBetween(leg.CreatedAt, e.Leg.EstablishedAt)
	}
	return leg
}

// withBuckets takes agent and queue from an event. Every leg of an attempt names
// its agent; only a bridge says that this agent answered.
func (f Facts) withBuckets(e Event) Facts {
	switch {
	case f.Outgoing && e.Kind != Bridged: // the agent who placed the call; no other agent is rung
		f.Agent = f.Agent.with(e.Agent)
	case f.Outgoing && e.Agent == Agent{}: // likewise
	case e.Kind == Bridged:
		f.Agent = e.Agent.over(f.Agent)
		f.Queue = e.Queue.over(f.Queue)
	}
	return f
}

// extra unites the further fields of events; of two values the later event's counts.
func extra(events []*Event) (all map[string]string) {
	for _, e := range events {
		if len(e.Extra) > 0 && all == nil {
			all = make(map[string]string)
		}
		maps.Copy(all, e.Extra) //workflowcheck:ignore a copy is the same in any order
	}
	return all
}
