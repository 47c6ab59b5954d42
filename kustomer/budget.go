package kustomer

import (
	"context"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	// The requests of one call may be sent back to back; the rest of the minute is spread evenly.
	limiterBurst = 5
	// The documented window (developer site, Rate limits).
	window = time.Minute
	// Long enough that thousands of waiting calls do not hammer Kustomer with a bad key,
	// short enough that a key corrected in Kustomer is soon noticed.
	badKeyPause = 5 * time.Second
)

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
