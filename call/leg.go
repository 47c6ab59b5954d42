package call

import (
	"cmp"
	"slices"
	"time"
)

// Leg is one connection of a call: the caller's own (the parent leg) or one attempt to reach
// an agent (a child leg). The fields have the meaning of the Call schema of the babelforce
// API. An empty field was not reported.
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
	// Anonymous is set if the caller withheld the number.
	Anonymous     bool      `json:"anonymous,omitempty"`
	CreatedAt     time.Time `json:"createdAt,omitzero"`
	EstablishedAt time.Time `json:"establishedAt,omitzero"`
	FinishedAt    time.Time `json:"finishedAt,omitzero"`
	// Seconds is the leg's duration so far. A parent leg counts from its creation, a child leg
	// from when it was established. On a bridge of the parent leg it is how long the caller waited.
	Seconds *int `json:"seconds,omitempty"`
}

// Key returns the id of the call that the leg belongs to.
func (l Leg) Key() string { return cmp.Or(l.ParentID, l.ID) }

// IsChild reports whether the leg is an attempt to reach an agent.
func (l Leg) IsChild() bool {
	return (l.ParentID != "" && l.ParentID != l.ID) || l.IsAgentAttempt()
}

// IsAgentAttempt reports whether the leg is an agent attempt of an inbound call: type
// outbound, source queue, domain internal (babelforce help, "Inbound Calls (Source Queue)").
// Without a parent id such a leg cannot be attributed to a call.
func (l Leg) IsAgentAttempt() bool {
	return l.Type == "outbound" && l.Source == "queue" && l.Domain == "internal"
}

// IsOutgoing reports whether the leg belongs to an outbound call, placed by an agent, a dialer
// or the API (babelforce help, "How to define different call legs"), or by a queue that calls back.
func (l Leg) IsOutgoing() bool {
	isFlows := l.Source == "dial" && l.IsChild() // the call flow of an inbound call dials a further party
	isPlaced := slices.Contains([]string{"api", "webrtc", "dialer", "dial"}, l.Source) && !isFlows
	isCallback := l.Domain == "external" && !l.IsChild() && l.Source != "test"
	return l.Type == "outbound" && (isPlaced || isCallback)
}

// WasTransferred reports whether the leg ended because the call was transferred to another
// agent. The call continues (babelforce help, "Hangup reasons inbound").
func (l Leg) WasTransferred() bool { return l.FinishReason == "transferred" }

// end returns when the leg ended. If a child leg does not contain when it was established, its
// duration is counted from its creation, so the result may be too early.
func (l Leg) end() time.Time {
	isKnown := l.IsChild() && !l.ended().IsZero()
	if isKnown || l.Seconds == nil || l.CreatedAt.IsZero() {
		return l.ended()
	}
	return l.CreatedAt.Add(time.Duration(*l.Seconds) * time.Second)
}

// ended returns when a child leg ended, or zero if its fields do not contain it.
func (l Leg) ended() time.Time {
	if !l.FinishedAt.IsZero() || l.Seconds == nil || l.EstablishedAt.IsZero() {
		return l.FinishedAt
	}
	return l.EstablishedAt.Add(time.Duration(*l.Seconds) * time.Second)
}

// connected returns how many seconds a child leg was connected, or nil if the leg contains
// neither a duration nor the times.
func (l Leg) connected() *int {
	return cmp.Or(l.Seconds, secondsBetween(l.EstablishedAt, l.FinishedAt))
}

// lasted reports whether a child leg was connected at all.
func (l Leg) lasted() bool {
	seconds := l.connected()
	return seconds != nil && *seconds > 0
}

// endedBy returns the leg with the report of its end. Fields that change until the end come
// from that report alone: an earlier duration is not the leg's duration.
func (l Leg) endedBy(end Leg) Leg {
	leg := end.filledFrom(l.begun())
	if leg.IsChild() {
		leg.Seconds = leg.connected()
	} else {
		leg.Seconds = cmp.Or(leg.Seconds, secondsBetween(leg.CreatedAt, leg.FinishedAt))
	}
	return leg
}

// filledFrom fills in missing fields from what is known about the leg.
func (l Leg) filledFrom(known Leg) Leg {
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

// begun returns the leg without the fields that change until it ends.
func (l Leg) begun() Leg {
	l.State, l.Seconds, l.FinishReason, l.FinishedAt = "", nil, "", time.Time{}
	return l
}
