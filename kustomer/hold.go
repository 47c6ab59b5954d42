package kustomer

import (
	"net/http"
	"time"
)

const (
	// A reset later than one window is ignored. Resets come in whole seconds.
	longestReset = window + time.Second
	// Ordinary answers have no reset, and the start of the window is unknown, so a
	// single request probes for a new budget at this interval.
	probeEvery = 5 * time.Second
	// However long Kustomer asks to wait, one request a minute is sent: a single wrong
	// clock or gateway must not stop calls for hours.
	longestWait = window
)

// hold keeps requests from being sent. The zero value holds none.
type hold struct {
	until  time.Time
	from   Urgency // the most urgent level that is held; less urgent ones are held too
	kind   Kind
	detail string

	// Until doubtful, the end of the hold is uncertain: at until, one request is sent as
	// a probe, and the others wait for its answer.
	doubtful time.Time
	pause    time.Duration // between two probes
	probing  bool          // a probe is under way
}

// retryAt returns when a held request may be tried again.
func (h *hold) retryAt(now time.Time) time.Time {
	if soon := now.Add(probeEvery); h.probing && soon.Before(h.until) {
		return soon
	}
	return h.until
}

// tooManyUntil returns the hold after a 429. A wait of 0 means that the answer has none.
func tooManyUntil(wait time.Duration, now time.Time) hold {
	h := hold{until: now.Add(window), kind: RateLimited, detail: "Kustomer has just answered 429 (too many requests)"}
	switch {
	case wait > longestWait:
		h.until, h.doubtful, h.pause = now.Add(longestWait), now.Add(wait), longestWait
		h.detail += " and asks for a wait until " + h.doubtful.UTC().Format(time.DateTime) + " UTC: one request a minute asks again"
	case wait > 0:
		h.until = now.Add(wait)
	}
	return h
}

// windowEnd returns when the budget is renewed. Without a usable reset, requests probe
// for it until a full window has passed.
func windowEnd(header http.Header, now time.Time) (end, doubtful time.Time) {
	end = resetOf(header)
	if end.After(now) && !end.After(now.Add(longestReset)) {
		return end, time.Time{}
	}
	return now.Add(probeEvery), now.Add(window)
}
