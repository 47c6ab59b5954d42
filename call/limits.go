package call

import (
	"cmp"
	"time"
)

// Limits bound how long a call waits for reports that may never come.
type Limits struct {
	// Bridge is how long an unanswered call may stay without a report before it counts as missed.
	Bridge time.Duration `json:"bridge,omitempty"`
	// End is how much longer than Bridge an answered call may last before its end is no longer expected.
	End time.Duration `json:"end,omitempty"`
	// Settle is how long after the end late reports are still expected.
	Settle time.Duration `json:"settle,omitempty"`
	// Recording is how long after the end recordings are expected, if an automation wants them.
	Recording time.Duration `json:"recording,omitempty"`
}

// DefaultLimits are the limits that apply if the receiver that starts a call sets none.
var DefaultLimits = Limits{
	// A wait of half an hour happens. After an hour without an agent or an end, the events were lost.
	Bridge: time.Hour,
	// No call lasts longer: its end was lost.
	End: 8 * time.Hour,
	// It must exceed the sum of the time in which the receiver refuses a webhook while Temporal is
	// unavailable (9 s) and the sender's wait before it retries (5 s): see starter/webhook. Webhooks
	// that race differ by less.
	Settle: 15 * time.Second,
	// babelforce stores a recording within two minutes of the end; a recording that takes longer has failed.
	Recording: 15 * time.Minute,
}

// WithDefaults returns the limits with [DefaultLimits] in place of zero values.
func (l Limits) WithDefaults() Limits {
	return Limits{
		Bridge:    cmp.Or(l.Bridge, DefaultLimits.Bridge),
		End:       cmp.Or(l.End, DefaultLimits.End),
		Settle:    cmp.Or(l.Settle, DefaultLimits.Settle),
		Recording: cmp.Or(l.Recording, DefaultLimits.Recording),
	}
}

// Transfer returns how much longer a transferred call lasts than another call at most, if no further
// report follows. Each report begins these waits again.
func (l Limits) Transfer() time.Duration { return transferLimit + min(transferTalk, l.End) }

const (
	// callerLimit is how long the conversation waits for a report that contains the caller.
	// It is short, because an agent may be waiting for the conversation.
	callerLimit = 5 * time.Second
	// calledLimit is the same for an outbound call. It is longer, because the agent's phone rings first.
	calledLimit = 2 * time.Minute
	// transferLimit is how long the next agent may let a transferred call ring.
	transferLimit = 5 * time.Minute
	// voicemailLimit is how long after an unanswered call a voicemail is expected. babelforce
	// stores it within two minutes, like any recording.
	voicemailLimit = 2 * time.Minute
	// transferTalk is how long the next agent may talk if the end of that agent's leg is not reported.
	transferTalk = time.Hour
)

const (
	// maxLegs is how many legs are kept. A call that waits for an hour while agents are rung every
	// few seconds has fewer.
	maxLegs = 1000
	// maxPickUps is how many reports of pick-ups are kept. A call with more is in a loop.
	maxPickUps = 200
	// maxRecordings is how many recordings are kept. Each becomes a note.
	maxRecordings = 200
	// maxIgnored is how many names of unreadable fields are kept for a report that is repeated.
	maxIgnored = 100
)

var maxReports = map[Kind]int{Inbound: maxLegs, Outbound: maxLegs, Bridged: maxPickUps, Finished: maxLegs, Recorded: maxRecordings}

// isFull reports whether the record keeps no further report of this kind. The ring and the end of
// the parent leg are always kept.
func (r *Record) isFull(e Event) bool {
	isOfCall := !e.Leg.IsChild() && e.Kind != Bridged && e.Kind != Recorded
	return !isOfCall && r.count(e.Kind) >= maxReports[e.Kind]
}
