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
	// Seconds is the leg's duration so far: of a parent leg since it was created, of a child leg since it was
	// established. On a bridge of the parent leg it is how long the caller waited.
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

// IsOutgoing reports whether the leg belongs to a call that an agent, a dialer
// or the API has placed (babelforce help, "How to define different call legs").
func (l Leg) IsOutgoing() bool {
	isFlows := l.Source == "dial" && l.IsChild() // which rings somebody for a caller
	return l.Type == "outbound" && !isFlows && slices.Contains([]string{"api", "webrtc", "dialer", "dial"}, l.Source)
}

// WasTransferred reports whether the leg ended by being handed to another
// agent: what follows is still the same call (babelforce help, "Hangup reasons inbound").
func (l Leg) WasTransferred() bool { return l.FinishReason == "transferred" }

// end is when the leg ended as far as its fields tell, for putting legs in order: if
// it does not say when it was established, that is taken to be at its beginning.
func (l Leg) end() time.Time {
	if ended := l.ended(); !ended.IsZero() || l.Seconds == nil || l.CreatedAt.IsZero() {
		return ended
	}
	return l.CreatedAt.Add(time.Duration(*l.Seconds) * time.Second)
}

// ended is when the leg ended, zero if its fields do not say.
func (l Leg) ended() time.Time {
	if !l.FinishedAt.IsZero() || l.Seconds == nil || l.EstablishedAt.IsZero() {
		return l.FinishedAt
	}
	return l.EstablishedAt.Add(time.Duration(*l.Seconds) * time.Second)
}

// connected is for how long a child leg was connected, nil if neither its duration nor its times say.
func (l Leg) connected() *int {
	return cmp.Or(l.Seconds, secondsBetween(l.EstablishedAt, l.FinishedAt))
}

// lasted reports whether a child leg was connected at all.
func (l Leg) lasted() bool {
	seconds := l.connected()
	return seconds != nil && *seconds > 0
}

// endedBy is the leg with what the report of its end says. What changes until then
// comes from that report alone: an earlier duration is not the leg's.
func (l Leg) endedBy(end Leg) Leg {
	leg := end.over(l.begun())
	if leg.IsChild() {
		leg.Seconds = leg.connected()
	} else {
		leg.Seconds = cmp.Or(leg.Seconds, secondsBetween(leg.CreatedAt, leg.FinishedAt))
	}
	return leg
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
