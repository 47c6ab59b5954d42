package demo

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/callthread/callthread/babelforce"
	"github.com/callthread/callthread/babelforce/simulator"
	"github.com/callthread/callthread/call"
)

// reports returns a call's reports in the order of delivery. Each is received at the time it
// reports.
func (r *renderer) reports(story simulator.Story) (reports []call.Event, err error) {
	for _, step := range story.Steps {
		event, err := babelforce.Decode(step.Event, step.ContentType, step.Body)
		if err != nil {
			return nil, fmt.Errorf("read what the demo has sent: %w", err)
		}
		report := event.Report(time.Time{})
		report.ReceivedAt = report.At()
		reports = append(reports, report)
	}
	return reports, nil
}

// areInOrder reports whether a call's reports are delivered in the order of the events they report.
func (r *renderer) areInOrder(story simulator.Story) bool {
	reports, err := r.reports(story)
	return err == nil && slices.IsSortedFunc(reports, func(a, b call.Event) int { return a.ReceivedAt.Compare(b.ReceivedAt) })
}

func (r *renderer) expects() call.Expects {
	expects := call.Expects{Recording: r.set.Handles(call.Recorded), WrapUpTime: r.set.WrapUpTime}
	expects.Finish = r.set.Handles(call.Finished) || expects.Recording || expects.WrapUpTime > 0
	return expects
}

// known replaces what was derived from the reports by what the simulator knows.
func (r *renderer) known(s call.Story, want simulator.Want) call.Story {
	s.PickUps = slices.SortedStableFunc(slices.Values(s.PickUps), func(a, b call.PickUp) int { return a.At.Compare(b.At) })
	for i := range s.PickUps[:min(len(s.PickUps), len(want.Bridges))] {
		f, bridge := &s.PickUps[i].Facts, want.Bridges[i]
		f.Agent = babelforce.Event{Agent: bridge.Agent}.Report(time.Time{}).Agent
		f.Leg.Seconds = cmp.Or(secondsOf(bridge.Waited), f.Leg.Seconds)
	}
	if s.Closing == nil {
		return s
	}
	closing := *s.Closing
	f := &closing.Facts
	f.Outcome = call.Outcome(want.Outcome)
	f.Summary.WaitSeconds, f.Leg.Seconds = new(want.Waited), new(want.Total)
	f.Summary.EndedBy = cmp.Or(want.EndedBy, f.Summary.EndedBy)
	if want.Answered() {
		f.Summary.TalkSeconds, f.Summary.Agents = new(want.Talked), nil
		for _, bridge := range want.Bridges {
			f.Summary.Agents = append(f.Summary.Agents, bridge.Agent.Name)
		}
	}
	s.Closing = &closing
	return s
}

// secondsOf returns nil for 0, because the reports are then about another leg.
func secondsOf(n int) *int {
	if n == 0 {
		return nil
	}
	return &n
}
