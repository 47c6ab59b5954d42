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
	until   time.Time
	from    Urgency   // the most urgent that is held; the less urgent are too
	guessed time.Time // when until was, as nobody told it; zero: it was told
	kind    Kind
	detail  string
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

// admit is held for a request that is otherwise about to be sent. Where a guessed
// hold has just ended, one request goes ahead and the others wait for what it is
// told; after a whole window there is nothing left to ask about.
func (b *budget) admit(u Urgency) *hold {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	found := b.longest(u, now)
	if found == nil && u >= b.org.from && now.Before(b.org.guessed.Add(window)) {
		b.org.until = now.Add(probeEvery)
	}
	return found
}

func (b *budget) longest(u Urgency, now time.Time) (found *hold) {
	for _, h := range []hold{b.org, b.tooMany, b.badKey} {
		if u >= h.from && h.until.After(now) && (found == nil || h.until.After(found.until)) {
			found = &h
		}
	}
	return found
}

// learn takes from any answer what it says of the budget.
func (b *budget) learn(status int, header http.Header, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if status == http.StatusTooManyRequests {
		// It may be about one customer or object only, which looks the same (inferred).
		until := retryAt(status, header, now)
		if until.IsZero() {
			until = now.Add(window)
		}
		if until.After(b.tooMany.until) {
			b.tooMany = hold{until: until, kind: RateLimited, detail: "Kustomer has just refused a request as one too many"}
		}
	}
	limit, remaining := count(header, "X-Ratelimit-Limit"), count(header, "X-Ratelimit-Remaining")
	if limit > 0 && remaining >= 0 {
		b.org = b.shortage(limit, remaining)
		b.org.until, b.org.guessed = windowEnd(header, now)
	}
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

func windowEnd(header http.Header, now time.Time) (end, guessed time.Time) {
	end = resetOf(header)
	if end.After(now) && !end.After(now.Add(longestReset)) {
		return end, time.Time{}
	}
	return now.Add(probeEvery), now
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
