package call

import (
	"slices"
	"strings"
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
	CustomerReached    Cause = "customer_reached" // for the customer's earlier calls; after the outcome was written
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

// InWords is the step as operators read it.
func (s Step) InWords() string {
	var words []string
	for _, cause := range s.Causes {
		words = append(words, causesInWords[cause])
	}
	return strings.Join(words, "; ")
}

// Has reports whether the step has this cause.
func (s Step) Has(cause Cause) bool { return slices.Contains(s.Causes, cause) }

// NewPickUps are those that the step is to show.
func (s Step) NewPickUps() []PickUp {
	return slices.DeleteFunc(slices.Clone(s.Is.PickUps), func(p PickUp) bool { return s.Was.pickUp(p.Note) != nil })
}

// IsToResolve reports whether it has to be found out who the agent of a pick-up is in
// Kustomer: the pick-up is new, or its agent was identified since the last step.
func (s Step) IsToResolve(p PickUp) bool {
	was := s.Was.pickUp(p.Note)
	return p.Resolved == (Resolved{}) && (was == nil || was.Facts.Agent.isIdentifiedBy(p.Facts.Agent))
}

// Done is what a record keeps of a step's result.
type Done struct {
	// Skipped says that an operator left the step out: nothing in the conversation has changed.
	Skipped bool
	// Conversation says that the call has a conversation.
	Conversation bool
	Expects      Expects
	// Agents are who agents are in Kustomer, by the names of their pick-ups' notes; Placer is the agent who placed the call.
	Agents map[string]Resolved
	Placer Resolved
}

// step returns what is due, nil if nothing is: the difference between the story
// and what was written.
func (r *Record) step(is Story) *Step {
	if !r.Opened.Conversation {
		return nil
	}
	if causes := causesOf(r.Was, is); len(causes) > 0 {
		return &Step{Causes: causes, Was: r.Was, Is: is}
	}
	return nil
}

// causesOf is why a conversation that shows one story has to be brought to another.
func causesOf(was, is Story) (causes []Cause) {
	due := func(is bool, cause Cause) {
		if is {
			causes = append(causes, cause)
		}
	}
	due(len(is.PickUps) > len(was.PickUps), PickedUp)
	due(!was.Opening.KnowsCustomer() && is.Opening.hasNumber(), CustomerIdentified)
	due(was.holder().isIdentifiedBy(is.holder()) && len(is.PickUps) == len(was.PickUps), AgentIdentified)
	due(is.Closing != nil && (was.Closing == nil || was.Closing.Nth < is.Closing.Nth), Ended)
	due(len(is.Recordings) > len(was.Recordings), RecordingAvailable)
	due(is.WrappedUp && !was.WrappedUp, WrapUpOver)
	due(is.Reached && !was.Reached, CustomerReached)
	return causes
}

// Unwritten is what the conversation does not show yet, and was to show in the end: what
// a run leaves undone that ends now.
func (r *Record) Unwritten() []Cause {
	switch {
	case r.Opened == nil:
		return []Cause{Rang}
	case !r.Opened.Conversation:
		return nil
	}
	return causesOf(r.Was, r.Final())
}

// Final is what the conversation depends on once everything that the call waits for has
// come or its time has passed, if nothing more is reported. It needs to know what the
// automations act on: see [Record.Opened].
func (r *Record) Final() Story {
	is := r.story(r.Started.AddDate(100, 0, 0)) // by when all that is waited for has passed
	if is.Closing != nil {
		_, wanted := r.wrapUpDue(is.Closing)
		is.WrappedUp = is.WrappedUp || wanted
	}
	return is
}

// isIdentifiedBy reports whether a bucket says who an agent is whom nothing named
// before, or contains what Kustomer may know the agent by.
func (a Agent) isIdentifiedBy(b Agent) bool {
	isNamed := a == Agent{} && b != Agent{}
	return isNamed || a.Is(b) && (a.SourceID == "" && b.SourceID != "" || a.Email == "" && b.Email != "")
}

// hasNumber reports whether the facts contain a number for the customer, although it may be withheld.
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
	r.Was.PickUps = slices.Clone(step.Is.PickUps)
	if step.Has(Rang) {
		r.Opened = &Opened{Conversation: done.Conversation, Expects: done.Expects}
	}
	if done.Skipped && step.Was.IsUnassigned() { // the conversation is still marked so
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

// Expected is what the call comes down to: as the outcome was written or, as long as
// that is not settled, as it would be written now. Agent and queue are the latest known.
func (r *Record) Expected() Facts {
	over := r.over()
	facts := r.closing(over, time.Time{}).Facts
	facts.Agent, facts.Queue = over.Facts.Agent, over.LastQueue()
	return facts
}
