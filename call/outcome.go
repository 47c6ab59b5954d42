package call

// Outcome is what became of a call.
type Outcome string

const (
	Answered  Outcome = "answered"  // an agent and the caller were connected
	Abandoned Outcome = "abandoned" // the caller hung up before any agent picked up
	Missed    Outcome = "missed"    // it ended some other way, or was never heard of again, with no agent
)

// OutcomeOf derives the outcome from what is known when a call is over.
//
// parent is the caller's leg, children are the ended agent attempts, bridged
// says whether any bridge was announced. Only the reasons that every
// phone provider reports alike are relied on (babelforce help, "Hangup reasons
// inbound"): provider-specific ones such as busy or no-answer are not.
func OutcomeOf(parent Leg, children []Leg, bridged bool) Outcome {
	switch {
	case bridged, wasConnected(parent), anyLasted(children):
		return Answered
	case parent.FinishReason == "hangup":
		return Abandoned
	}
	return Missed
}

// wasConnected: a parent leg ends this way only when an agent was on the line.
func wasConnected(parent Leg) bool {
	return parent.FinishReason == "passive-hangup" || parent.WasTransferred()
}

// anyLasted: of the attempts to reach an agent, only a successful one has a duration.
func anyLasted(children []Leg) bool {
	for _, leg := range children {
		if leg.Seconds != nil && *leg.Seconds > 0 {
			return true
		}
	}
	return false
}
