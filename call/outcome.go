package call

import (
	"slices"
	"strconv"
)

// Outcome is the result of a call.
type Outcome string

// The outcomes of a call, in the order in which [Over.Outcome] checks them.
const (
	Answered         Outcome = "answered"
	AfterHours       Outcome = "after_hours"
	Failed           Outcome = "failed"
	Missed           Outcome = "missed"
	Unreached        Outcome = "unreached"
	AbandonedInQueue Outcome = "abandoned_in_queue"
	AbandonedInFlow  Outcome = "abandoned_in_flow"
	NoAgent          Outcome = "no_agent"
	EndedByFlow      Outcome = "ended_by_flow"
)

// Over is what would be known about a call if it were over now. It is also derived while the
// call runs.
type Over struct {
	Facts    Facts
	Attempts []Attempt // the attempts that have ended
	Bridged  bool      // any bridge was reported
	Ended    bool      // the end of the parent leg was reported
	// Queue is the queue that the end of the parent leg names.
	Queue Queue
}

// bridges returns the events of the reported pick-ups.
func (r *Record) bridges() (events []Event) {
	for _, p := range r.pickUps() {
		events = append(events, p.event)
	}
	return events
}

// over returns what would be known about the call if it were over now.
func (r *Record) over() Over {
	over := Over{Facts: r.Facts(), Bridged: len(r.pickUps()) > 0}
	for _, report := range r.Reports {
		if report.Kind == Finished && report.Leg.IsChild() {
			over.Attempts = append(over.Attempts, Attempt{Leg: report.Leg, Agent: report.Agent, Queue: report.Queue})
		}
	}
	if end := r.end(); end != nil {
		over.Ended, over.Queue = true, end.Queue
	}
	if !over.Bridged && over.IsAnswered() {
		answer := over.impliedPickUp()
		over.Facts.Agent, over.Facts.Queue = answer.Agent, answer.Queue
	}
	return over
}

// outcomes is the table of outcomes: the first row that holds decides.
//
// It uses only the finish reasons that every phone provider reports alike (babelforce help,
// "Hangup reasons inbound"). Reasons such as busy and no-answer differ between providers.
var outcomes = []struct {
	Outcome
	words string
	holds func(Over) bool
}{
	{Answered, "answered", Over.IsAnswered},
	{AfterHours, "came after hours", func(o Over) bool { return o.Facts.isAfterHours() }},
	{Failed, "failed", func(o Over) bool { return o.Facts.Leg.hasFailed() }},
	{Missed, "its end was not reported, and nobody picked up", func(o Over) bool { return !o.Ended }},
	{Unreached, "the called party did not pick up", func(o Over) bool { return o.Facts.Outgoing }},
	{AbandonedInQueue, "the caller hung up in the queue", func(o Over) bool { return o.hungUp() && o.Facts.Queued }},
	{AbandonedInFlow, "the caller hung up before reaching a queue", Over.hungUp},
	{NoAgent, "no agent picked up", func(o Over) bool { return o.Facts.Queued }},
	{EndedByFlow, "the call flow ended it", func(Over) bool { return true }},
}

// Outcome returns the result of the call.
func (o Over) Outcome() Outcome {
	for _, row := range outcomes {
		if row.holds(o) {
			return row.Outcome
		}
	}
	panic("the last row always holds")
}

// Outcomes returns all outcomes, in the order of the table.
func Outcomes() []Outcome {
	all := make([]Outcome, 0, len(outcomes))
	for _, row := range outcomes {
		all = append(all, row.Outcome)
	}
	return all
}

// InWords returns the outcome as notes show it.
func (o Outcome) InWords() string {
	for _, row := range outcomes {
		if row.Outcome == o {
			return row.words
		}
	}
	return string(o)
}

// IsAbandoned reports whether the caller hung up before an agent answered, in a queue or
// before it.
func (o Outcome) IsAbandoned() bool { return o == AbandonedInQueue || o == AbandonedInFlow }

// allowsVoicemail reports whether the call flow may have recorded a voicemail: it reached the
// caller, and the end of the call was reported. babelforce does not report whether it did.
func (o Outcome) allowsVoicemail() bool {
	return slices.Contains([]Outcome{AfterHours, AbandonedInQueue, AbandonedInFlow, NoAgent, EndedByFlow}, o)
}

// IsAnswered reports whether an agent and the customer were connected: a bridge was reported,
// or the legs imply one.
func (o Over) IsAnswered() bool {
	if o.Bridged || o.Facts.Leg.WasTransferred() {
		return true
	}
	if o.Facts.Outgoing { // the agent's leg proves nothing: it is connected while the customer's phone rings
		leg := o.Facts.Leg
		return !leg.EstablishedAt.IsZero() || leg.IsChild() && leg.lasted()
	}
	// A parent leg ends with this reason only if an agent was on the line.
	return o.Facts.Leg.FinishReason == "passive-hangup" || slices.ContainsFunc(o.Attempts, Attempt.Lasted)
}

// Ending is how a call ended. If it changes, the outcome that was written is no longer true.
type Ending string

// The endings of a call. Running calls and recorded histories depend on these values.
const (
	Connected     Ending = "connected"
	HungUp        Ending = "hung up"
	HungUpInQueue Ending = "hung up in a queue"
	CutOff        Ending = "cut off"
	CutOffInQueue Ending = "cut off in a queue"
)

// Ending returns how the call ended.
func (o Over) Ending() Ending {
	switch {
	case o.IsAnswered():
		return Connected
	case o.hungUp() && o.Facts.Queued:
		return HungUpInQueue
	case o.hungUp():
		return HungUp
	case o.Facts.Queued:
		return CutOffInQueue
	}
	return CutOff
}

// hungUp reports whether the caller hung up before any agent was on the line.
func (o Over) hungUp() bool { return o.Facts.Leg.FinishReason == "hangup" }

func (l Leg) hasFailed() bool { return l.FinishReason == "failed" || l.State == "failed" }

// AfterHoursField is the variable that a call flow sets if the call came after hours. None of
// babelforce's events contains that.
const AfterHoursField = "app.afterHours"

func (f Facts) isAfterHours() bool {
	said := f.Extra[AfterHoursField]
	no, err := strconv.ParseBool(said)
	return said != "" && (err != nil || no)
}
