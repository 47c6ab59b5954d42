package workflows

import (
	"cmp"
	"fmt"

	"github.com/callthread/callthread/call"
)

// LegState is one try to reach an agent in a call's State, or, of a call that
// was placed, the other leg. Nothing in it names anybody.
type LegState struct {
	LegID   string `json:"legId"`
	AgentID string `json:"agentId,omitempty"`
	QueueID string `json:"queueId,omitempty"`
	// RangSeconds is how long the phone rang, where the leg's times tell.
	RangSeconds *int `json:"rangSeconds,omitempty"`
	// TalkedSeconds is how long the leg was connected.
	TalkedSeconds *int `json:"talkedSeconds,omitempty"`
	// Answered says that it was picked up.
	Answered bool `json:"answered,omitempty"`
	// FinishReason is why the leg ended, as the phone provider sees it: not all mean the same by theirs.
	FinishReason string `json:"finishReason,omitempty"`
}

func legState(attempt call.Attempt) LegState {
	leg := LegState{
		LegID: attempt.Leg.ID, AgentID: attempt.Agent.ID, QueueID: attempt.Queue.ID,
		Answered: attempt.Lasted(), FinishReason: attempt.Leg.FinishReason,
	}
	if rang, known := attempt.Rang(); known {
		leg.RangSeconds = &rang
	}
	if attempt.Lasted() {
		leg.TalkedSeconds = attempt.Leg.Seconds
	}
	return leg
}

// inWords is an event as the call log has it.
func (c *thread) inWords(event call.Event) string {
	agent := "agent " + cmp.Or(event.Agent.ID, "unknown")
	switch {
	case event.Kind == call.Inbound:
		return "ringing"
	case event.Kind == call.Outbound:
		return "call placed"
	case event.Kind == call.Recorded:
		return "a recording can be listened to"
	case event.Kind == call.Bridged && c.isOvertaken(event):
		return agent + " had picked up before, as is heard of only now"
	case event.Kind == call.Bridged && c.facts.Outgoing:
		return "the customer has picked up, and speaks with " + agent
	case event.Kind == call.Bridged && len(c.bridges) > 0 && !c.isAnnounced(event):
		return "now with " + agent
	case event.Kind == call.Bridged:
		return "answered by " + agent
	case event.Leg.IsChild() && c.facts.IsCustomers(event.Leg):
		return "the customer's leg ended (" + cmp.Or(event.Leg.FinishReason, "no reason given") + ")"
	case event.Leg.IsChild():
		return legState(call.Attempt{Leg: event.Leg, Agent: event.Agent}).InWords(agent)
	}
	return "call ended (" + cmp.Or(event.Leg.FinishReason, "no reason given") + ")"
}

// InWords says what became of the leg, which is that of whoever is named.
func (l LegState) InWords(whose string) string {
	rang := ""
	if l.RangSeconds != nil {
		rang = fmt.Sprintf(" after %d s of ringing", *l.RangSeconds)
	}
	if !l.Answered || l.TalkedSeconds == nil {
		return whose + " did not pick up" + rang
	}
	return fmt.Sprintf("%s picked up%s, and was on the line for %d s", whose, rang, *l.TalkedSeconds)
}
