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
	// FailureBurst is how often a source may fail to authenticate at once. After that it may
	// once a second: as often as a person tries, and an alert needs to see it.
	FailureBurst = 20
	failureRate  = rate.Limit(1)
	// maxSources are remembered, in some megabytes. Of more, those that failed longest ago are forgotten.
	maxSources = 1 << 14
)

// Failures limits how often each source may fail to authenticate, and how much
// of that is logged. It is safe for concurrent use.
type Failures struct {
	log    *slog.Logger
	of     string
	left   *lru.Cache[netip.Prefix, *rate.Limiter]
	logged *rate.Limiter // of all sources together
}

// NewFailures logs failures of such requests, as "<of> refused".
func NewFailures(log *slog.Logger, of string) *Failures {
	left, err := lru.New[netip.Prefix, *rate.Limiter](maxSources)
	if err != nil {
		panic(err) // the size is not positive, but it is
	}
	return &Failures{log: log, of: of, left: left, logged: rate.NewLimiter(failureRate, FailureBurst)}
}

// Refuse notes a failure of a source, and logs it with the given attributes. It
// reports whether the source had a failure left: one that had none is to be
// turned away.
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

// TurnAway prepares the answer, 429, to a source that fails too often. The log does not say
// which it is: the address of a stranger is personal data, and a proxy's log has it.
func (f *Failures) TurnAway(w http.ResponseWriter) {
	if f.logged.Allow() {
		f.log.Warn(f.of + " refused unread: one source fails to authenticate too often")
	}
	hangUp(w)
	w.Header().Set("Retry-After", "1")
}

// Count notes a failure, and reports whether the source had one left.
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

// Exhausted reports whether the source has no failure left.
func (f *Failures) Exhausted(source netip.Prefix) bool {
	limiter, known := f.left.Get(source)
	return known && limiter.Tokens() < 1
}

// hangUp ends the connection after the answer. Otherwise net/http would read
// what is left of the body first, for as long as a body may take.
func hangUp(w http.ResponseWriter) {
	w.Header().Set("Connection", "close")
	_ = http.NewResponseController(w).SetReadDeadline(time.Now()) // not supported by what is no connection, as in tests
}
