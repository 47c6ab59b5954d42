package call

import (
	"cmp"
	"slices"
	"time"
)

// Leg is one connection of a call: the caller's own (the parent) or one
// attempt to reach an agent (a child). Field meanings are those of the Call
// schema of the babelforce API; empty means not told.
type Leg struct {
	ID             string `json:"id"`
	ParentID       string `json:"parentId,omitempty"`
	SessionID      string `json:"sessionId,omitempty"`
	ConversationID string `json:"conversationId,omitempty"`
	Type           string `json:"type,omitempty"`   // inbound, outbound
	Source         string `json:"source,omitempty"` // queue, transfer, api, test, ...
	Domain         string `json:"domain,omitempty"` // internal, external, other
	State          string `json:"state,omitempty"`
	FinishReason   string `json:"finishReason,omitempty"`
	From           string `json:"from,omitempty"`
	To             string `json:"to,omitempty"`
	// Anonymous says that the caller withheld the number.
	Anonymous     bool      `json:"anonymous,omitempty"`
	CreatedAt     time.Time `json:"createdAt,omitzero"`
	EstablishedAt time.Time `json:"establishedAt,omitzero"`
	FinishedAt    time.Time `json:"finishedAt,omitzero"`
	// Seconds is the leg's duration so far; on a bridge of the parent leg, how long the caller waited.
	Seconds *int `json:"seconds,omitempty"`
}

// Key is the id of the call that the leg belongs to.
func (l Leg) Key() string { return cmp.Or(l.ParentID, l.ID) }

// IsChild reports whether the leg is an attempt to reach an agent.
func (l Leg) IsChild() bool {
	return (l.ParentID != "" && l.ParentID != l.ID) || l.IsAgentAttempt()
}

// IsAgentAttempt reports whether the leg has the marks of an agent attempt of
// an inbound call: type outbound, source queue, domain internal (babelforce
// help, "Inbound Calls (Source Queue)"). With no parent id such a leg cannot
// be attributed to any call.
func (l Leg) IsAgentAttempt() bool {
	return l.Type == "outbound" && l.Source == "queue" && l.Domain == "internal"
}

// latest merges two reports of one leg. The one with the longer duration is
// the later and wins, so that an event which was overtaken does not set the clock back.
func latest(a, b Leg) Leg {
	if b.Seconds != nil && (a.Seconds == nil || *a.Seconds < *b.Seconds) {
		a, b = b, a
	}
	return a.over(b)
}

// IsOutgoing reports whether the leg belongs to a call that an agent, a dialer
// or the API has placed (babelforce help, "How to define different call legs").
func (l Leg) IsOutgoing() bool {
	isFlows := l.Source == "dial" && l.IsChild() // which rings somebody for a caller
	return l.Type == "outbound" && !isFlows && slices.Contains([]string{"api", "webrtc", "dialer", "dial"}, l.Source)
}

// WasTransferred reports whether the leg ended by being handed to another
// agent: what follows is still the same call (babelforce help, "Hangup reasons inbound").
func (l Leg) WasTransferred() bool { return l.FinishReason == "transferred" }

// end is when the leg ended, as far as its fields tell.
func (l Leg) end() time.Time {
	switch {
	case !l.FinishedAt.IsZero():
		return l.FinishedAt
	case l.Seconds == nil || l.EstablishedAt.IsZero() && l.CreatedAt.IsZero():
		return time.Time{}
	case !l.EstablishedAt.IsZero():
		return l.EstablishedAt.Add(time.Duration(*l.Seconds) * time.Second)
	}
	return l.CreatedAt.Add(time.Duration(*l.Seconds) * time.Second)
}

// over lays what the leg says over what is otherwise known of it.
func (l Leg) over(known Leg) Leg {
	return Leg{
		ID:             cmp.Or(l.ID, known.ID),
		ParentID:       cmp.Or(l.ParentID, known.ParentID),
		SessionID:      cmp.Or(l.SessionID, known.SessionID),
		ConversationID: cmp.Or(l.ConversationID, known.ConversationID),
		Type:           cmp.Or(l.Type, known.Type),
		Source:         cmp.Or(l.Source, known.Source),
		Domain:         cmp.Or(l.Domain, known.Domain),
		State:          cmp.Or(l.State, known.State),
		FinishReason:   cmp.Or(l.FinishReason, known.FinishReason),
		From:           cmp.Or(l.From, known.From),
		To:             cmp.Or(l.To, known.To),
		Anonymous:      l.Anonymous || known.Anonymous,
		CreatedAt:      cmp.Or(l.CreatedAt, known.CreatedAt),
		EstablishedAt:  cmp.Or(l.EstablishedAt, known.EstablishedAt),
		FinishedAt:     cmp.Or(l.FinishedAt, known.FinishedAt),
		Seconds:        cmp.Or(l.Seconds, known.Seconds),
	}
}

// begun is the leg without what changes until it ends.
func (l Leg) begun() Leg {
	l.State, l.Seconds, l.FinishReason, l.FinishedAt = "", nil, "", time.Time{}
	return l
}
