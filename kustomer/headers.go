package kustomer

import (
	"net/http"
	"strconv"
	"time"
)

// count reads a header that counts requests. It returns -1 if the header is absent.
func count(header http.Header, name string) int {
	if n, err := strconv.Atoi(header.Get(name)); err == nil {
		return n
	}
	return -1
}

// waitOf returns the wait that an answer asks for, 0 if it has none. The value may be
// absurd, such as milliseconds in place of seconds or a time from a wrong clock.
func waitOf(status int, header http.Header, now time.Time) time.Duration {
	var until time.Time
	if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
		until = parseRetryAfter(header.Get("Retry-After"), now)
	}
	if until.IsZero() && status == http.StatusTooManyRequests {
		until = resetOf(header)
	}
	return max(until.Sub(now), 0)
}

// resetOf returns when the budget's window ends, zero if the answer does not contain it.
func resetOf(header http.Header) time.Time {
	if epoch, err := strconv.ParseInt(header.Get("X-Ratelimit-Reset"), 10, 64); err == nil {
		return time.Unix(epoch, 0)
	}
	return time.Time{}
}

func parseRetryAfter(value string, now time.Time) time.Time {
	if seconds, err := strconv.ParseUint(value, 10, 32); err == nil {
		return now.Add(time.Duration(seconds) * time.Second)
	}
	at, _ := http.ParseTime(value)
	return at
}
