package sandbox

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// FaultKind is the effect of a fault.
type FaultKind string

// The kinds of faults. After those that do the work, the client cannot know that it was done.
const (
	FaultLatency       FaultKind = "latency"         // wait, then do the work and answer
	FaultStatus        FaultKind = "status"          // answer Fault.Status without doing the work
	FaultHTML          FaultKind = "html"            // answer 200 with an HTML page, as a proxy might
	FaultTimeout       FaultKind = "timeout"         // hold the request until the client leaves, without doing the work
	FaultReset         FaultKind = "reset"           // cut the connection without doing the work
	FaultLoseAnswer    FaultKind = "lose-answer"     // do the work, then cut the connection
	FaultHoldAnswer    FaultKind = "hold-answer"     // do the work, then answer nothing until the client leaves
	FaultLoseAnswer5xx FaultKind = "lose-answer-5xx" // do the work, then answer Fault.Status, 503 if that is 0
	FaultTruncate      FaultKind = "truncate"        // do the work, then send half of the answer's body
	FaultUnauthorized  FaultKind = "unauthorized"    // answer 401 without doing the work
	FaultCommitLate    FaultKind = "commit-late"     // cut the connection at once, do the work Fault.Latency later
)

var faultKinds = []FaultKind{FaultLatency, FaultStatus, FaultHTML, FaultTimeout, FaultReset,
	FaultLoseAnswer, FaultHoldAnswer, FaultLoseAnswer5xx, FaultTruncate, FaultUnauthorized, FaultCommitLate}

// Fault disturbs requests that have passed the checks of credentials and budget. If
// several faults match, only the one that was injected first applies; the others do not
// count the request.
type Fault struct {
	Method, Route string // "": any; Route is a template such as "/v1/conversations/{id}/notes"
	ExternalID    string // "": any; otherwise only requests with this externalId in the body
	Kind          FaultKind
	Status        int           // for status (required) and lose-answer-5xx: 400 to 599
	Latency       time.Duration // delay before any kind but commit-late; required for latency and commit-late
	Probability   float64       // of applying to a matching request; 0 means 1
	Times         int           // how many requests it applies to; 0: no limit
	Skip          int           // how many matching requests pass first
	Says          string        // for status: the text of Kustomer's answer; "": the status text
	RetryAfter    string        // for status: the answer's Retry-After header, verbatim; "": none
}

// fault is an injected Fault with its counters.
type fault struct {
	Fault
	id      string
	skipped int
	struck  int
}

