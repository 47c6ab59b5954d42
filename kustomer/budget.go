package kustomer

import (
	"context"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Urgency says which requests go first when the budget is short. The less
// urgent ones queue before they get to where the more urgent ones queue, and are
// the first to be held back when Kustomer tells that little is left.
type Urgency int

const (
	// Now is for what somebody at a phone is waiting for: a conversation, an
	// assignment. It may use the whole budget, and is what a request is unless told otherwise.
	Now Urgency = iota
	// Soon is for what somebody reads in a while, such as a note: three quarters.
	Soon
	// Later is for catching up, such as calls from before an outage: half.
	Later
)

// mayUse is the part of the budget that each urgency may use. The rest stays
// for the more urgent, both in our own pace and in what Kustomer says is left.
var mayUse = [...]float64{Now: 1, Soon: 0.75, Later: 0.5}

const (
	// One call's requests may leave back to back; the rest of the minute is spread evenly.
	limiterBurst = 5
	// The documented window (developer site, Rate limits).
	window = time.Minute
	// A reset further ahead than a window is none; it comes in whole seconds.
	longestReset = window + time.Second
	// Ordinary answers carry no reset, and when the window began is not known,
	// so we look again soon: a single request each time.
	probeEvery = 5 * time.Second
	// However long Kustomer asks to wait, one request a minute asks again: a clock or a
	// gateway that is wrong once must not stop calls for hours.
	longestWait = window
	// Long enough that thousands of waiting calls do not hammer Kustomer with a
	// bad key, short enough that one made good there is noticed.
	badKeyPause = 5 * time.Second
)

type urgencyKey struct{}

// WithUrgency makes requests sent with the context as urgent as said, but no
// more so than they were; values beyond the constants count as the nearest of them.
func WithUrgency(ctx context.Context, u Urgency) context.Context {
	return context.WithValue(ctx, urgencyKey{}, min(max(u, urgencyOf(ctx)), Later))
}

func urgencyOf(ctx context.Context) Urgency {
	u, _ := ctx.Value(urgencyKey{}).(Urgency)
	return u
}

// budget decides what may be sent when: at our own pace, and not while Kustomer
// has told any of our answers that nothing should be.
type budget struct {
	perMinute int                        // 0 = unlimited
	lanes     [len(mayUse)]*rate.Limiter // a request passes its own and those of the more urgent

	mu      sync.Mutex
	org     hold // by the headers that tell what the whole org has left
	tooMany hold // by a 429
	badKey  hold // by a 401
}

// hold keeps requests from being sent. The zero value keeps none.
type hold struct {
	until  time.Time
	from   Urgency // the most urgent that is held; the less urgent are too
	kind   Kind
	detail string

	// Before doubtful it is not certain that the hold ends at until: one request then goes
	// ahead as a probe, and the others wait for its answer.
	doubtful time.Time
	pause    time.Duration // between two probes
	probing  bool          // a probe is under way
}

// retryAt is when a request that is held may be tried again.
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

// wait is the turn in our own share of the budget.
func (b *budget) wait(ctx context.Context, u Urgency) error {
	for ; u >= Now; u-- {
		if err := b.lanes[u].Wait(ctx); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// held returns the hold that keeps such a request back the longest, nil for none.
func (b *budget) held(u Urgency) *hold {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.longest(u, time.Now())
}

// admit is held for a request that is otherwise about to be sent, and makes a probe of
// it where that is due.
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

// waitsUntil is when a wait ends that Kustomer asks for and that is longer than one
// minute, zero if there is none.
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

// learn takes from any answer, or from there being none, what it says of the budget.
func (b *budget) learn(status int, header http.Header, isProbe bool, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if isProbe {
		b.org.probing, b.tooMany.probing = false, false
	}
	switch {
	case status == http.StatusTooManyRequests:
		// It may be about one customer or object only, which looks the same (inferred).
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

// tooManyUntil is the hold after a 429 that asks for a wait, 0 if it does not say.
func tooManyUntil(wait time.Duration, now time.Time) hold {
	h := hold{until: now.Add(window), kind: RateLimited, detail: "Kustomer has just refused a request as one too many"}
	switch {
	case wait > longestWait:
		h.until, h.doubtful, h.pause = now.Add(longestWait), now.Add(wait), longestWait
		h.detail += " and asks for a wait until " + h.doubtful.UTC().Format(time.DateTime) + " UTC: one request a minute asks again"
	case wait > 0:
		h.until = now.Add(wait)
	}
	return h
}

// shortage says for whom what is left of the org's limit is too little. What the
// limit has beyond our share stays free for the org's other systems.
func (b *budget) shortage(limit, remaining int) hold {
	var room int
	if b.perMinute > 0 {
		room = max(limit-b.perMinute, 0)
	}
	left, share := float64(remaining-room), float64(min(b.perMinute, limit))
	h := hold{kind: RateLimited, detail: "the org's request budget is used up"}
	for h.from <= Later && left > (1-mayUse[h.from])*share {
		h.from++ // beyond Later: nobody
	}
	if h.from > Now {
		h.detail = "what is left of the org's request budget is kept for more urgent requests"
	}
	return h
}

// windowEnd is when there is a new budget. If the answer does not say it, probes look
// for it, for as long as a window may take.
func windowEnd(header http.Header, now time.Time) (end, doubtful time.Time) {
	end = resetOf(header)
	if end.After(now) && !end.After(now.Add(longestReset)) {
		return end, time.Time{}
	}
	return now.Add(probeEvery), now.Add(window)
}

// keyRefused holds everything for a moment; a 403 does not, as it may be about one role.
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
