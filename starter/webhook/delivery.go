package webhook

import (
	"net/http"
	"time"

	"github.com/callthread/callthread/babelforce"
)

// delivery is one webhook on its way.
type delivery struct {
	w       *statusRecorder
	r       *http.Request
	name    babelforce.EventName // empty if the path names none
	began   time.Time
	signed  bool
	outcome Answered
}

func (h *Handler) arrived(w http.ResponseWriter, r *http.Request, name babelforce.EventName) *delivery {
	d := &delivery{w: &statusRecorder{ResponseWriter: w}, r: r, name: name, began: time.Now()}
	d.signed = h.Verifier != nil && babelforce.IsSigned(r.Header)
	if d.outcome.Event = string(name); name == "" {
		d.outcome.Event = "unknown"
	}
	return d
}

// observe reports how a webhook was answered.
func (h *Handler) observe(d *delivery) {
	d.outcome.Status, d.outcome.Took = d.w.status, time.Since(d.began)
	h.Observe(d.outcome)
}

// until is when its sender must have an answer.
func (d *delivery) until() time.Time { return d.began.Add(answerWithin) }

// contentType says how the body is read. A signature does not cover headers, so
// what is signed says that by itself.
func (d *delivery) contentType() string {
	if d.signed {
		return ""
	}
	return d.r.Header.Get("Content-Type")
}

// isOfAnotherEvent reports whether a signed body states another event than the path, which is
// not signed. Receivers only remember what they have received themselves.
func (d *delivery) isOfAnotherEvent(event babelforce.Event) bool {
	stated, known := babelforce.ParseEventName(event.Extra["event"])
	return d.signed && known && stated != d.name
}

// waits reports whether the answer is to contain the conversation. A signature does
// not cover the query: with a copied webhook, one could ask for more than its sender did.
func (d *delivery) waits() bool {
	begins := d.name == babelforce.CallInbound || d.name == babelforce.CallOutbound
	return begins && !d.signed && d.r.URL.Query().Get("wait") == "conversation"
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

// Unwrap lets the connection be ended after a refusal.
func (r *statusRecorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
