// Package webhook receives babelforce's events over HTTP and signals each to the workflow of its
// call.
//
// It answers 2xx only after Temporal has durably accepted the event, and within 9 seconds. Before
// that it authenticates the sender, limits the rate, and decodes the event. An event that it answers
// with 429 or 503 can be sent again; other errors are permanent.
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
	// answerWithin limits the time until the answer. babelforce's default timeout for an action is
	// ten seconds (babelforce API, dispatch of an automation).
	answerWithin = 9 * time.Second
	// leastForTemporal is what remains of answerWithin for Temporal after a wait in the queue.
	leastForTemporal = time.Second
	// defaultConversationWait is the default of [Config].ConversationWait.
	defaultConversationWait = 5 * time.Second
	// retryAfter is the Retry-After header while Temporal is unavailable, in seconds.
	retryAfter = 5
)

// Config contains the settings of a [Handler].
type Config struct {
	Temporal  client.Client
	TaskQueue string
	// Verifier authenticates senders. If it is nil, anyone can post, which is for tests only.
	Verifier *babelforce.Verifier
	// Eager requests eager workflow start: the answer to the start contains the first workflow
	// task. It needs a worker that shares this process and client.
	Eager bool
	// ConversationWait limits the wait of ?wait=conversation; zero means 5 s.
	ConversationWait time.Duration
	// Rate is the limit in webhooks a second, with bursts of twice as many; 0 is no limit.
	// Webhooks above it wait until shortly before their senders time out.
	Rate float64
	// Proxies are the trusted proxies before the receiver, whose X-Forwarded-For names the sender.
	Proxies source.Proxies
	// Ready, if set, returns why events cannot be accepted although Temporal can be reached.
	Ready func() error
	// Outgoing, if set, reports whether outbound calls of agents are handled; the default is false.
	// It is called for each event, because the automations may be reloaded.
	Outgoing func() bool
	// Shadow starts calls in shadow, which write nothing to Kustomer. Another receiver may handle
	// the same calls live.
	Shadow bool
	// Limits are the time limits of new calls.
	Limits call.Limits
	Log    *slog.Logger
	// Observe, if set, is called with the outcome of each webhook.
	Observe func(Answered)
}

// Answered is the outcome of one webhook. It contains no personal data.
type Answered struct {
	Event  string // call-inbound, ..., or "unknown"
	Status int    // HTTP status of the answer
	// Late reports whether the workflow of the call had ended. The event was accepted without
	// effect.
	Late bool
	// Ignored reports whether the event belongs to an outbound call that no automation handles.
	Ignored bool
	// IgnoredFields are the fields that could not be read. Names that babelforce does not document
	// are replaced by [babelforce.OtherField].
	IgnoredFields []string
	Took          time.Duration // from the request to the answer
}

// Handler serves POST /webhooks/babelforce/{event}, GET /healthz and GET /readyz. It is safe for
// concurrent use.
type Handler struct {
	Config
	mux      *http.ServeMux
	queue    queue
	failures *source.Failures
	// strangers limits the log lines that unauthenticated requests cause.
	strangers *rate.Limiter
	readiness readiness
	runs      runs
}

// New returns a handler.
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

// ServeHTTP answers one request. It answers 404 to a path that is not clean, which the mux would
// redirect: few senders repeat a POST at another address.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if path.Clean(r.URL.Path) != r.URL.Path {
		h.astray(w, r)
		return
	}
	h.mux.ServeHTTP(w, r)
}

// receive answers a request to the path of an event.
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

// accept delivers an event and answers it.
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
	if d.waits() && !h.Shadow { // a call in shadow has no conversation
		if state, ok := h.awaitConversation(d.r.Context(), accepted); ok {
			accepted.ConversationID, accepted.ConversationURL = state.ConversationID, state.ConversationURL
			respond(d.w, http.StatusOK, accepted)
			return
		}
	}
	respond(d.w, http.StatusAccepted, accepted)
}

// ignores reports whether an event belongs to an outbound call that no automation handles.
//
// It also ignores call-outbound for an agent's leg that a queue rings. Whether babelforce sends that
// is unknown; it would turn the caller's inbound call into an outbound one.
func (h *Handler) ignores(event call.Event) bool {
	if event.Kind == call.Outbound && event.Leg.IsAgentAttempt() {
		return true
	}
	return event.IsOutgoing() && !h.Outgoing()
}

// unavailable answers 503 to an event that Temporal has not accepted, so that the sender sends it
// again. The reason is never the event itself, because invalid events are refused before. Either
// Temporal is unavailable, or a setting is wrong (credentials, namespace, search attributes) until
// an operator corrects it.
func (h *Handler) unavailable(d *delivery, event call.Event, err error) {
	h.Log.Error("event not accepted: Temporal refused it or cannot be reached", "event", d.name, "call", event.Leg.Key(), "problem", err)
	d.w.Header().Set("Retry-After", strconv.Itoa(retryAfter))
	refuse(d.w, http.StatusServiceUnavailable, "the event was not accepted, because Temporal did not accept it; send it again")
}
