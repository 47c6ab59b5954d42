// Package webhook receives babelforce's events over HTTP and hands each to the
// workflow of its call. It answers with success only once Temporal has
// durably accepted the event.
package webhook

import (
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"go.temporal.io/sdk/client"
	"golang.org/x/time/rate"

	"github.com/callthread/callthread/babelforce"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/internal/source"
	"github.com/callthread/callthread/workflows"
)

const (
	// babelforce gives an action ten seconds by default (babelforce API,
	// dispatch of an automation); a refusal must reach it within them.
	temporalTimeout = 5 * time.Second
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
	// Rate is how many webhooks a second are accepted, with bursts of twice as many; 0 is no limit.
	Rate float64
	// Proxies are those before the receiver, which say whom they were asked by.
	Proxies source.Proxies
	// Ready, if set, says what else but an unreachable Temporal keeps events from being accepted.
	Ready func() error
	// Outgoing, if set, says whether calls that agents place are wanted. It is
	// asked for each event, because the automations may change meanwhile.
	Outgoing func() bool
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
	Took    time.Duration
}

// Handler serves POST /webhooks/babelforce/{event}, GET /healthz and GET /readyz.
type Handler struct {
	Config
	mux       *http.ServeMux
	limiter   *rate.Limiter
	failures  *source.Failures
	readiness readiness
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
		Config: config, mux: http.NewServeMux(), limiter: rate.NewLimiter(rate.Inf, 0),
		failures: source.NewFailures(config.Log, "webhook"),
	}
	if config.Rate > 0 {
		h.limiter = rate.NewLimiter(rate.Limit(config.Rate), int(2*config.Rate)+1)
	}
	h.mux.HandleFunc("/webhooks/babelforce/{event}", h.receive)
	h.mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { respond(w, http.StatusOK, status{"alive"}) })
	h.mux.HandleFunc("GET /readyz", h.ready)
	h.mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		refuse(w, http.StatusNotFound, "there is nothing at this path: post events to /webhooks/babelforce/call-inbound, /call-outbound, /call-bridged, /call-finished or /recording-finished")
	})
	return h
}

func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) { h.mux.ServeHTTP(w, r) }

// receive takes one event: known, allowed, readable, delivered.
func (h *Handler) receive(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	name, known := babelforce.ParseEventName(r.PathValue("event"))
	outcome := Answered{Event: "unknown"}
	if known {
		outcome.Event = string(name)
	}
	recorder := &statusRecorder{ResponseWriter: w}
	defer func() {
		outcome.Status, outcome.Took = recorder.status, time.Since(began)
		h.Observe(outcome)
	}()

	event, ok := h.admit(recorder, r, name, known)
	if !ok {
		return
	}
	translated := Translate(event, began.UTC())
	if h.ignores(translated) {
		outcome.Ignored = true
		respond(recorder, http.StatusAccepted, accepted{CallID: event.Call.Key(), WorkflowID: workflows.WorkflowID(event.Call.Key())})
		return
	}
	accepted, err := h.deliver(r.Context(), translated)
	if err != nil {
		h.unavailable(recorder, event, err)
		return
	}
	outcome.Late = accepted.Late
	h.Log.Info("event accepted", "event", name, "call", event.Call.Key(), "leg", event.Call.ID, "late", accepted.Late)
	if r.URL.Query().Get("wait") == "conversation" && begins(name) {
		if state, ok := h.awaitConversation(r.Context(), accepted); ok {
			accepted.ConversationID, accepted.ConversationURL = state.ConversationID, state.ConversationURL
			respond(recorder, http.StatusOK, accepted)
			return
		}
	}
	respond(recorder, http.StatusAccepted, accepted)
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

// begins reports whether an event is the one with which calls begin.
func begins(name babelforce.EventName) bool {
	return name == babelforce.CallInbound || name == babelforce.CallOutbound
}

// unavailable answers an event that Temporal has not accepted: the sender must send it again.
func (h *Handler) unavailable(w http.ResponseWriter, event babelforce.Event, err error) {
	h.Log.Error("event not accepted: Temporal refused it or cannot be reached", "event", event.Name, "call", event.Call.Key(), "problem", err)
	w.Header().Set("Retry-After", strconv.Itoa(retryAfter))
	refuse(w, http.StatusServiceUnavailable, "the event was not accepted, because Temporal did not take it; send it again")
}

// statusRecorder remembers the status that was answered.
type statusRecorder struct {
	http.ResponseWriter
	status int
}

func (r *statusRecorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

// Unwrap lets handlers reach the connection, to hang up on strangers.
func (r *statusRecorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
