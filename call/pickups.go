package call

import (
	"slices"
	"time"
)

// pickUpWindow is how far apart the reports of one pick-up can be: both of its
// legs may report it, each by its own clock, and so may several automations.
const pickUpWindow = 5 * time.Second

// logWindow is how far apart the call log and a webhook may put one pick-up of one
// agent: the clocks of two legs differ, and one of the two counts whole seconds.
const logWindow = 30 * time.Second

// pickUp is one agent's picking up. Several reports may describe it: the event is
// the first of them, with the agent and queue that the others add.
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
		if p := reportedBy(report.Event, pickUps); p != nil {
			p.event.Agent, p.event.Queue = p.event.Agent.with(report.Agent), p.event.Queue.over(report.Queue)
			if p.event.ownTime().IsZero() && !report.ownTime().IsZero() {
				p.event.Leg = report.Leg // which knows when it was
			}
		}
	}
	return pickUps
}

// namePickUps gives every pick-up the name of its note when it becomes known. The
// newest report comes first: one that repeated another report becomes a pick-up of
// its own if the newest lies between the two, because the agent got the call back.
func (r *Record) namePickUps() {
	for i := len(r.Reports) - 1; i >= 0; i-- {
		report := &r.Reports[i]
		if report.Kind != Bridged || report.Note != "" {
			continue
		}
		if known := r.pickUps(); reportedBy(report.Event, known) == nil {
			report.Note = noteName(Bridged, len(known)+1)
		}
	}
}

// reportedBy returns the pick-up that the event reports, nil for a new one. Reports
// close in time are of one pick-up unless they name two agents; those of one agent
// are too, however far apart, unless somebody else picked up in between.
func reportedBy(e Event, pickUps []pickUp) *pickUp {
	var before, after *pickUp // the neighbours in time
	for i := range pickUps {
		switch p := &pickUps[i]; {
		case p.at().After(e.At()):
			if after == nil || p.at().Before(after.at()) {
				after = p
			}
		case before == nil || !p.at().Before(before.at()):
			before = p
		}
	}
	for _, p := range []*pickUp{before, after} {
		if p != nil && p.event.Agent.Is(e.Agent) {
			return p
		}
	}
	for i := range pickUps {
		p := &pickUps[i]
		apart := p.at().Sub(e.At()).Abs()
		isNamedOnce := (e.Agent == Agent{} || p.event.Agent == Agent{}) && apart <= pickUpWindow
		isLogs := (e.FromLog || p.event.FromLog) && p.event.Agent.Is(e.Agent) && apart <= logWindow
		if isNamedOnce || isLogs {
			return p
		}
	}
	if e.FromLog && e.ownTime().IsZero() && len(pickUps) > 0 {
		return &pickUps[0] // the caller's leg names one of its agents, and does not say which
	}
	return nil
}
