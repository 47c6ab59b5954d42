package call

import (
	"cmp"
	"slices"
	"time"
)

// Summary is what a call comes down to when it is over. What is not known is left out.
type Summary struct {
	// WaitSeconds is how long the customer waited for the first agent, or in vain.
	WaitSeconds *int `json:"waitSeconds,omitempty"`
	// TalkSeconds is how long the customer was connected to agents.
	TalkSeconds *int `json:"talkSeconds,omitempty"`
	// Agents are the names of those who had the call, in order.
	Agents []string `json:"agents,omitempty"`
	// EndedBy is who ended the call: caller, agent or flow.
	EndedBy string `json:"endedBy,omitempty"`
}

// Summary sums up the call. Bridges are those of its agents, in whatever order.
func (o Over) Summary(bridges []Event) Summary {
	bridges = slices.SortedStableFunc(slices.Values(bridges), func(a, b Event) int { return a.At().Compare(b.At()) })
	lasting := slices.DeleteFunc(slices.Clone(o.Attempts), func(a Attempt) bool { return !a.Lasted() })
	slices.SortStableFunc(lasting, func(a, b Attempt) int { return a.Leg.CreatedAt.Compare(b.Leg.CreatedAt) })

	var s Summary
	total := o.total()
	s.WaitSeconds = o.wait(bridges, lasting, total)
	if o.IsAnswered() {
		s.TalkSeconds = talk(lasting, total, s.WaitSeconds)
	}
	for _, bridge := range bridges {
		s.add(bridge.Agent)
	}
	if len(bridges) == 0 {
		for _, attempt := range lasting {
			s.add(attempt.Agent)
		}
	}
	s.EndedBy = o.endedBy(lasting)
	return s
}

// total is the whole length of the call; before its end, the duration is that of the wait.
func (o Over) total() *int {
	if !o.Ended {
		return nil
	}
	return o.Facts.Leg.Seconds
}

func (o Over) wait(bridges []Event, lasting []Attempt, total *int) *int {
	parent := o.Facts.Leg
	switch {
	case !o.IsAnswered():
		return total
	case len(bridges) > 0 && o.Facts.isCustomers(bridges[0].Leg) && bridges[0].Leg.Seconds != nil:
		return bridges[0].Leg.Seconds // which is the time waited (babelforce help, "HTTP request buckets")
	case len(lasting) > 0 && !parent.CreatedAt.IsZero():
		return secondsBetween(parent.CreatedAt, lasting[0].Leg.EstablishedAt)
	case !parent.CreatedAt.IsZero():
		return secondsBetween(parent.CreatedAt, parent.EstablishedAt)
	}
	return nil
}

func secondsBetween(from, to time.Time) *int {
	if to.Before(from) {
		return nil
	}
	return new(int(to.Sub(from) / time.Second))
}

// talk adds up what the agents' legs lasted, but to no more than the call has
// time for: while one agent consults another, both talk.
func talk(lasting []Attempt, total, wait *int) *int {
	var most *int
	if total != nil && wait != nil && *total >= *wait {
		most = new(*total - *wait)
	}
	if len(lasting) == 0 {
		return most
	}
	sum := 0
	for _, attempt := range lasting {
		sum += *attempt.Leg.Seconds
	}
	if most != nil {
		sum = min(sum, *most)
	}
	return &sum
}

// add names an agent, unless the call comes straight from the same.
func (s *Summary) add(agent Agent) {
	name := cmp.Or(agent.Name, agent.Email, agent.Number, agent.ID)
	if name != "" && (len(s.Agents) == 0 || s.Agents[len(s.Agents)-1] != name) {
		s.Agents = append(s.Agents, name)
	}
}

// endedBy goes by the last agent's leg, on which alone it shows who hung up
// (babelforce help, "Hangup reasons inbound"), and otherwise by the caller's.
func (o Over) endedBy(lasting []Attempt) string {
	if o.Facts.Outgoing || !o.Ended {
		return "" // of calls that are placed, the reasons are not documented alike
	}
	if len(lasting) > 0 {
		last := slices.MaxFunc(lasting, func(a, b Attempt) int { return a.Leg.FinishedAt.Compare(b.Leg.FinishedAt) })
		switch last.Leg.FinishReason {
		case "hangup":
			return "agent"
		case "passive-hangup":
			return "caller"
		}
	}
	switch o.Facts.Leg.FinishReason {
	case "hangup":
		return "caller"
	case "system-hangup":
		return "flow"
	}
	return ""
}
