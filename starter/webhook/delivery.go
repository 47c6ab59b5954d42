package webhook

import (
	"net/http"
	"time"

	"github.com/callthread/callthread/babelforce"
)

// delivery is one webhook request and its answer.
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

// until is the time by which the sender must have an answer.
func (d *delivery) until() time.Time { return d.began.Add(answerWithin) }

// contentType is the Content-Type header, empty for a signed webhook: a signature does not cover
// headers, so the format of a signed body is detected from the body.
func (d *delivery) contentType() string {
	if d.signed {
		return ""
	}
	return d.r.Header.Get("Content-Type")
}

// isOfAnotherEvent reports whether a signed body names a different event than the path. The
// signature does not cover the path, and a receiver detects repetitions only of its own webhooks.
func (d *delivery) isOfAnotherEvent(event babelforce.Event) bool {
	stated, known := babelforce.ParseEventName(event.Extra["event"])
	return d.signed && known && stated != d.name
}

// waits reports whether to wait for the conversation before answering. Signed webhooks never wait: a
// signature does not cover the query, so a copied webhook could request more than the original.
func (d *delivery) waits() bool {
	begins := d.name == babelforce.CallInbound || d.name == babelforce.CallOutbound
	return begins && !d.signed && d.r.URL.Query().Get("wait") == "conversation"
}

// statusRecorder records the status of the answer.
type statusRecorder struct {
	http.ResponseWriter
	status int
}

func (r *statusRecorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

// Unwrap gives [http.ResponseController] access to the connection, which a refusal closes.
func (r *statusRecorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
