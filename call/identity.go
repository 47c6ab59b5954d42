package call

import "strings"

// reportOf returns the report of the same thing, or nil if the event reports something new.
func (r *Record) reportOf(e Event) *Report {
	for i := range r.Reports {
		if known := &r.Reports[i]; e.reportsSame(known.Event) {
			return known
		}
	}
	return nil
}

// reportsSame reports whether two events report the same thing. The identity is the leg, the
// agent and time of a pick-up, or the id of a recording. All other fields may differ.
func (e Event) reportsSame(known Event) bool {
	switch {
	case e.Kind != known.Kind:
		return false
	case e.Kind == Recorded:
		return e.Recording.is(known.Recording)
	case e.Leg.ID != known.Leg.ID:
		return false
	case e.Kind != Bridged:
		return true
	}
	// A report without a time repeats another one. If the agent had got the call back, the
	// automation that sends times would have reported it too.
	isTimeless := e.ownTime().IsZero() && e.Agent.Is(known.Agent)
	return isTimeless || e.isPartOf(known) || known.isPartOf(e) || e.Agent.mayBe(known.Agent) && isNear(e, known)
}

// isPartOf reports whether an event contains neither the time nor the agent of a pick-up while
// another one contains the time. Such an event comes from an automation that sends fewer buckets.
func (e Event) isPartOf(other Event) bool {
	return e.ownTime().IsZero() && e.Agent == Agent{} && !other.ownTime().IsZero()
}

func isNear(a, b Event) bool { return a.At().Sub(b.At()).Abs() <= pickUpWindow }

// mayBe reports whether two buckets may describe the same agent. An empty bucket may describe
// any agent.
func (a Agent) mayBe(b Agent) bool { return a == Agent{} || b == Agent{} || a.Is(b) }

// is reports whether two buckets describe the same recording. It compares their ids or, if one
// has none, their addresses without the signature.
func (r Recording) is(other Recording) bool {
	if r.ID != "" && other.ID != "" {
		return r.ID == other.ID
	}
	return r.address() == other.address()
}

func (r Recording) address() string {
	address, _, _ := strings.Cut(r.URL, "?")
	return address
}
