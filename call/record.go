package call

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Record is what was reported about one call and what was done about it. It is
// plain data, and everything else about the call follows from it: [Record.Next]
// says what to do next. The order in which reports arrive, and how often, makes no
// difference to what is written in the end.
type Record struct {
	Key     string    `json:"key"`
	Started time.Time `json:"started"` // of the workflow
	Limits  Limits    `json:"limits"`
	// Reports holds each thing that was reported, once, in order of arrival.
	Reports []Report `json:"reports,omitempty"`
	// More counts the ended legs and reports of pick-ups beyond those that are kept.
	More int `json:"more,omitempty"`
	// Opened is nil until the conversation is open, or an operator has skipped that.
	Opened *Opened `json:"opened,omitempty"`
	// Was is the story as of the last completed step.
	Was Story `json:"was"`
	// Added is what babelforce's call log has to do with the call, nil if it has added nothing.
	Added *Added `json:"added,omitempty"`
	// Entries are what the call's own log holds beside the reports.
	Entries []Entry `json:"entries,omitempty"`
}

// Report is one thing that was reported: that the call rings, a pick-up, the end of
// a leg, a recording. Later reports of the same thing only add fields to the first.
type Report struct {
	Event
	// Received is when the workflow received the first report, by Temporal's clock.
	Received time.Time `json:"received"`
	// Note names the note of a pick-up or a recording. It is given once and never
	// changes. A report of a pick-up without one repeats another report.
	Note string `json:"note,omitempty"`
}

// Resolved is who an agent was found to be in Kustomer. It is zero if nothing asked.
type Resolved struct {
	// User is the Kustomer user.
	User string `json:"user,omitempty"`
	// Unassigned says that Kustomer does not know the agent.
	Unassigned bool `json:"unassigned,omitempty"`
}

// Opened is what later steps depend on once the conversation is open.
type Opened struct {
	// Conversation says that there is one: an automation may not want it, and an operator may skip it.
	Conversation bool    `json:"conversation,omitempty"`
	Expects      Expects `json:"expects,omitzero"`
}

// Expects says which later events the automations act on, so that the call waits for them.
type Expects struct {
	Finish    bool `json:"finish,omitempty"`
	Recording bool `json:"recording,omitempty"`
	// WrapUpTime is how long after the end of an answered call they act again, 0 if they do not.
	WrapUpTime time.Duration `json:"wrapUpTime,omitempty"`
	// Reached says that earlier calls of the customer are to be dealt with once this one is answered.
	Reached bool `json:"reached,omitempty"`
}

const (
	// maxLegs is how many ended legs are kept. A caller who waits for an hour while
	// agents are rung every few seconds stays below it.
	maxLegs = 1000
	// maxPickUps is how many reports of pick-ups are kept; a call that is handed on more often is in a loop.
	maxPickUps = 200
	// maxIgnored is how many names of unreadable fields are kept of a report that is repeated.
	maxIgnored = 100
)

// Add adds a report. It returns false if nothing in it is new.
func (r *Record) Add(e Event, now time.Time) bool {
	for i := range r.Reports {
		if known := &r.Reports[i]; e.reportsSame(known.Event) {
			return known.add(e)
		}
	}
	switch {
	case e.Kind == Finished && e.Leg.IsChild() && r.count(Finished) >= maxLegs, e.Kind == Bridged && r.count(Bridged) >= maxPickUps:
		r.More++
		return false
	}
	report := Report{Event: e, Received: now}
	if e.Kind == Recorded {
		report.Note = noteName(Recorded, r.count(Recorded)+1)
	}
	r.Reports = append(r.Reports, report)
	r.namePickUps()
	return true
}

// reportsSame reports whether two events are reports of one thing. What identifies
// it belongs to the thing: the leg, the agent and the time of a pick-up, the id of
// a recording. Whatever else a body carries may differ.
func (e Event) reportsSame(known Event) bool {
	switch {
	case e.Kind != known.Kind:
		return false
	case e.Kind == Recorded:
		return e.Recording.is(known.Recording)
	case e.Leg.ID != known.Leg.ID:
		return false
	case e.Kind != Bridged:
		return true
	}
	// A report without a time of its own repeats another one: had the agent got the
	// call back, the automation that sends times would have reported that too.
	isTimeless := e.ownTime().IsZero() && e.Agent.Is(known.Agent)
	return isTimeless || e.isPartOf(known) || known.isPartOf(e) || e.Agent.mayBe(known.Agent) && isNear(e, known)
}

