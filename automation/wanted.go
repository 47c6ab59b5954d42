package automation

import (
	"slices"

	"github.com/callthread/callthread/call"
)

// lasting are the placeholders whose values do not change between the ringing and the end.
var lasting = []string{
	"call.id", "call.sessionId", "call.conversationId", "call.type", "call.source", "call.domain",
	"call.from", "call.to", "call.anonymous", "call.dateCreated", NameOfNumber, TeamOfNumber,
}

// Wants reports whether the automations open a conversation for a call that is known only from
// babelforce's log. The answer is not certain if a trigger reads a value that the log does not
// contain, or that may have changed since the call rang.
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
