// Package webhook receives babelforce's events over HTTP and hands each to the
// workflow of its call. It answers with success only once Temporal has
// durably accepted the event.
package webhook

import (
	"log/slog"
	"net/http"
	"path"
	"strconv"
	"time"

	"go.temporal.io/sdk/client"
	"golang.org/x/time/rate"

	"github.com/callthread/callthread/babelforce"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/internal/source"
)

const (
	// answerWithin is how soon a webhook is answered: babelforce gives an action ten
	// seconds by default (babelforce API, dispatch of an automation).
	answerWithin = 9 * time.Second
	// temporalTimeout is how long Temporal may take of that, and leastForTemporal what a
	// webhook that waited in the queue has left.
	temporalTimeout  = 5 * time.Second
	leastForTemporal = time.Second
	// defaultConversationWait is how long ?wait=conversation waits.
	defaultConversationWait = 5 * time.Second
	// retryAfter is what a sender is told while Temporal is away, in seconds.
	retryAfter = 5
)

// Config is what a handler needs.
type Config struct {
	Temporal  client.Client
	TaskQueue string
	// Verifier is nil only where anybody may post, which is for trying out alone.
	Verifier *babelforce.Verifier
	// Eager asks Temporal for the call's first workflow task with the start
	// itself. It helps where a worker shares this process and client.
	Eager bool
	// ConversationWait bounds ?wait=conversation; zero means 5 s.
	ConversationWait time.Duration
	// Rate is how many webhooks a second are accepted, with bursts of twice as many; 0 is
	// no limit. What comes faster waits, for as long as its sender does.
	Rate float64
	// Proxies are those before the receiver, which say whom they were asked by.
	Proxies source.Proxies
	// Ready, if set, says what else but an unreachable Temporal keeps events from being accepted.
	Ready func() error
	// Outgoing, if set, says whether calls that agents place are wanted. It is
	// asked for each event, because the automations may change meanwhile.
	Outgoing func() bool
	// Shadow begins calls in shadow: they write nothing to Kustomer, beside the live ones of
	// another receiver.
	Shadow bool
	// Limits is handed to each new call.
	Limits call.Limits
	Log    *slog.Logger
	// Observe, if set, is told how each request was answered.
	Observe func(Answered)
}

// Answered is how one request was answered. It holds nothing about the caller.
type Answered struct {
	Event  string // call-inbound, ..., or "unknown"
	Status int
	// Late says that the call was over already: accepted, and without effect.
	Late bool
	// Ignored says that it is about a call that an agent has placed, and that those are not wanted.
	Ignored bool
	// IgnoredFields are those that could not be read. Names of the sender's own are all [babelforce.OtherField].
	IgnoredFields []string
	Took          time.Duration
}

// Handler serves POST /webhooks/babelforce/{event}, GET /healthz and GET /readyz.
type Handler struct {
	Config
	mux      *http.ServeMux
	queue    queue
	failures *source.Failures
	// strangers limits what anyone can have logged: a line a second, after the first ones.
	strangers *rate.Limiter
	readiness readiness
	runs      runs
}

// New makes a handler.
func New(config Config) *Handler {
	if config.ConversationWait == 0 {
		config.ConversationWait = defaultConversationWait
	}
	if config.Outgoing == nil {
		config.Outgoing = func() bool { return false }
	}
	if config.Ready == nil {
		config.Ready = func() error { return nil }
	}
	if config.Observe == nil {
		config.Observe = func(Answered) {}
	}
	h := &Handler{
		Config: config, mux: http.NewServeMux(), queue: newQueue(config.Rate),
		failures: source.NewFailures(config.Log, "webhook"), strangers: rate.NewLimiter(1, refusalsLogged),
		runs: newRuns(),
	}
	h.mux.HandleFunc(prefix+"{event}", h.receive)
	h.mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { respond(w, http.StatusOK, status{"alive"}) })
	h.mux.HandleFunc("GET /readyz", h.ready)
	h.mux.HandleFunc("/", h.astray)
	return h
}

// ServeHTTP answers one request. The mux would redirect a path that is not written in
// the shortest way, and few senders post again to another address.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if path.Clean(r.URL.Path) != r.URL.Path {
		h.astray(w, r)
		return
	}
	h.mux.ServeHTTP(w, r)
}

// receive takes one event: known, allowed, readable, delivered.
func (h *Handler) receive(w http.ResponseWriter, r *http.Request) {
	name, known := babelforce.ParseEventName(r.PathValue("event"))
	if !known {
		h.astray(w, r)
		return
	}
	d := h.arrived(w, r, name)
	defer h.observe(d)
	event, ok := h.admit(d)
	if !ok {
		return
	}
	translated := event.Report(d.began.UTC())
	d.outcome.IgnoredFields = publicNames(event.Ignored)
	if h.ignores(translated) {
		d.outcome.Ignored = true
		respond(d.w, http.StatusAccepted, h.acceptedOf(translated))
		return
	}
	h.accept(d, translated)
}

// accept hands an event to its call, and answers.
func (h *Handler) accept(d *delivery, event call.Event) {
	accepted, err := h.deliver(d.r.Context(), event, d.until())
	if err != nil {
		h.unavailable(d, event, err)
		return
	}
	d.outcome.Late = accepted.Late
	h.Log.Info("event accepted", "event", d.name, "call", accepted.CallID, "leg", event.Leg.ID, "late", accepted.Late)
	if fields := d.outcome.IgnoredFields; len(fields) > 0 {
		h.Log.Warn("fields of an event cannot be read and were left out", "event", d.name, "call", accepted.CallID, "fields", fields)
	}
	if d.waits() && !h.Shadow { // whose conversation nobody could open
		if state, ok := h.awaitConversation(d.r.Context(), accepted); ok {
			accepted.ConversationID, accepted.ConversationURL = state.ConversationID, state.ConversationURL
			respond(d.w, http.StatusOK, accepted)
			return
		}
	}
	respond(d.w, http.StatusAccepted, accepted)
}

// ignores reports whether an event is about a call that an agent has placed,
// where those are not wanted: no call that enters the call centre is opened, or
// lost. An agent's leg that is rung by a queue is placed by nobody; were it
// announced as if it was (unknown), the caller's call would be taken for one that is.
func (h *Handler) ignores(event call.Event) bool {
	if event.Kind == call.Outbound && event.Leg.IsAgentAttempt() {
		return true
	}
	return event.IsOutgoing() && !h.Outgoing()
}

// unavailable answers an event that Temporal has not accepted: the sender must send
// it again. That helps, or will: either Temporal is away, or its settings or ours are
// wrong (credentials, namespace, search attributes) until an operator corrects them.
// Nothing in an event can be the reason; what Temporal would not take was refused before.
func (h *Handler) unavailable(d *delivery, event call.Event, err error) {
	h.Log.Error("event not accepted: Temporal refused it or cannot be reached", "event", d.name, "call", event.Leg.Key(), "problem", err)
	d.w.Header().Set("Retry-After", strconv.Itoa(retryAfter))
	refuse(d.w, http.StatusServiceUnavailable, "the event was not accepted, because Temporal did not take it; send it again")
}
