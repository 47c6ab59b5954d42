package automation

import (
	"slices"
	"time"

	"github.com/callthread/callthread/call"
)

// offered are the outcomes of calls that waited for an agent but were not answered.
var offered = []call.Outcome{call.AbandonedInQueue, call.NoAgent}

// withinServiceLevel returns the value of {call.withinServiceLevel}: whether the first agent
// picked up in time. It is absent for outbound calls, for calls that never waited for an agent,
// and if the wait is unknown.
func (s *Set) withinServiceLevel(facts call.Facts) any {
	wait := facts.Summary.WaitSeconds
	switch {
	case s.ServiceLevel == 0, wait == nil, facts.Outgoing:
		return nil
	case facts.Outcome == "", facts.Outcome == call.Answered: // an agent has picked up
		return time.Duration(*wait)*time.Second <= s.ServiceLevel
	case slices.Contains(offered, facts.Outcome):
		return false
	}
	return nil
}
