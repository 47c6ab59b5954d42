package call

import (
	"slices"
	"time"
)

// Story is the part of a record that the conversation depends on. A step brings
// the conversation from one story to the next.
type Story struct {
	// Opening is what was known when the call began to ring, and the customer.
	Opening Facts `json:"opening"`
	// RangAt is when the call began to ring.
	RangAt time.Time `json:"rangAt,omitzero"`
	// Placer is the Kustomer user of the agent who placed an outbound call.
	Placer Resolved `json:"placer,omitzero"`
	// PickUps are in the order in which they became known.
	PickUps    []PickUp        `json:"pickUps,omitempty"`
	Closing    *Closing        `json:"closing,omitempty"`
	Recordings []RecordingNote `json:"recordings,omitempty"`
	WrappedUp  bool            `json:"wrappedUp,omitempty"`
	// Reached is set if the customer was reached, so that earlier lost calls are updated.
	Reached bool `json:"reached,omitempty"`
	// Added is set if the call was added from babelforce's call log: no webhook had reported it.
	Added *Added `json:"added,omitempty"`
}

// PickUp is one pick-up of the call by an agent.
type PickUp struct {
	// Note is the name of its note.
	Note string `json:"note"`
	// Facts are what was known at that moment.
	Facts Facts `json:"facts"`
	// At is when it happened; ReceivedAt is when it was first reported, by the receiver's clock.
	At         time.Time `json:"at,omitzero"`
	ReceivedAt time.Time `json:"receivedAt,omitzero"`
	// Inferred is set if the legs imply the pick-up and no event reported it.
	Inferred bool `json:"inferred,omitempty"`
	Resolved
}

// Closing is the outcome of a call as it was written or will be written.
type Closing struct {
	Note   string `json:"note"`
	Ending Ending `json:"ending"`
	Facts  Facts  `json:"facts"`
	// At is when the call first counted as over, by Temporal's clock.
	At time.Time `json:"at"`
	// Nth is 1 for the first outcome and increases by 1 with each correction.
	Nth int `json:"nth"`
}

// RecordingNote is a recording and the name of its note.
type RecordingNote struct {
	Note string `json:"note"`
	Recording
}

// Latest returns the last pick-up by time, or nil if there is none. Its agent has the call.
func (s Story) Latest() (latest *PickUp) {
	for i := range s.PickUps {
		if latest == nil || !s.PickUps[i].At.Before(latest.At) {
			latest = &s.PickUps[i]
		}
	}
	return latest
}

// holder returns the agent who has the call: the agent who picked up last or, before any
// pick-up, the agent who placed the call.
func (s Story) holder() Agent {
	switch latest := s.Latest(); {
	case latest != nil:
		return latest.Facts.Agent
	case s.Opening.Outgoing:
		return s.Opening.Agent
	}
	return Agent{}
}

// pickUp returns the pick-up with this note name, or nil if the story does not contain it.
func (s Story) pickUp(note string) *PickUp {
	i := slices.IndexFunc(s.PickUps, func(p PickUp) bool { return p.Note == note })
	if i < 0 {
		return nil
	}
	return &s.PickUps[i]
}

// IsUnassigned reports whether Kustomer does not know the agent who has the call.
func (s Story) IsUnassigned() bool {
	if latest := s.Latest(); latest != nil {
		return latest.Unassigned
	}
	return s.Placer.Unassigned
}

// impliedNote is the note name of a pick-up that the legs imply.
const impliedNote = "answered"

// story returns everything that the conversation depends on at the given time.
func (r *Record) story(now time.Time) Story {
	over, isOver := r.over(), r.isOver(now)
	s := Story{
		Opening: r.opening(), RangAt: r.rangAt(), Added: r.addedWhole(), Placer: r.Was.Placer, PickUps: r.shownPickUps(over, isOver),
		WrappedUp: r.Was.WrappedUp, Reached: r.Was.Reached,
	}
	if r.Was.Opening.Agent.isIdentifiedBy(s.Opening.Agent) {
		s.Placer = Resolved{}
	}
	s.waited()
	if isOver && r.Opened.Expects.Finish {
		s.Closing = r.closing(over, now)
		s = r.afterwards(s, now)
	}
	isLast := r.Was.Closing != nil || isOver && !r.Opened.Expects.Finish
	s.Reached = s.Reached || isLast && r.reachedCustomer()
	return s
}

