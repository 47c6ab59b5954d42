package call

import "time"

// Attempt is one attempt to reach an agent: a child leg that has ended.
type Attempt struct {
	Leg   Leg   `json:"leg"`
	Agent Agent `json:"agent,omitzero"`
	Queue Queue `json:"queue,omitzero"`
}

// Lasted reports whether the agent and the customer were connected: only a
// successful attempt has a duration (babelforce help, "Inbound Calls (Source Queue)").
func (a Attempt) Lasted() bool { return a.Leg.lasted() }

// HadCaller reports whether the agent and the customer were connected. Without a duration,
// the finish reason decides: if the agent did not pick up, the platform hangs up
// (babelforce help, "Hangup reasons inbound").
func (a Attempt) HadCaller() bool {
	if a.Leg.connected() != nil {
		return a.Lasted()
	}
	return a.Leg.FinishReason == "hangup" || a.Leg.FinishReason == "passive-hangup"
}

// Rang returns how many seconds the agent's phone rang. It is known only if the leg
// contains the times.
func (a Attempt) Rang() (seconds int, known bool) {
	until := a.Leg.EstablishedAt
	if until.IsZero() && !a.Lasted() {
		until = a.Leg.FinishedAt
	}
	if until.IsZero() || a.Leg.CreatedAt.IsZero() || until.Before(a.Leg.CreatedAt) {
		return 0, false
	}
	return int(until.Sub(a.Leg.CreatedAt) / time.Second), true
}
