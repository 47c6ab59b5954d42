package call

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Entry is a line of the call's log. It never contains a name or a phone number.
type Entry struct {
	At   time.Time `json:"at"`
	Text string    `json:"text"`
}

// late is the delay from which the log shows when a report was received.
const late = 30 * time.Second

// Log returns what happened to the call and what Callthread did, in the order of the times.
func (r *Record) Log() []Entry {
	var log []Entry
	facts := r.Facts()
	for _, report := range r.Reports {
		if report.Kind == Bridged {
			continue
		}
		log = append(log, entryOf(report.Event, r.inWords(report.Event, facts)))
	}
	for i, p := range byTime(r.pickUps()) {
		agent := "agent " + cmp.Or(p.event.Agent.ID, "unknown")
		switch {
		case facts.Outgoing:
			log = append(log, entryOf(p.event, "the customer has picked up and speaks with "+agent))
		case i > 0:
			log = append(log, entryOf(p.event, "now with "+agent))
		default:
			log = append(log, entryOf(p.event, "answered by "+agent))
		}
	}
	log = append(log, r.Entries...)
	slices.SortStableFunc(log, func(a, b Entry) int { return a.At.Compare(b.At) })
	if r.More > 0 {
		log = append(log, Entry{log[len(log)-1].At, fmt.Sprintf("%d more reports of legs, pick-ups or recordings were counted but not kept", r.More)})
	}
	return log
}

// entryOf returns the log entry for a report. An event cannot happen after it was reported:
// if its own time is later, its clock is fast.
func entryOf(e Event, text string) Entry {
	at := e.At()
	if at.After(e.ReceivedAt) {
		at = e.ReceivedAt
	}
	if e.FromLog {
		text += " (from babelforce's call log)"
	} else if e.ReceivedAt.Sub(at) > late {
		text += " (reported at " + e.ReceivedAt.UTC().Format(time.TimeOnly) + ")"
	}
	if len(e.Ignored) > 0 {
		text += "; could not read " + strings.Join(e.Ignored, ", ")
	}
	return Entry{at, text}
}

func (r *Record) inWords(e Event, facts Facts) string {
	because := " (" + cmp.Or(e.Leg.FinishReason, "no reason given") + ")"
	switch {
	case e.Kind == Inbound:
		return "ringing"
	case e.Kind == Outbound:
		return "call placed"
	case e.Kind == Recorded:
		return "a recording is available"
	case e.Leg.IsChild() && facts.IsCustomers(e.Leg):
		return "the customer's leg ended" + because
	case e.Leg.IsChild():
		return LegOf(Attempt{Leg: e.Leg, Agent: e.Agent}).InWords("agent " + cmp.Or(e.Agent.ID, "unknown"))
	}
	return "call ended" + because
}

// LegSummary summarizes one attempt to reach an agent or, on an outbound call, the other
// leg. It contains no names or phone numbers.
type LegSummary struct {
	LegID   string `json:"legId"`
	AgentID string `json:"agentId,omitempty"`
	QueueID string `json:"queueId,omitempty"`
	// RangSeconds is how long the phone rang, or nil if the leg does not contain the times.
	RangSeconds *int `json:"rangSeconds,omitempty"`
	// TalkedSeconds is how long the leg was connected.
	TalkedSeconds *int `json:"talkedSeconds,omitempty"`
	Answered      bool `json:"answered,omitempty"`
	// FinishReason is why the leg ended, in the phone provider's terms, which differ between providers.
	FinishReason string `json:"finishReason,omitempty"`
}

// LegOf returns the summary of an attempt.
func LegOf(a Attempt) LegSummary {
	leg := LegSummary{LegID: a.Leg.ID, AgentID: a.Agent.ID, QueueID: a.Queue.ID, Answered: a.Lasted(), FinishReason: a.Leg.FinishReason}
	if rang, known := a.Rang(); known {
		leg.RangSeconds = &rang
	}
	if a.Lasted() {
		leg.TalkedSeconds = a.Leg.connected()
	}
	return leg
}

// InWords returns the result of the leg as a sentence. The argument names the owner of the leg
// and is the subject of the sentence.
func (l LegSummary) InWords(whose string) string {
	rang := ""
	if l.RangSeconds != nil {
		rang = fmt.Sprintf(" after %d s of ringing", *l.RangSeconds)
	}
	if !l.Answered || l.TalkedSeconds == nil {
		return whose + " did not pick up" + rang
	}
	return fmt.Sprintf("%s picked up%s, and was on the line for %d s", whose, rang, *l.TalkedSeconds)
}

// Legs returns the attempts to reach an agent that have ended, in the order of their reports.
func (r *Record) Legs() (legs []LegSummary) {
	for _, attempt := range r.over().Attempts {
		legs = append(legs, LegOf(attempt))
	}
	return legs
}