// isPartOf reports whether an event contains neither when a pick-up was nor who it was,
// and another one does: it comes from an automation that sends fewer buckets.
func (e Event) isPartOf(other Event) bool {
	return e.ownTime().IsZero() && e.Agent == Agent{} && !other.ownTime().IsZero()
}

func isNear(a, b Event) bool { return a.At().Sub(b.At()).Abs() <= pickUpWindow }

// mayBe reports whether two buckets may describe the same agent: one of them may name nobody.
func (a Agent) mayBe(b Agent) bool { return a == Agent{} || b == Agent{} || a.Is(b) }

// is reports whether two buckets describe the same recording: by their ids or, if one
// has none, by their addresses without the signature.
func (r Recording) is(other Recording) bool {
	if r.ID != "" && other.ID != "" {
		return r.ID == other.ID
	}
	return r.address() == other.address()
}

func (r Recording) address() string {
	address, _, _ := strings.Cut(r.URL, "?")
	return address
}

// add adds the fields that a second report has and the first has not. It returns false if there are none.
// What a webhook reports counts more than what the call log contains.
func (r *Report) add(e Event) (isNew bool) {
	was := r.Event
	if r.FromLog && !e.FromLog {
		r.Event, e = e, r.Event
	}
	r.Leg = r.Leg.over(e.Leg)
	r.Agent, r.Queue = r.Agent.with(e.Agent), r.Queue.over(e.Queue)
	r.Recording.ID = cmp.Or(r.Recording.ID, e.Recording.ID)
	r.Recording.Seconds = cmp.Or(r.Recording.Seconds, e.Recording.Seconds)
	r.Recording.URL = cmp.Or(r.Recording.URL, e.Recording.URL)
	r.Extra = extra([]*Event{&e, &was})
	r.Ignored = union(r.Ignored, e.Ignored)
	return r.Leg != was.Leg || r.Agent != was.Agent || r.Queue != was.Queue
}

// union adds the names of fields that are not among the first, up to a limit.
func union(a, b []string) []string {
	for _, one := range b {
		if !slices.Contains(a, one) && len(a) < maxIgnored {
			a = append(slices.Clip(a), one)
		}
	}
	return a
}

func (r *Record) count(kind Kind) (n int) {
	for _, report := range r.Reports {
		if report.Kind == kind {
			n++
		}
	}
	return n
}

// events are the reports in the order in which things happened.
func (r *Record) events() []*Event {
	events := make([]*Event, 0, len(r.Reports))
	for i := range r.Reports {
		events = append(events, &r.Reports[i].Event)
	}
	slices.SortStableFunc(events, func(a, b *Event) int { return a.At().Compare(b.At()) })
	return events
}

// isPickUp reports whether this is the first report of a pick-up.
func (r Report) isPickUp() bool { return r.Kind == Bridged && r.Note != "" }

// isParentsEnd reports whether the parent leg has ended: the caller's, on a call that came in.
func (r Report) isParentsEnd() bool { return r.Kind == Finished && !r.Leg.IsChild() }

// end is the report that the parent leg has ended, nil if there is none.
func (r *Record) end() *Report {
	if i := slices.IndexFunc(r.Reports, Report.isParentsEnd); i >= 0 {
		return &r.Reports[i]
	}
	return nil
}

// lastReceived is when a pick-up or the end of a leg was last reported.
func (r *Record) lastReceived() (last time.Time) {
	for _, report := range r.Reports {
		if report.Kind == Bridged || report.Kind == Finished {
			last = report.since()
		}
	}
	return last
}

// since is when a report began to be waited upon: when it was received, but for one
// of the call log, which comes long after what it reports.
func (r Report) since() time.Time {
	if at := r.At(); r.FromLog && at.Before(r.Received) {
		return at
	}
	return r.Received
}

// noteName tells the notes of one call apart: the first of a kind is named after it.
func noteName(kind Kind, nth int) string {
	if nth == 1 {
		return string(kind)
	}
	return fmt.Sprintf("%s-%d", kind, nth)
}

// IsAnswered reports whether an agent picked up, as far as is known.
func (r *Record) IsAnswered() bool {
	return len(r.pickUps()) > 0 || r.end() != nil && r.over().IsAnswered()
}

// HasParentEnded reports whether the caller's own leg has ended. After a transfer the call may go on.
func (r *Record) HasParentEnded() bool { return r.end() != nil }

// NobodyWaits reports whether nobody can be on the line any more.
func (r *Record) NobodyWaits() bool { return r.end() != nil && !r.wasTransferred() }
