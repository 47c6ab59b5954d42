package call

import (
	"slices"
	"strings"
	"time"
)

// Step is one change in Kustomer. It brings the conversation from one story to the next.
type Step struct {
	Causes []Cause `json:"causes"`
	Was    Story   `json:"was"`
	Is     Story   `json:"is"`
}

// Cause is why a step is due.
type Cause string

// The causes of steps, the most urgent first. They are few, because only the automations file
// says what to do about a report, and a workflow cannot read it.
const (
	Rang               Cause = "rang"
	PickedUp           Cause = "picked_up"
	CustomerIdentified Cause = "customer_identified" // after the conversation was opened
	AgentIdentified    Cause = "agent_identified"    // after the conversation was opened or the agent picked up
	Ended              Cause = "ended"               // also if the outcome must be corrected
	RecordingAvailable Cause = "recording_available"
	WrapUpOver         Cause = "wrap_up_over"
	CustomerReached    Cause = "customer_reached" // updates the customer's earlier calls, after the outcome was written
)

var causesInWords = map[Cause]string{
	Rang:               "open the conversation",
	PickedUp:           "assign the agent, tag and note",
	CustomerIdentified: "give the conversation to the customer",
	AgentIdentified:    "assign the agent, who is known now",
	Ended:              "write the outcome",
	RecordingAvailable: "write down a recording",
	WrapUpOver:         "wrap the call up",
	CustomerReached:    "take the tag of a lost call from the customer's earlier one",
}

// InWords returns the step's causes as operators read them.
func (s Step) InWords() string {
	var words []string
	for _, cause := range s.Causes {
		words = append(words, causesInWords[cause])
	}
	return strings.Join(words, "; ")
}

// Has reports whether the step has this cause.
func (s Step) Has(cause Cause) bool { return slices.Contains(s.Causes, cause) }

// NewPickUps returns the pick-ups that the step adds to the conversation.
func (s Step) NewPickUps() []PickUp {
	return slices.DeleteFunc(slices.Clone(s.Is.PickUps), func(p PickUp) bool { return s.Was.pickUp(p.Note) != nil })
}

// IsToResolve reports whether the step must look up the agent of a pick-up in Kustomer: the
// pick-up is new, or its agent was identified since the last step.
func (s Step) IsToResolve(p PickUp) bool {
	was := s.Was.pickUp(p.Note)
	return p.Resolved == (Resolved{}) && (was == nil || was.Facts.Agent.isIdentifiedBy(p.Facts.Agent))
}

// Done is the part of a step's result that a record keeps.
type Done struct {
	// Skipped is set if an operator skipped the step: the conversation has not changed.
	Skipped bool
	// Conversation is set if the call has a conversation.
	Conversation bool
	Expects      Expects
	// Agents are the agents that the step looked up in Kustomer, by the note names of their
	// pick-ups. Placer is the agent who placed the call.
	Agents map[string]Resolved
	Placer Resolved
}

// step returns the difference between the story and what was written, or nil if there is none.
func (r *Record) step(is Story) *Step {
	if !r.Opened.Conversation {
		return nil
	}
	if causes := causesOf(r.Was, is); len(causes) > 0 {
		return &Step{Causes: causes, Was: r.Was, Is: is}
	}
	return nil
}

// causesOf returns why a conversation that shows one story must be brought to another.
func causesOf(was, is Story) (causes []Cause) {
	due := func(is bool, cause Cause) {
		if is {
			causes = append(causes, cause)
		}
	}
	hasPickUp := len(Step{Was: was, Is: is}.NewPickUps()) > 0
	due(hasPickUp, PickedUp)
	due(!was.Opening.KnowsCustomer() && is.Opening.hasNumber(), CustomerIdentified)
	due(!hasPickUp && was.holder().isIdentifiedBy(is.holder()), AgentIdentified)
	due(is.Closing != nil && (was.Closing == nil || was.Closing.Nth < is.Closing.Nth), Ended)
	due(len(is.Recordings) > len(was.Recordings), RecordingAvailable)
	due(is.WrappedUp && !was.WrappedUp, WrapUpOver)
	due(is.Reached && !was.Reached, CustomerReached)
	return causes
}

// Unwritten returns the steps that would still be due in the end: what a run that ends now
// leaves undone.
func (r *Record) Unwritten() []Cause {
	switch {
	case r.Opened == nil:
		return []Cause{Rang}
	case !r.Opened.Conversation:
		return nil
	}
	return causesOf(r.Was, r.Final())
}

// Final returns the story after every wait of the call has passed, if nothing more is
// reported. It requires [Record.Opened], which contains what the automations act on.
func (r *Record) Final() Story {
	is := r.story(r.Started.AddDate(100, 0, 0)) // every wait has passed by then
	if is.Closing != nil {
		_, wanted := r.wrapUpDue(is.Closing)
		is.WrappedUp = is.WrappedUp || wanted
	}
	return is
}

// isIdentifiedBy reports whether b names another agent than a, or the same with an id or email by
// which Kustomer may know the agent.
func (a Agent) isIdentifiedBy(b Agent) bool {
	isOther := b != Agent{} && !a.Is(b)
	return isOther || a.Is(b) && (a.SourceID == "" && b.SourceID != "" || a.Email == "" && b.Email != "")
}

// hasNumber reports whether the facts contain the customer's number, even if it is withheld.
func (f Facts) hasNumber() bool {
	if f.Outgoing {
		return f.Leg.To != ""
	}
	return f.Leg.From != ""
}

// Done records that a step was completed or skipped. It covers only the story that the step
// was started with: later reports are still due.
func (r *Record) Done(step Step, done Done) {
	r.Was = step.Is
	r.Was.PickUps = slices.Clone(step.Is.PickUps)
	if step.Has(Rang) {
		r.Opened = &Opened{Conversation: done.Conversation, Expects: done.Expects}
	}
	if done.Skipped && step.Was.IsUnassigned() { // the conversation still has the tag
		if latest := r.Was.Latest(); latest != nil {
			latest.Unassigned = true
		} else {
			r.Was.Placer.Unassigned = true
		}
	}
	if done.Placer != (Resolved{}) {
		r.Was.Placer = done.Placer
	}
	for i := range r.Was.PickUps {
		if agent, asked := done.Agents[r.Was.PickUps[i].Note]; asked {
			r.Was.PickUps[i].Resolved = agent
		}
	}
}

// Expected returns the facts with the outcome that was written or, before that, with the
// outcome that would be written now. Agent and queue are the latest known.
func (r *Record) Expected() Facts {
	over := r.over()
	facts := r.closing(over, time.Time{}).Facts
	facts.Agent, facts.Queue = over.Facts.Agent, over.LastQueue()
	return facts
}
