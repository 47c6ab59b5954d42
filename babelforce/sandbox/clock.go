package sandbox

import (
	"cmp"
	"slices"
	"time"
)

// clock maps the times stated in a call's events to the times at which they are played.
type clock []tick

type tick struct {
	stated time.Time
	played time.Duration // since the first event
}

// clock returns the clock of the events, from those that are played in chronological order.
func (all events) clock() clock {
	if len(all) == 0 {
		return nil
	}
	c := clock{{stated: all[0].event.Call.DateCreated}}
	for _, moment := range all {
		c = append(c, tick{moment.at, moment.after})
	}
	slices.SortFunc(c, func(a, b tick) int { return cmp.Or(a.stated.Compare(b.stated), cmp.Compare(a.played, b.played)) })
	c = slices.CompactFunc(c, func(a, b tick) bool { return a.stated.Equal(b.stated) })
	for i := len(c) - 2; i >= 0; i-- {
		if c[i].played > c[i+1].played {
			c = slices.Delete(c, i, i+1) // delivered late
		}
	}
	return c
}

// at returns when a stated time is played. It interpolates linearly between two events.
func (c clock) at(stated time.Time) time.Duration {
	next := slices.IndexFunc(c, func(t tick) bool { return t.stated.After(stated) })
	switch {
	case next < 0:
		return c[len(c)-1].played
	case next == 0:
		return c[0].played
	}
	before, after := c[next-1], c[next]
	share := float64(stated.Sub(before.stated)) / float64(after.stated.Sub(before.stated))
	return before.played + time.Duration(share*float64(after.played-before.played))
}
