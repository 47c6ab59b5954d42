package call

import (
	"slices"
	"time"
)

// Step is one change to make in Kustomer: it brings the conversation from one story to the next.
type Step struct {
	Causes []Cause `json:"causes"`
	Was    Story   `json:"was"`
	Is     Story   `json:"is"`
}

// Cause is why a step is due.
type Cause string

// The causes, the most urgent first. They are few because what to do about a
// report is known only to the automations file, which a workflow cannot read.
const (
	Rang               Cause = "rang"
	PickedUp           Cause = "picked_up"
	CustomerIdentified Cause = "customer_identified" // after the conversation was opened
	AgentIdentified    Cause = "agent_identified"    // likewise, or after the pick-up
	Ended              Cause = "ended"               // or the outcome has to be corrected
	RecordingAvailable Cause = "recording_available"
	WrapUpOver         Cause = "wrap_up_over"
)

// InWords is the step as operators read it.
func (s Step) InWords() string {
	switch s.Causes[0] {
	case Rang:
		return "open the conversation"
	case PickedUp:
		return "assign the agent, tag and note"
	case CustomerIdentified:
		return "give the conversation to the customer"
	case AgentIdentified:
		return "assign the agent, who is known now"
	case Ended:
		return "write the outcome"
	case RecordingAvailable:
		return "write down a recording"
	}
	return "wrap the call up"
}

// Done is what a record keeps of a step's result.
type Done struct {
	// Skipped says that an operator left the step out: nothing in the conversation has changed.
	Skipped bool
	// Conversation says that the call has a conversation.
	Conversation bool
	Expects      Expects
	// Agent is who the agent whom the step was about is in Kustomer.
	Agent Resolved
}

// step returns what is due, nil if nothing is: the most urgent difference between
// the story and what was written.
func (r *Record) step(is Story) *Step {
	if !r.Opened.Conversation {
		return nil
	}
	was := r.Was
	next := was
	next.PickUps = slices.Clone(was.PickUps)
	cause := next.advance(is)
	if cause == "" {
		return nil
	}
	return &Step{Causes: []Cause{cause}, Was: was, Is: next}
}

// advance adds the most urgent thing to a story that it lacks, and returns the cause.
func (s *Story) advance(is Story) Cause {
	for _, p := range is.PickUps {
		if s.pickUp(p.Note) == nil {
			s.PickUps = append(s.PickUps, p)
			return PickedUp
		}
	}
	if s.Opening.needsCustomer() && is.Opening.hasNumber() {
		agent := s.Opening.Agent
		s.Opening = is.Opening
		s.Opening.Agent = agent
		return CustomerIdentified
	}
	if s.identifyHolder(is) {
		return AgentIdentified
	}
	switch {
	case is.Closing != nil && (s.Closing == nil || s.Closing.Nth < is.Closing.Nth):
		s.Closing = is.Closing
		return Ended
	case len(is.Recordings) > len(s.Recordings):
		s.Recordings = is.Recordings[:len(s.Recordings)+1]
		return RecordingAvailable
	case is.WrappedUp && !s.WrappedUp:
		s.WrappedUp = true
		return WrapUpOver
	}
	return ""
}

// identifyHolder takes over who the agent is who has the call, if that was not known before.
func (s *Story) identifyHolder(is Story) bool {
	note, was := s.holder()
	slot, agent := is.holder()
	if slot != note || !was.isIdentifiedBy(agent) {
		return false
	}
	if held := s.pickUp(note); held != nil {
		held.Facts = is.pickUp(note).Facts
	}
	if is.Opening.Outgoing {
		s.Opening.Agent = is.Opening.Agent
	}
	return true
}

// isIdentifiedBy reports whether a bucket says who an agent is whom nothing named
// before, or contains what Kustomer may know the agent by.
func (a Agent) isIdentifiedBy(b Agent) bool {
	isNamed := a == Agent{} && b != Agent{}
	return isNamed || a.Is(b) && (a.SourceID == "" && b.SourceID != "" || a.Email == "" && b.Email != "")
}

// needsCustomer reports whether a conversation that is opened with these facts has no customer yet.
func (f Facts) needsCustomer() bool { return !f.KnowsCustomer() }

// hasNumber reports whether the facts contain the number that the customer has, or that it is withheld.
func (f Facts) hasNumber() bool {
	if f.Outgoing {
		return f.Leg.To != ""
	}
	return f.Leg.From != ""
}

// Done records that a step was completed or skipped. It marks what the step was
// given: what was reported since then is still due.
func (r *Record) Done(step Step, done Done) {
	r.Was = step.Is
	switch step.Causes[0] {
	case Rang:
		r.Opened = &Opened{Conversation: done.Conversation, Expects: done.Expects}
		r.Was.Placer = done.Agent
	case PickedUp, AgentIdentified:
		agent := done.Agent
		if done.Skipped { // whether it is marked as unassigned is as before
			agent = Resolved{Unassigned: step.Was.IsUnassigned()}
		}
		r.resolve(step, agent)
	}
}

// resolve keeps who an agent is in Kustomer: that is asked once.
func (r *Record) resolve(step Step, agent Resolved) {
	note, _ := step.Is.holder()
	if step.Causes[0] == PickedUp {
		note = step.Is.PickUps[len(step.Is.PickUps)-1].Note
	}
	if note == "" {
		r.Was.Placer = agent
		return
	}
	r.Was.pickUp(note).Resolved = agent
	for i := range r.Reports {
		if r.Reports[i].Kind == Bridged && r.Reports[i].Note == note {
			r.Reports[i].Resolved = agent
		}
	}
}

// Expected is what the call comes down to: as the outcome was written or, as long as
// that is not settled, as it would be written now. Agent and queue are the latest known.
func (r *Record) Expected() Facts {
	over := r.over()
	facts := r.closing(over, time.Time{}).Facts
	facts.Agent, facts.Queue = over.Facts.Agent, over.LastQueue()
	return facts
}