// Inject adds a fault and returns its id. It panics if the fault is invalid, for example
// of an unknown kind or route: that is a mistake of the calling code.
func (s *Server) Inject(f Fault) (id string) {
	if err := s.checkFault(f); err != nil {
		panic("sandbox: " + err.Error())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faultCount++
	id = "fault-" + strconv.Itoa(s.faultCount)
	s.faults = append(s.faults, &fault{Fault: f, id: id})
	return id
}

// ClearFaults removes all faults. Requests that a fault holds stay held.
func (s *Server) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

func (s *Server) clearFault(id string) (found bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := len(s.faults)
	s.faults = slices.DeleteFunc(s.faults, func(f *fault) bool { return f.id == id })
	return len(s.faults) < before
}

func (s *Server) checkFault(f Fault) error {
	onRoute := func(rt route) bool {
		return (f.Route == "" || f.Route == rt.template) && (f.Method == "" || f.Method == rt.method)
	}
	badStatus := f.Status < 400 || f.Status > 599
	switch {
	case !slices.Contains(faultKinds, f.Kind):
		return fmt.Errorf("kind %q is not one of %v", f.Kind, faultKinds)
	case !slices.ContainsFunc(s.routes, onRoute):
		return fmt.Errorf("there is no operation %q", strings.TrimSpace(f.Method+" "+f.Route))
	case f.Kind != FaultStatus && (f.Says != "" || f.RetryAfter != ""):
		return fmt.Errorf("kind %s accepts neither says nor retryAfter", f.Kind)
	case f.Kind == FaultStatus && badStatus:
		return fmt.Errorf("status %d is not between 400 and 599", f.Status)
	case f.Kind == FaultLoseAnswer5xx && f.Status != 0 && (badStatus || f.Status < 500):
		return fmt.Errorf("status %d is not between 500 and 599", f.Status)
	case (f.Kind == FaultLatency || f.Kind == FaultCommitLate) && f.Latency == 0:
		return fmt.Errorf("kind %s requires a latency", f.Kind)
	case f.Latency < 0 || f.Times < 0 || f.Skip < 0:
		return errors.New("latency, times and skip cannot be negative")
	case !(f.Probability >= 0 && f.Probability <= 1):
		return fmt.Errorf("probability %v is not between 0 and 1", f.Probability)
	}
	return nil
}

// dueFault returns the fault that applies to this request and counts it. The caller holds the lock.
func (s *Server) dueFault(t target, body []byte) *Fault {
	for _, f := range s.faults {
		switch {
		case f.spent() || !f.matches(t) || !f.matchesBody(body):
			continue
		case f.skipped < f.Skip:
			f.skipped++
			continue
		case f.Probability > 0 && s.random.Float64() >= f.Probability:
			continue
		}
		f.struck++
		s.disturbed[f.name()]++
		return &f.Fault
	}
	return nil
}

// name is the key of State.Disturbed.
func (f Fault) name() string {
	if f.Kind == FaultStatus {
		return fmt.Sprintf("%s %d", f.Kind, f.Status)
	}
	return string(f.Kind)
}

func (f *fault) spent() bool {
	return f.Times > 0 && f.struck >= f.Times
}

func (f *fault) matches(t target) bool {
	if t.route == nil {
		return f.Method == "" && f.Route == ""
	}
	return (f.Method == "" || f.Method == t.route.method) && (f.Route == "" || f.Route == t.route.template)
}

// matchesBody reports whether the request's body has the fault's external id.
func (f *fault) matchesBody(body []byte) bool {
	var sent struct {
		ExternalID string `json:"externalId"`
	}
	return f.ExternalID == "" || json.Unmarshal(body, &sent) == nil && sent.ExternalID == f.ExternalID
}

// strike answers a request as the fault requires. Work is done even if the client leaves
// in the meantime, as by a slow vendor.
func (s *Server) strike(f Fault, w http.ResponseWriter, r *http.Request, work func() answer) {
	if f.Latency > 0 && f.Kind != FaultCommitLate {
		select {
		case <-time.After(f.Latency):
		case <-r.Context().Done():
		}
	}
	switch f.Kind {
	case FaultLatency:
		work().write(w)
	case FaultStatus:
		s.faultStatus(f).write(w)
	case FaultHTML:
		writeHTML(w)
	case FaultTimeout:
		<-r.Context().Done()
		cut()
	case FaultReset:
		cut()
	case FaultLoseAnswer:
		work()
		cut()
	case FaultHoldAnswer:
		work()
		<-r.Context().Done()
		cut()
	case FaultLoseAnswer5xx:
		work()
		s.faultStatus(Fault{Status: cmp.Or(f.Status, http.StatusServiceUnavailable)}).write(w)
	case FaultTruncate:
		writeHalf(w, work())
	case FaultUnauthorized:
		unauthorized().write(w)
	case FaultCommitLate:
		// cut ends the request and its goroutine, so a timer does the work.
		time.AfterFunc(f.Latency, func() { work() })
		cut()
	}
}

// cut ends the connection without an answer. It does not return.
func cut() {
	panic(http.ErrAbortHandler)
}

func (s *Server) faultStatus(f Fault) answer {
	text := http.StatusText(f.Status)
	refused := failure(f.Status, strings.ReplaceAll(strings.ToLower(text), " ", "_"), cmp.Or(f.Says, text+"."), "")
	if f.Status == http.StatusTooManyRequests {
		refused = rateLimited(s.now())
	}
	if f.RetryAfter != "" {
		refused.setHeader("Retry-After", f.RetryAfter)
	}
	return refused
}

// writeHTML omits the API's headers, because such a page does not come from the API.
func writeHTML(w http.ResponseWriter) {
	w.Header().Del("X-Ratelimit-Limit")
	w.Header().Del("X-Ratelimit-Remaining")
	w.Header().Set("Content-Type", "text/html")
	_, _ = w.Write([]byte("<!DOCTYPE html><html><body><h1>We will be right back</h1></body></html>\n"))
}

// writeHalf announces the whole body, writes half of it and cuts the connection.
func writeHalf(w http.ResponseWriter, a answer) {
	w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
	answer{status: a.status, header: a.header, body: a.body[:len(a.body)/2]}.write(w)
	_ = http.NewResponseController(w).Flush() // otherwise no byte would be sent
	cut()
}
