package call

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Record is what was reported about one call and what was done about it. It is plain data,
// and everything else about the call follows from it: [Record.Next] returns what to do next.
// The order of the reports, and repeated reports, make no difference to what is written in
// the end.
type Record struct {
	Key     string    `json:"key"`
	Started time.Time `json:"started"` // when the workflow started
	Limits  Limits    `json:"limits"`
	// Reports holds the reports in the order of arrival, each event once. Two of them may
	// describe one pick-up, because both legs of it are reported ([Report.Note]).
	Reports []Report `json:"reports,omitempty"`
	// More counts the reports beyond the limits, which are not kept.
	More int `json:"more,omitempty"`
	// Opened is nil until the conversation is open or an operator has skipped opening it.
	Opened *Opened `json:"opened,omitempty"`
	// Was is the story as of the last completed step.
	Was Story `json:"was"`
	// Added is nil if babelforce's call log has added nothing.
	Added *Added `json:"added,omitempty"`
	// Entries are the lines of the call's log that are not reports.
	Entries []Entry `json:"entries,omitempty"`
}

// Report is one reported thing: the ringing, a pick-up, the end of a leg, or a recording.
// A repeated event only adds fields to the first.
type Report struct {
	Event
	// Received is when the workflow received the first report, by Temporal's clock. The
	// event's ReceivedAt is when the webhook arrived, by the receiver's.
	Received time.Time `json:"received"`
	// Note is the name of the note of a pick-up or a recording. It never changes once it is
	// set. A report of a pick-up without a name repeats another report.
	Note string `json:"note,omitempty"`
}

// Resolved is the result of looking up an agent in Kustomer. It is zero if no step has
// looked the agent up.
type Resolved struct {
	// User is the id of the Kustomer user.
	User string `json:"user,omitempty"`
	// Unassigned is set if Kustomer does not know the agent.
	Unassigned bool `json:"unassigned,omitempty"`
}

// Opened is the result of opening the conversation. Later steps depend on it.
type Opened struct {
	// Conversation is set if the call has a conversation. An automation may not want one, and an
	// operator may skip it.
	Conversation bool    `json:"conversation,omitempty"`
	Expects      Expects `json:"expects,omitzero"`
}

// Expects is the set of later events that automations act on. The call waits for them.
type Expects struct {
	Finish    bool `json:"finish,omitempty"`
	Recording bool `json:"recording,omitempty"`
	// WrapUpTime is how long after the end of an answered call automations act again, or 0 if
	// they do not.
	WrapUpTime time.Duration `json:"wrapUpTime,omitempty"`
	// Reached is set if the automations file wants the customer's earlier lost calls updated once
	// this call is answered.
	Reached bool `json:"reached,omitempty"`
}

// Add adds a report. It returns false if nothing in it is new.
func (r *Record) Add(e Event, now time.Time) (isNew bool) {
	switch known := r.reportOf(e); {
	case known != nil:
		isNew = known.add(e)
	case r.isFull(e):
		r.More++
	default:
		report := Report{Event: e, Received: now}
		if e.Kind == Recorded {
			report.Note = noteName(Recorded, r.count(Recorded)+1)
		}
		r.Reports, isNew = append(r.Reports, report), true
	}
	if e.Kind == Bridged {
		r.namePickUps()
	}
	return isNew
}

// add adds the fields of a second report that the first lacks. It returns false if there are
// none. The fields of a webhook take precedence over those from the call log.
func (r *Report) add(e Event) (isNew bool) {
	was := r.Event
	if was.FromLog && !e.FromLog {
		r.Event, e = e, was
	}
	r.Leg = r.Leg.filledFrom(e.Leg)
	r.Agent, r.Queue = r.Agent.with(e.Agent), r.Queue.filledFrom(e.Queue)
	r.Recording.ID = cmp.Or(r.Recording.ID, e.Recording.ID)
	r.Recording.Seconds = cmp.Or(r.Recording.Seconds, e.Recording.Seconds)
	r.Recording.URL = cmp.Or(r.Recording.URL, e.Recording.URL)
	r.Extra = extra([]*Event{&e, &r.Event})
	r.Ignored = union(r.Ignored, e.Ignored)
	return r.Leg != was.Leg || r.Agent != was.Agent || r.Queue != was.Queue
}

// union adds the names in b that a lacks, up to [maxIgnored] names in total.
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

// events returns the reports in the order of their times. Reports of the same time are in the order
// of a usual call.
func (r *Record) events() []*Event {
	events := make([]*Event, 0, len(r.Reports))
	for i := range r.Reports {
		events = append(events, &r.Reports[i].Event)
	}
	slices.SortStableFunc(events, func(a, b *Event) int {
		return cmp.Or(a.At().Compare(b.At()), slices.Index(Kinds, a.Kind)-slices.Index(Kinds, b.Kind), strings.Compare(a.Leg.ID, b.Leg.ID))
	})
	return events
}

// isPickUp reports whether this is the first report of a pick-up.
func (r Report) isPickUp() bool { return r.Kind == Bridged && r.Note != "" }

// isParentsEnd reports whether this is the end of the parent leg, the caller's leg on an
// inbound call.
func (r Report) isParentsEnd() bool { return r.Kind == Finished && !r.Leg.IsChild() }

// end returns the report that the parent leg has ended, or nil if there is none.
func (r *Record) end() *Report {
	if i := slices.IndexFunc(r.Reports, Report.isParentsEnd); i >= 0 {
		return &r.Reports[i]
	}
	return nil
}

// lastReceived returns when a pick-up or the end of a leg was last reported.
func (r *Record) lastReceived() (last time.Time) {
	for _, report := range r.Reports {
		isLater := report.since().After(last)
		if isLater && (report.Kind == Bridged || report.Kind == Finished) {
			last = report.since()
		}
	}
	return last
}

// since returns the time from which waits after a report count: when the report was received
// or, for a report of the call log, which arrives much later, when it happened.
func (r Report) since() time.Time {
	if at := r.At(); r.FromLog && at.Before(r.Received) {
		return at
	}
	return r.Received
}

// noteName returns a name that is unique among the notes of one call. The first note of a kind
// has the name of the kind.
func noteName(kind Kind, nth int) string {
	if nth == 1 {
		return string(kind)
	}
	return fmt.Sprintf("%s-%d", kind, nth)
}

// IsAnswered reports whether an agent is known to have picked up.
func (r *Record) IsAnswered() bool {
	return len(r.pickUps()) > 0 || r.end() != nil && r.over().IsAnswered()
}

// HasParentEnded reports whether the caller's own leg has ended. After a transfer the call may
// continue.
func (r *Record) HasParentEnded() bool { return r.end() != nil }

// IsLineClosed reports whether no customer can still be on the line.
func (r *Record) IsLineClosed() bool { return r.end() != nil && !r.wasTransferred() }
