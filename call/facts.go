package call

import (
	"maps"
	"slices"
	"time"
)

// Facts is what is known about a call at one moment. Triggers and placeholders read it.
type Facts struct {
	// Key is the id of the parent leg. Each key identifies one call and one conversation.
	Key string `json:"key"`
	// Outgoing is set for an outbound call, placed by an agent, a dialer or the API.
	Outgoing bool `json:"outgoing,omitempty"`
	// Leg is the customer's leg: the parent leg of an inbound call, the external leg of an
	// outbound call. The child legs of an inbound call (agent attempts) never change it. It has
	// neither a duration nor a state until its end is reported.
	Leg   Leg               `json:"leg"`
	Agent Agent             `json:"agent,omitzero"`
	Queue Queue             `json:"queue,omitzero"`
	Extra map[string]string `json:"extra,omitempty"`
	// Queued is set if the caller is known to have reached a queue.
	Queued  bool    `json:"queued,omitempty"`
	Outcome Outcome `json:"outcome,omitempty"`
	Summary Summary `json:"summary,omitzero"`
	// Recording is set for an event of kind [Recorded].
	Recording Recording `json:"recording,omitzero"`
	// AddedAt is when babelforce's call log added reports that no webhook had sent, or zero if
	// it added none.
	AddedAt time.Time `json:"addedAt,omitzero"`
	// Kustomer identifies the call's conversation and customer once they exist.
	Kustomer Kustomer `json:"kustomer,omitzero"`
}

// Kustomer identifies the conversation of a call and its customer.
type Kustomer struct {
	CustomerID      string `json:"customerId,omitempty"`
	ConversationID  string `json:"conversationId,omitempty"`
	ConversationURL string `json:"conversationUrl,omitempty"`
}

// Direction returns the direction of the call, [In] or [Out].
func (f Facts) Direction() string { return direction(f.Outgoing) }

// CustomersNumber returns the number that called or was called. It is empty if withheld.
func (f Facts) CustomersNumber() string {
	switch {
	case f.Outgoing:
		return f.Leg.To
	case f.Leg.Anonymous:
		return ""
	}
	return f.Leg.From
}

// KnowsCustomer reports whether any report contains the customer's number or says that it
// is withheld.
func (f Facts) KnowsCustomer() bool {
	return f.CustomersNumber() != "" || f.Leg.Anonymous && !f.Outgoing
}

// IsCustomers reports whether a leg is the customer's. On an outbound call either leg may be
// the parent; the customer's leg is the external one (babelforce help, "How to define
// different call legs").
func (f Facts) IsCustomers(leg Leg) bool {
	if f.Outgoing {
		return leg.Domain == "external" || leg.Domain != "internal" && !leg.IsChild()
	}
	return !leg.IsChild()
}

// provesQueue reports whether the event proves that the caller waited in a queue: it belongs
// to an attempt to reach an agent, which only a queue makes, or it names a queue.
func (e Event) provesQueue() bool {
	isAttempt := e.Leg.IsChild() && (e.Leg.Source == "" || e.Leg.Source == "queue")
	return !e.IsOutgoing() && (isAttempt || e.Leg.State == "queued" || e.Queue != Queue{})
}

// Facts returns everything that the reports contain about the call. They are applied in the
// order of the events' times, so the order of arrival does not matter.
func (r *Record) Facts() Facts {
	f := Facts{Key: r.Key, Outgoing: r.isOutgoing()}
	events, end := r.events(), (*Event)(nil)
	for _, e := range events {
		f.Queued = f.Queued || !f.Outgoing && e.provesQueue()
		switch {
		case !f.IsCustomers(e.Leg):
		case e.FromLog: // the log only fills in what webhooks do not report
			f.Leg = f.Leg.filledFrom(e.Leg.begun())
		default:
			f.Leg = e.Leg.begun().filledFrom(f.Leg)
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

// placer returns the agent who placed an outbound call: the first agent that the reports name.
func (r *Record) placer() (placer Agent) {
	for _, e := range r.events() {
		placer = placer.with(e.Agent)
	}
	return placer
}

// isOutgoing reports whether the call is outbound. The caller's own leg decides, because a
// call flow may dial further legs for an inbound call.
func (r *Record) isOutgoing() bool {
	isInbound := func(r Report) bool { return !r.Leg.IsChild() && (r.Kind == Inbound || r.Leg.Type == "inbound") }
	isOutgoing := func(r Report) bool { return r.IsOutgoing() }
	return !slices.ContainsFunc(r.Reports, isInbound) && slices.ContainsFunc(r.Reports, isOutgoing)
}

// asOf returns the facts as they were when the event happened. The event's own fields take
// precedence over later reports.
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

// legAsOf returns the customer's leg as it was when the event happened. A duration grows
// with time, so only the event's own value, or one computed from its times, is used.
func (f Facts) legAsOf(e Event) Leg {
	leg := f.Leg.begun()
	switch {
	case f.IsCustomers(e.Leg):
		return e.Leg.filledFrom(leg)
	case e.hasPickUpTime():
		leg.Seconds = secondsBetween(leg.CreatedAt, e.Leg.EstablishedAt)
	}
	return leg
}

// withBuckets returns the facts with the agent and queue of an event. Every leg of an attempt
// names its agent; only a bridge says that this agent answered.
func (f Facts) withBuckets(e Event) Facts {
	switch {
	case f.Outgoing && e.Kind != Bridged: // the agent who placed the call; no other agent is rung
		f.Agent = f.Agent.with(e.Agent)
	case f.Outgoing && e.Agent == Agent{}: // a bridge that names no agent is with the agent who placed the call
	case e.Kind == Bridged:
		f.Agent = e.Agent.filledFrom(f.Agent)
		f.Queue = e.Queue.filledFrom(f.Queue)
	}
	return f
}

// extra merges the further fields of events. The later event's value takes precedence.
func extra(events []*Event) (all map[string]string) {
	for _, e := range events {
		if len(e.Extra) > 0 && all == nil {
			all = make(map[string]string)
		}
		maps.Copy(all, e.Extra) //workflowcheck:ignore a copy is the same in any order
	}
	return all
}

// IsTest reports whether babelforce made the call as a test.
func (r *Record) IsTest() bool {
	return slices.ContainsFunc(r.Reports, func(report Report) bool { return !report.Leg.IsChild() && report.Leg.Source == "test" })
}
