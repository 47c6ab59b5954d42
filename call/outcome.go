package call

import (
	"slices"
	"strconv"
)

// Outcome is what became of a call.
type Outcome string

// The outcomes, in the order in which they are looked for.
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

// Over is what is known of a call when it is over.
type Over struct {
	Facts    Facts
	Attempts []Attempt // those that have ended
	Bridged  bool      // any bridge was announced
	Ended    bool      // the end of the parent leg was heard of
	// Queue is the one that the end of the parent leg names.
	Queue Queue
}

// outcomes is the one table of what becomes of calls: the first row that holds counts.
//
// Only those finish reasons are relied on that every phone provider reports
// alike (babelforce help, "Hangup reasons inbound"): not busy, no-answer and their like.
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

// Outcome is what became of the call.
func (o Over) Outcome() Outcome {
	for _, row := range outcomes {
		if row.holds(o) {
			return row.Outcome
		}
	}
	panic("the last row always holds")
}

// Outcomes are all there are.
func Outcomes() []Outcome {
	all := make([]Outcome, 0, len(outcomes))
	for _, row := range outcomes {
		all = append(all, row.Outcome)
	}
	return all
}

// InWords is the outcome as notes have it.
func (o Outcome) InWords() string {
	for _, row := range outcomes {
		if row.Outcome == o {
			return row.words
		}
	}
	return string(o)
}

// IsAbandoned reports whether the caller gave up, wherever.
func (o Outcome) IsAbandoned() bool { return o == AbandonedInQueue || o == AbandonedInFlow }

// allowsVoicemail reports whether the call flow may have recorded a message of the
// caller: it reached the caller, and the end of the call was reported. Nothing that
// babelforce reports says whether it did.
func (o Outcome) allowsVoicemail() bool {
	return slices.Contains([]Outcome{AfterHours, AbandonedInQueue, AbandonedInFlow, NoAgent, EndedByFlow}, o)
}

// IsAnswered reports whether an agent and the customer were connected: a bridge
// was announced, or the legs tell that there was one.
func (o Over) IsAnswered() bool {
	if o.Bridged || o.Facts.Leg.WasTransferred() {
		return true
	}
	if o.Facts.Outgoing { // whose agent's leg lasts while the customer's phone still rings
		leg := o.Facts.Leg
		return !leg.EstablishedAt.IsZero() || leg.IsChild() && leg.lasted()
	}
	// A parent leg ends in this way only when an agent was on the line.
	return o.Facts.Leg.FinishReason == "passive-hangup" || slices.ContainsFunc(o.Attempts, Attempt.Lasted)
}

// Ending is how a call came to its end, as far as that decides whether what
// was written of it has become untrue.
type Ending string

// The endings. Running calls and recorded histories depend on how they are told apart.
const (
	Connected     Ending = "connected"
	HungUp        Ending = "hung up"
	HungUpInQueue Ending = "hung up in a queue"
	CutOff        Ending = "cut off"
	CutOffInQueue Ending = "cut off in a queue"
)

// Ending is how the call came to its end.
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

// hungUp: the caller did, before any agent was on the line.
func (o Over) hungUp() bool { return o.Facts.Leg.FinishReason == "hangup" }

func (l Leg) hasFailed() bool { return l.FinishReason == "failed" || l.State == "failed" }

// AfterHoursField is the variable that a call flow sets to say that the call
// came after hours; none of babelforce's events tells.
const AfterHoursField = "app.afterHours"

func (f Facts) isAfterHours() bool {
	said := f.Extra[AfterHoursField]
	no, err := strconv.ParseBool(said)
	return said != "" && (err != nil || no)
}
