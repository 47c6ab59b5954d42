package source

import (
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"
)

const (
	// FailureBurst is the number of failed authentications that a source may make at once. After
	// that it may make one per second, which suffices for a person and for an alert.
	FailureBurst = 20
	failureRate  = rate.Limit(1)
	// maxSources limits the sources in memory, to some megabytes. The source with the oldest
	// failure is dropped first.
	maxSources = 1 << 14
)

// Failures limits the failed authentications of each source and the log messages about them.
// It is safe for concurrent use.
type Failures struct {
	log    *slog.Logger
	of     string
	left   *lru.Cache[netip.Prefix, *rate.Limiter]
	logged *rate.Limiter // of all sources together
}

// NewFailures returns a limiter that logs failures as "<of> refused".
func NewFailures(log *slog.Logger, of string) *Failures {
	left, err := lru.New[netip.Prefix, *rate.Limiter](maxSources)
	if err != nil {
		panic(err) // the size is positive
	}
	return &Failures{log: log, of: of, left: left, logged: rate.NewLimiter(failureRate, FailureBurst)}
}

// Refuse counts a failure of a source and logs it with the given attributes. It reports whether
// the source was within its limit. If not, the caller calls [Failures.TurnAway].
func (f *Failures) Refuse(w http.ResponseWriter, source netip.Prefix, attributes ...any) bool {
	if !f.Count(source) {
		return false
	}
	if f.logged.Allow() {
		f.log.Warn(f.of+" refused", attributes...)
	}
	hangUp(w)
	return true
}

// TurnAway prepares the answer to a source with too many failures. The log does not contain
// the address, because it is personal data. A proxy's log has it.
func (f *Failures) TurnAway(w http.ResponseWriter) {
	if f.logged.Allow() {
		f.log.Warn(f.of + " refused unread: one source fails to authenticate too often")
	}
	hangUp(w)
}

// Count counts a failure and reports whether the source was within its limit.
func (f *Failures) Count(source netip.Prefix) bool {
	limiter, known := f.left.Get(source)
	if !known {
		limiter = rate.NewLimiter(failureRate, FailureBurst)
		if other, raced, _ := f.left.PeekOrAdd(source, limiter); raced {
			limiter = other
		}
	}
	return limiter.Allow()
}

// Exhausted reports whether the source has reached its limit.
func (f *Failures) Exhausted(source netip.Prefix) bool {
	limiter, known := f.left.Get(source)
	return known && limiter.Tokens() < 1
}

// hangUp closes the connection after the answer. Otherwise net/http would first read the rest
// of the body, for as long as a body may take.
func hangUp(w http.ResponseWriter) {
	w.Header().Set("Connection", "close")
	_ = http.NewResponseController(w).SetReadDeadline(time.Now()) // not supported without a connection, as in tests
}
