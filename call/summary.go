package call

import (
	"cmp"
	"slices"
)

// Summary is the summary of a call that is over. Unknown values are left out.
type Summary struct {
	// WaitSeconds is how long the customer waited for the first agent or, if no agent answered,
	// until the call ended.
	WaitSeconds *int `json:"waitSeconds,omitempty"`
	// TalkSeconds is how long the customer was connected to agents.
	TalkSeconds *int `json:"talkSeconds,omitempty"`
	// Agents are the names of the agents who had the call, in order.
	Agents []string `json:"agents,omitempty"`
	// EndedBy is who ended the call: caller, agent or flow.
	EndedBy string `json:"endedBy,omitempty"`
}

// Summary returns the summary of the call. The bridges may be in any order.
func (o Over) Summary(bridges []Event) Summary {
	bridges = slices.SortedStableFunc(slices.Values(bridges), func(a, b Event) int { return a.At().Compare(b.At()) })
	lasting := o.lasting()
	total := o.Total(bridges)
	s := Summary{WaitSeconds: o.wait(bridges, lasting, total)}
	if o.IsAnswered() {
		s.TalkSeconds = o.talk(bridges, lasting, total, s.WaitSeconds)
	}
	if areLegsOf(lasting, bridges) { // otherwise the last agent's leg may not be among them
		s.EndedBy = o.endedBy(lasting)
	}
	for _, agent := range o.agents(bridges, lasting) {
		s.add(agent)
	}
	return s
}

// Closed returns the facts of the call with its outcome, summary, last queue and length.
func (o Over) Closed(bridges []Event) Facts {
	f := o.Facts
	f.Outcome, f.Summary, f.Queue = o.Outcome(), o.Summary(bridges), o.LastQueue()
	f.Leg.Seconds = o.Total(bridges)
	return f
}

// agents returns the agents who had the call, in order.
func (o Over) agents(bridges []Event, lasting []Attempt) (agents []Agent) {
	for _, bridge := range bridges {
		agents = append(agents, bridge.Agent)
	}
	switch {
	case len(agents) > 0 || !o.IsAnswered():
	case o.Facts.Outgoing:
		agents = []Agent{o.Facts.Agent}
	default:
		for _, attempt := range lasting {
			agents = append(agents, attempt.Agent)
		}
	}
	return agents
}

// lasting returns the agents' legs that had the customer on the line, in the order in which
// they rang.
func (o Over) lasting() (legs []Attempt) {
	for _, attempt := range o.Attempts {
		if attempt.Lasted() && !o.Facts.IsCustomers(attempt.Leg) {
			legs = append(legs, attempt)
		}
	}
	slices.SortStableFunc(legs, func(a, b Attempt) int { return a.Leg.CreatedAt.Compare(b.Leg.CreatedAt) })
	return legs
}

// add appends the name of an agent, unless the last name is the same.
func (s *Summary) add(agent Agent) {
	name := cmp.Or(agent.Name, agent.Email, agent.Number, agent.ID)
	if name != "" && (len(s.Agents) == 0 || s.Agents[len(s.Agents)-1] != name) {
		s.Agents = append(s.Agents, name)
	}
}

// endedBy returns who ended the call. Only the last agent's leg shows who hung up (babelforce
// help, "Hangup reasons inbound"). If no agent was on the line in the end, the caller's leg
// decides.
func (o Over) endedBy(lasting []Attempt) string {
	if o.Facts.Outgoing || !o.Ended {
		return "" // for outbound calls, babelforce does not document the reasons in this way
	}
	if len(lasting) > 0 && len(o.unanswered(lasting)) == 0 {
		return map[string]string{"hangup": "agent", "passive-hangup": "caller"}[last(lasting).Leg.FinishReason]
	}
	return map[string]string{"hangup": "caller", "system-hangup": "flow"}[o.Facts.Leg.FinishReason]
}

func last(lasting []Attempt) Attempt {
	return slices.MaxFunc(lasting, func(a, b Attempt) int { return a.Leg.end().Compare(b.Leg.end()) })
}

// unanswered returns the attempts to reach an agent after the last agent who had the customer
// on the line.
func (o Over) unanswered(lasting []Attempt) (attempts []Attempt) {
	for _, attempt := range o.Attempts {
		isLater := len(lasting) == 0 || attempt.Leg.CreatedAt.After(last(lasting).Leg.end())
		if isLater && !attempt.Lasted() && !o.Facts.IsCustomers(attempt.Leg) {
			attempts = append(attempts, attempt)
		}
	}
	slices.SortStableFunc(attempts, func(a, b Attempt) int { return a.Leg.CreatedAt.Compare(b.Leg.CreatedAt) })
	return attempts
}

// LastQueue returns the last queue of the call: the queue of the agent who answered, or a
// later queue in which no agent answered.
func (o Over) LastQueue() Queue {
	var lasting []Attempt
	if o.IsAnswered() {
		if lasting = o.lasting(); len(lasting) == 0 {
			return o.Facts.Queue // it is not known which agents' legs came before the answer
		}
	}
	for _, attempt := range slices.Backward(o.unanswered(lasting)) {
		if attempt.Queue != (Queue{}) {
			return attempt.Queue
		}
	}
	if o.IsAnswered() {
		return o.Facts.Queue
	}
	return o.Queue
}

// impliedPickUp returns the pick-up that the legs imply if none was reported.
func (o Over) impliedPickUp() Event {
	e := Event{Kind: Bridged, Agent: o.Facts.Agent}
	e.Leg.Seconds = o.Summary(nil).WaitSeconds
	if lasting := o.lasting(); len(lasting) > 0 && !o.Facts.Outgoing {
		answered := last(lasting)
		e.Agent, e.Queue = answered.Agent, answered.Queue
		e.Leg.Seconds = secondsBetween(o.Facts.Leg.CreatedAt, answered.Leg.EstablishedAt)
	}
	return e
}

// LastAgentHungUp reports whether the leg of the agent who picked up last has ended: either a
// leg that names the agent, or as many legs as there were pick-ups.
func (o Over) LastAgentHungUp(bridges []Event) bool {
	if len(bridges) == 0 {
		return false
	}
	latest := slices.MaxFunc(bridges, func(a, b Event) int { return a.At().Compare(b.At()) })
	ended := 0
	for _, attempt := range o.Attempts {
		if !attempt.HadCaller() {
			continue
		}
		ended++
		isAgents := latest.Agent.ID != "" && attempt.Agent.ID == latest.Agent.ID
		if isAgents && (attempt.Leg.end().IsZero() || attempt.Leg.end().After(latest.At())) {
			return true
		}
	}
	return ended >= len(bridges)
}
