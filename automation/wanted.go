package automation

import (
	"slices"

	"github.com/callthread/callthread/call"
)

// lasting are the placeholders whose values at the ring are still the same when the call is over.
var lasting = []string{
	"call.id", "call.sessionId", "call.conversationId", "call.type", "call.source", "call.domain",
	"call.from", "call.to", "call.anonymous", "call.dateCreated", NameOfNumber, TeamOfNumber,
}

// Wants reports whether the automations open a conversation for a call that is
// known only from babelforce's log, and whether that can be told: a trigger may
// read what the log does not have, or not as it was when the call rang.
func (s *Set) Wants(facts call.Facts) (wanted, certain bool) {
	if s.Ignores(facts) {
		return false, true
	}
	r, event := &renderer{facts: facts, set: s}, call.Inbound
	if facts.Outgoing {
		event = call.Outbound
	}
	i := slices.IndexFunc(s.Automations, func(a Automation) bool { return a.Action == CreateConversation && a.Event == event })
	if i < 0 {
		return false, true
	}
	opens := s.Automations[i].Trigger
	if slices.ContainsFunc(opens.Conditions, func(c Condition) bool { return !slices.Contains(lasting, c.Expression.Name) }) {
		return false, false
	}
	return opens.holds(r), true
}
