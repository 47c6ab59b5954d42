package call

import (
	"slices"
	"time"
)

// pickUpWindow is how far apart the reports of one pick-up can be. Both of its legs may report
// it, each by its own clock, and so may several automations.
const pickUpWindow = 5 * time.Second

// logWindow is how far apart the times of one pick-up in the call log and in a webhook can be.
// The clocks of two legs differ, and one of the two counts whole seconds.
const logWindow = 30 * time.Second

// pickUp is one pick-up by an agent. Several reports may describe it: the event is the first
// report, with what the others add.
type pickUp struct {
	event Event
	note  string
}

func (p pickUp) at() time.Time { return p.event.At() }

// byTime returns pick-ups in the order in which they happened.
func byTime(pickUps []pickUp) []pickUp {
	return slices.SortedStableFunc(slices.Values(pickUps), func(a, b pickUp) int { return a.at().Compare(b.at()) })
}

// pickUps returns the pick-ups in the order in which they became known. The list only grows.
func (r *Record) pickUps() (pickUps []pickUp) {
	for _, report := range r.Reports {
		if report.isPickUp() {
			pickUps = append(pickUps, pickUp{event: report.Event, note: report.Note})
		}
	}
	for _, report := range r.Reports {
		if report.Kind != Bridged || report.Note != "" {
			continue
		}
		if p := r.reportedBy(report.Event, pickUps); p != nil {
			p.add(report.Event)
		}
	}
	return pickUps
}

// add adds another report of the pick-up. A report that contains the time takes precedence, and
// of two such reports the one of the caller's leg, which contains how long the caller waited.
func (p *pickUp) add(e Event) {
	main, other := p.event, e
	isCallers := p.event.Leg.IsChild() && !e.Leg.IsChild() && isNear(p.event, e)
	if !e.ownTime().IsZero() && (p.event.ownTime().IsZero() || isCallers) {
		main, other = e, p.event
	}
	p.event.Leg = main.Leg
	if isNear(main, other) {
		p.event.Extra = extra([]*Event{&other, &main})
	}
	p.event.Agent, p.event.Queue = p.event.Agent.with(e.Agent), p.event.Queue.filledFrom(e.Queue)
}

// namePickUps assigns a note name to every new pick-up, beginning with the newest report. If
// the newest pick-up lies between two reports of one agent, the agent got the call back: the
// second report, which counted as a repetition until then, becomes a pick-up.
func (r *Record) namePickUps() {
	known := r.pickUps()
	for i := len(r.Reports) - 1; i >= 0; i-- {
		report := &r.Reports[i]
		if report.Kind == Bridged && report.Note == "" && r.reportedBy(report.Event, known) == nil {
			report.Note = noteName(Bridged, len(known)+1)
			known = r.pickUps()
		}
	}
}

// reportedBy returns the pick-up that the event reports, or nil if the pick-up is new. The first
// rule that matches decides.
func (r *Record) reportedBy(e Event, pickUps []pickUp) *pickUp {
	for _, isSame := range []func(pickUp) bool{
		func(p pickUp) bool { return p.event.Agent.mayBe(e.Agent) && isNear(p.event, e) },
		func(p pickUp) bool { return p.event.Agent.Is(e.Agent) && !r.hasOtherBetween(p.event, e) },
		func(p pickUp) bool {
			return p.event.Agent.Is(e.Agent) && p.event.FromLog != e.FromLog && p.at().Sub(e.At()).Abs() <= logWindow
		},
		// The caller's row of the call log names one of the call's agents, which may be any of them.
		func(pickUp) bool { return e.FromLog && e.ownTime().IsZero() },
	} {
		if i := slices.IndexFunc(pickUps, isSame); i >= 0 {
			return &pickUps[i]
		}
	}
	return nil
}

// hasOtherBetween reports whether another agent picked up between two reports of one agent. Then
// the agent got the call back, and the reports describe two pick-ups.
func (r *Record) hasOtherBetween(a, b Event) bool {
	from, to := a.At(), b.At()
	if to.Before(from) {
		from, to = to, from
	}
	return slices.ContainsFunc(r.Reports, func(other Report) bool {
		isOther := other.Kind == Bridged && !other.Agent.Is(b.Agent) && (other.isPickUp() || other.Agent != Agent{})
		return isOther && other.At().After(from) && other.At().Before(to)
	})
}
