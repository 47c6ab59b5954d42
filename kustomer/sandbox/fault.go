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

// FaultKind says what goes wrong.
type FaultKind string

// The faults. Those that do the work leave the client not knowing whether it was done.
const (
	FaultLatency       FaultKind = "latency"         // wait, then do the work and answer
	FaultStatus        FaultKind = "status"          // answer Fault.Status without doing the work
	FaultHTML          FaultKind = "html"            // answer 200 with an HTML page, as a proxy in front might
	FaultTimeout       FaultKind = "timeout"         // hold the request until the client leaves, without doing the work
	FaultReset         FaultKind = "reset"           // cut the connection without doing the work
	FaultLoseAnswer    FaultKind = "lose-answer"     // do the work, then cut the connection
	FaultHoldAnswer    FaultKind = "hold-answer"     // do the work, then hold the answer until the client leaves
	FaultLoseAnswer5xx FaultKind = "lose-answer-5xx" // do the work, then answer Fault.Status, 503 if that is 0
	FaultTruncate      FaultKind = "truncate"        // do the work, then send half of the answer's body
	FaultUnauthorized  FaultKind = "unauthorized"    // answer 401 without doing the work
	FaultCommitLate    FaultKind = "commit-late"     // cut the connection at once, do the work Fault.Latency later
)

var faultKinds = []FaultKind{FaultLatency, FaultStatus, FaultHTML, FaultTimeout, FaultReset,
	FaultLoseAnswer, FaultHoldAnswer, FaultLoseAnswer5xx, FaultTruncate, FaultUnauthorized, FaultCommitLate}

// Fault is something that goes wrong with some requests. It meets only requests that have
// passed the credentials and the budget. Of several faults that are due, the one that was
// injected first strikes, and the others do not see the request.
type Fault struct {
	Method, Route string // "": any; Route is a template such as "/v1/conversations/{id}/notes"
	ExternalID    string // "": any; else only requests whose body has this externalId
	Kind          FaultKind
	Status        int           // for status (required) and lose-answer-5xx: 400 to 599
	Latency       time.Duration // waited before any kind but commit-late; required for that and for latency
	Probability   float64       // that a matching request is struck; 0 means 1
	Times         int           // how often it strikes, 0: until cleared
	Skip          int           // let this many matching requests pass first
	Says          string        // with status, the words of Kustomer's answer; "" means the status's own
	RetryAfter    string        // with status, the answer's Retry-After header as it is; "" means none
}

// fault is an injected Fault and what has become of it.
type fault struct {
	Fault
	id      string
	skipped int
	struck  int
}

// Inject adds a fault and returns its id. It panics if the fault cannot be, such as one
// of an unknown kind or route: the mistake is in the calling code.
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

// ClearFaults ends all faults. Requests that one is holding stay held.
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
		return fmt.Errorf("no operation is %q", strings.TrimSpace(f.Method+" "+f.Route))
	case f.Kind != FaultStatus && (f.Says != "" || f.RetryAfter != ""):
		return fmt.Errorf("the kind %s has no words and no Retry-After of its own", f.Kind)
	case f.Kind == FaultStatus && badStatus:
		return fmt.Errorf("status %d is not between 400 and 599", f.Status)
	case f.Kind == FaultLoseAnswer5xx && f.Status != 0 && (badStatus || f.Status < 500):
		return fmt.Errorf("status %d is not between 500 and 599", f.Status)
	case (f.Kind == FaultLatency || f.Kind == FaultCommitLate) && f.Latency == 0:
		return fmt.Errorf("latency must be given for the kind %s", f.Kind)
	case f.Latency < 0 || f.Times < 0 || f.Skip < 0:
		return errors.New("latency, times and skip cannot be negative")
	case !(f.Probability >= 0 && f.Probability <= 1):
		return fmt.Errorf("probability %v is not between 0 and 1", f.Probability)
	}
	return nil
}

// dueFault picks the fault that strikes this request, and counts. The caller holds the lock.
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

// matchesBody reports whether a request's body has the external id that the fault is for.
func (f *fault) matchesBody(body []byte) bool {
	var sent struct {
		ExternalID string `json:"externalId"`
	}
	return f.ExternalID == "" || json.Unmarshal(body, &sent) == nil && sent.ExternalID == f.ExternalID
}

// strike answers a request in the fault's way. The work, where it is done at all, is done
// even if the client leaves meanwhile: so does a vendor that is merely slow.
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
		// A timer of its own, since cut ends the request and with it its goroutine.
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

// writeHTML lacks the API's headers, because such a page does not come from the API.
func writeHTML(w http.ResponseWriter) {
	w.Header().Del("X-Ratelimit-Limit")
	w.Header().Del("X-Ratelimit-Remaining")
	w.Header().Set("Content-Type", "text/html")
	_, _ = w.Write([]byte("<!DOCTYPE html><html><body><h1>We will be right back</h1></body></html>\n"))
}

// writeHalf promises the whole body and breaks off in the middle.
func writeHalf(w http.ResponseWriter, a answer) {
	w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
	answer{status: a.status, header: a.header, body: a.body[:len(a.body)/2]}.write(w)
	_ = http.NewResponseController(w).Flush() // else nothing at all would be sent
	cut()
}
