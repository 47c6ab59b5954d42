package kustomer

import (
	"context"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Urgency orders requests when the budget is short. A less urgent request queues
// before it joins the queue of the more urgent ones. It is also held back first
// when Kustomer reports that little of the budget is left.
type Urgency int

const (
	// Now is for requests that a person on the phone waits for, such as a conversation
	// or an assignment. It may use the whole budget. Now is the default.
	Now Urgency = iota
	// Soon is for requests whose result is read later, such as a note. It may use three quarters.
	Soon
	// Later is for catching up, such as calls from before an outage. It may use half.
	Later
)

// mayUse is the part of the budget that each urgency may use. The rest is reserved
// for more urgent requests, both in our own rate and in what Kustomer reports as left.
var mayUse = [...]float64{Now: 1, Soon: 0.75, Later: 0.5}

const (
	// The requests of one call may be sent back to back; the rest of the minute is spread evenly.
	limiterBurst = 5
	// The documented window (developer site, Rate limits).
	window = time.Minute
	// A reset later than one window is ignored. Resets come in whole seconds.
	longestReset = window + time.Second
	// Ordinary answers have no reset, and the start of the window is unknown, so a
	// single request probes for a new budget at this interval.
	probeEvery = 5 * time.Second
	// However long Kustomer asks to wait, one request a minute is sent: a single wrong
	// clock or gateway must not stop calls for hours.
	longestWait = window
	// Long enough that thousands of waiting calls do not hammer Kustomer with a bad key,
	// short enough that a key corrected in Kustomer is soon noticed.
	badKeyPause = 5 * time.Second
)

type urgencyKey struct{}

// WithUrgency sets the urgency of requests sent with the context. It can lower the
// urgency of the context but not raise it. Values out of range are clamped.
func WithUrgency(ctx context.Context, u Urgency) context.Context {
	return context.WithValue(ctx, urgencyKey{}, min(max(u, urgencyOf(ctx)), Later))
}

func urgencyOf(ctx context.Context) Urgency {
	u, _ := ctx.Value(urgencyKey{}).(Urgency)
	return u
}

// budget decides when a request may be sent: at our own rate, and not while an
// earlier answer of Kustomer forbids it.
type budget struct {
	perMinute int                        // 0 = unlimited
	lanes     [len(mayUse)]*rate.Limiter // a request passes its own lane and all more urgent ones

	mu      sync.Mutex
	org     hold // from the headers with the remaining budget of the whole org
	tooMany hold // from a 429
	badKey  hold // from a 401
}

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

func newBudget(perMinute int) *budget {
	b := &budget{perMinute: perMinute}
	for u, part := range mayUse {
		b.lanes[u] = rate.NewLimiter(rate.Inf, 0)
		if perMinute > 0 {
			b.lanes[u] = rate.NewLimiter(rate.Limit(part*float64(perMinute)/60), limiterBurst)
		}
	}
	return b
}

// wait blocks until our own rate admits the request.
func (b *budget) wait(ctx context.Context, u Urgency) error {
	for ; u >= Now; u-- {
		if err := b.lanes[u].Wait(ctx); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// held returns the longest hold on requests of this urgency, nil if there is none.
func (b *budget) held(u Urgency) *hold {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.longest(u, time.Now())
}

// admit returns the hold on a request that is about to be sent, nil if there is none.
// If a probe is due, admit makes the request that probe.
func (b *budget) admit(u Urgency) (found *hold, isProbe bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	if found = b.longest(u, now); found != nil {
		return found, false
	}
	for _, h := range []*hold{&b.org, &b.tooMany} {
		if u >= h.from && now.Before(h.doubtful) {
			h.until, h.probing, isProbe = now.Add(h.pause), true, true
		}
	}
	return nil, isProbe
}

// waitsUntil returns the end of a wait that Kustomer asked for and that exceeds one
// minute, or the zero time.
func (b *budget) waitsUntil() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	if time.Now().After(b.tooMany.doubtful) {
		return time.Time{}
	}
	return b.tooMany.doubtful
}

func (b *budget) longest(u Urgency, now time.Time) (found *hold) {
	for _, h := range []hold{b.tooMany, b.org, b.badKey} {
		if u >= h.from && h.until.After(now) && (found == nil || h.until.After(found.until)) {
			found = &h
		}
	}
	return found
}

// learn updates the holds from an answer. The status is 0 if no answer came.
func (b *budget) learn(status int, header http.Header, isProbe bool, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if isProbe {
		b.org.probing, b.tooMany.probing = false, false
	}
	switch {
	case status == http.StatusTooManyRequests:
		// A 429 may concern one customer or object only, which looks the same (inferred).
		if h := tooManyUntil(waitOf(status, header, now), now); h.until.After(b.tooMany.until) {
			b.tooMany = h
		}
	case isProbe && status != 0:
		b.tooMany = hold{}
	}
	limit, remaining := count(header, "X-Ratelimit-Limit"), count(header, "X-Ratelimit-Remaining")
	if limit > 0 && remaining >= 0 {
		b.org = b.shortage(limit, remaining)
		b.org.until, b.org.doubtful = windowEnd(header, now)
		b.org.pause = probeEvery
	}
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

// shortage returns which urgencies are held, given what is left of the org's limit.
// The part of the limit beyond our share is left to the org's other systems.
func (b *budget) shortage(limit, remaining int) hold {
	var others int
	if b.perMinute > 0 {
		others = max(limit-b.perMinute, 0)
	}
	left, share := float64(remaining-others), float64(min(b.perMinute, limit))
	h := hold{kind: RateLimited, detail: "the org's request budget is used up"}
	for h.from <= Later && left > (1-mayUse[h.from])*share {
		h.from++ // beyond Later: no request is held
	}
	if h.from > Now {
		h.detail = "what is left of the org's request budget is kept for more urgent requests"
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

// keyRefused holds all requests briefly. A 403 does not, because it may concern one role.
func (b *budget) keyRefused(now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.badKey = hold{until: now.Add(badKeyPause), kind: Credentials, detail: "Kustomer has just refused the API key"}
}

func (b *budget) keyReplaced() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.badKey = hold{}
}
