package sandbox

import (
	"net/http"
	"strconv"
	"time"
)

// budget is the organisation's limit of requests per minute, shared by all keys. The
// vendor's window is 60 s; that it begins at the full minute is inferred.
type budget struct {
	limit  int
	window time.Time
	used   int
}

func (b *budget) take(now time.Time) bool {
	b.roll(now)
	if b.used >= b.limit {
		return false
	}
	b.used++
	return true
}

func (b *budget) remaining(now time.Time) int {
	b.roll(now)
	return b.limit - b.used
}

func (b *budget) roll(now time.Time) {
	if window := now.Truncate(time.Minute); !window.Equal(b.window) {
		b.window, b.used = window, 0
	}
}

// announce sets the two headers that recorded answers have. x-ratelimit-reset was absent,
// so only the 429 has it, and no client can rely on it elsewhere.
func (b *budget) announce(h http.Header, now time.Time) {
	h.Set("X-Ratelimit-Limit", strconv.Itoa(b.limit))
	h.Set("X-Ratelimit-Remaining", strconv.Itoa(b.remaining(now)))
}

// rateLimited answers 429 with the end of the window in UTC epoch seconds. The vendor's
// 429 body is unknown; no source mentions Retry-After.
func rateLimited(now time.Time) answer {
	reset := now.Truncate(time.Minute).Add(time.Minute)
	refused := failure(http.StatusTooManyRequests, "too_many_requests", "Rate limit exceeded.", "")
	refused.setHeader("X-Ratelimit-Remaining", "0")
	refused.setHeader("X-Ratelimit-Reset", strconv.FormatInt(reset.Unix(), 10))
	return refused
}
