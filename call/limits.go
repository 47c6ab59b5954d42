package call

import (
	"cmp"
	"time"
)

// Limits bound how long a call waits for reports that may never come.
type Limits struct {
	// Bridge is how long after its start a call may go unanswered before it counts as missed.
	Bridge time.Duration `json:"bridge,omitempty"`
	// End is how long after that an answered call may last before its end is no longer expected.
	End time.Duration `json:"end,omitempty"`
	// Settle is how long after the end late reports are still expected.
	Settle time.Duration `json:"settle,omitempty"`
	// Recording is how long after the end recordings are expected, if an automation wants them.
	Recording time.Duration `json:"recording,omitempty"`
}

// DefaultLimits apply unless the receiver that starts a call says otherwise.
var DefaultLimits = Limits{
	// Queues of half an hour happen; an hour without an agent or an end means that the events were lost.
	Bridge: time.Hour,
	// Nobody talks longer; the end of the call was lost.
	End: 8 * time.Hour,
	// Longer than the receiver takes to refuse a webhook while Temporal is away (5 s) and the
	// sender then waits to send it again (5 s): starter/webhook. Those that race differ by less.
	Settle: 15 * time.Second,
	// A recording is stored within a minute or two of the end; one that takes longer has failed.
	Recording: 15 * time.Minute,
}

// WithDefaults fills in what is zero.
func (l Limits) WithDefaults() Limits {
	return Limits{
		Bridge:    cmp.Or(l.Bridge, DefaultLimits.Bridge),
		End:       cmp.Or(l.End, DefaultLimits.End),
		Settle:    cmp.Or(l.Settle, DefaultLimits.Settle),
		Recording: cmp.Or(l.Recording, DefaultLimits.Recording),
	}
}

// Transfer is how much longer than another a call may last whose own leg was transferred.
func (l Limits) Transfer() time.Duration { return transferLimit + min(transferTalk, l.End) }

const (
	// callerLimit is how long the conversation may wait for a report that says who
	// calls. An agent may be waiting for it.
	callerLimit = 5 * time.Second
	// calledLimit is the same for a call that an agent places, whose own phone rings first.
	calledLimit = 2 * time.Minute
	// transferLimit is how long the next agent may let a transferred call ring.
	transferLimit = 5 * time.Minute
	// voicemailLimit is how long after the end of a call that nobody answered a message of
	// the caller is expected. It is stored within a minute or two, as all recordings are.
	voicemailLimit = 2 * time.Minute
	// transferTalk is how long the next agent may talk if the end of that leg is never reported.
	transferTalk = time.Hour
)