// shownPickUps returns the pick-ups that were reported, or the one that the legs imply once the call is
// over. An implied pick-up that was written stays, unless the same agent's was reported since.
func (r *Record) shownPickUps(over Over, isOver bool) (all []PickUp) {
	implied, reported := r.implied()
	switch {
	case !over.Bridged && over.IsAnswered() && (isOver || implied != nil):
		all = append(all, PickUp{Note: impliedNote, Facts: r.asOf(over.Facts, over.impliedPickUp()), Inferred: true})
	case implied != nil && reported == "":
		all = append(all, *implied)
	}
	for _, p := range r.pickUps() {
		is := PickUp{Note: p.note, Facts: r.asOf(over.Facts, p.event), At: p.at(), ReceivedAt: p.event.ReceivedAt}
		if p.event.FromLog { // the call is in the past: no agent waits, so the delay is not measured
			is.ReceivedAt = time.Time{}
		}
		if p.note == reported {
			is.Note, is.Inferred = impliedNote, true
		}
		all = append(all, is)
	}
	for i := range all {
		is := &all[i]
		if was := r.Was.pickUp(is.Note); was != nil && !was.Facts.Agent.isIdentifiedBy(is.Facts.Agent) {
			is.Resolved = was.Resolved
		}
	}
	return all
}

// implied returns the pick-up that was written because the legs imply it, or nil. If the same
// agent's pick-up was reported since, reported is the note name of the last such report that was
// not written by itself.
func (r *Record) implied() (implied *PickUp, reported string) {
	implied = r.Was.pickUp(impliedNote)
	if implied == nil || implied.Facts.Agent == (Agent{}) {
		return implied, ""
	}
	for _, p := range byTime(r.pickUps()) {
		if implied.Facts.Agent.Is(p.event.Agent) && r.Was.pickUp(p.note) == nil {
			reported = p.note
		}
	}
	return implied, reported
}

// closing returns the outcome that was written, or a new one if the ending has changed since.
func (r *Record) closing(over Over, now time.Time) *Closing {
	was := r.Was.Closing
	if was == nil {
		was = &Closing{At: now}
	} else if was.Ending == over.Ending() {
		return was
	}
	return &Closing{
		Note: noteName(Finished, was.Nth+1), Nth: was.Nth + 1, At: was.At,
		Ending: over.Ending(), Facts: over.Closed(r.bridges()),
	}
}

// waited sets the wait of every pick-up to the wait for the first one.
func (s *Story) waited() {
	if len(s.PickUps) == 0 {
		return
	}
	first := slices.MinFunc(s.PickUps, func(a, b PickUp) int { return a.At.Compare(b.At) })
	for i := range s.PickUps {
		s.PickUps[i].Facts.Summary.WaitSeconds = first.Facts.Leg.Seconds
	}
}

// afterwards adds what comes after the outcome: recordings and the end of the wrap-up.
func (r *Record) afterwards(s Story, now time.Time) Story {
	if r.Opened.Expects.Recording {
		for _, report := range r.Reports {
			if report.Kind == Recorded {
				s.Recordings = append(s.Recordings, RecordingNote{report.Note, report.Recording})
			}
		}
	}
	if due, wanted := r.wrapUpDue(s.Closing); wanted && !due.After(now) {
		s.WrappedUp = true
	}
	return s
}

// reachedCustomer reports whether the customer was reached and the customer's earlier calls must
// be updated. This step comes after the outcome, because it is not urgent and no agent waits for it.
func (r *Record) reachedCustomer() bool {
	return r.Opened.Expects.Reached && len(r.Was.PickUps) > 0 && r.Was.Opening.hasNumber()
}

// opening returns what was known when the call began to ring, and the customer.
func (r *Record) opening() Facts {
	facts := r.Facts()
	facts.Queued, facts.Agent, facts.Queue = false, Agent{}, Queue{} // no agent had picked up
	if facts.Outgoing {
		facts.Agent = r.placer()
	}
	for _, e := range r.events() {
		if (e.Kind == Inbound || e.Kind == Outbound) && facts.IsCustomers(e.Leg) {
			return r.asOf(facts, *e)
		}
	}
	facts.Leg = facts.Leg.begun()
	return facts
}

// rangAt returns when the call began to ring or, if that is not known, when the first report
// was received.
func (r *Record) rangAt() time.Time {
	if rang := r.Facts().Leg.CreatedAt; !rang.IsZero() || len(r.Reports) == 0 {
		return rang
	}
	return r.Reports[0].ReceivedAt
}
