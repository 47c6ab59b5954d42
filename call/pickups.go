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
// report, with the agent and queue that the others add.
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
				p.event.Leg = report.Leg // it contains the time of the pick-up
			}
		}
	}
	return pickUps
}

// namePickUps assigns a note name to every new pick-up, beginning with the newest report. If
// the newest pick-up lies between two reports of one agent, the agent got the call back: the
// second report, which counted as a repetition until then, becomes a pick-up.
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

// reportedBy returns the pick-up that the event reports, or nil if the pick-up is new. Reports
// close in time describe one pick-up unless they name two agents. Reports of one agent describe
// one pick-up at any distance, unless another agent picked up in between.
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
		return &pickUps[0] // the caller's leg names one of its agents, which may be any of them
	}
	return nil
}
