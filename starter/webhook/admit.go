package webhook

import (
	"net/http"
	"net/netip"

	"github.com/callthread/callthread/babelforce"
)

// admit authenticates and decodes a webhook. If it is refused, admit has answered it.
func (h *Handler) admit(d *delivery) (event babelforce.Event, ok bool) {
	if d.r.Method != http.MethodPost {
		d.w.Header().Set("Allow", http.MethodPost)
		h.refuse(d, http.StatusMethodNotAllowed, "events are sent with POST")
		return event, false
	}
	body, ok := h.authentic(d)
	if !ok {
		return event, false
	}
	if !h.queue.wait(d.r.Context(), len(body), d.until().Add(-leastForTemporal)) {
		d.w.Header().Set("Retry-After", "1")
		h.refuse(d, http.StatusTooManyRequests, "this receiver gets more webhooks a second than it accepts (--max-rate), and the sender would not wait long enough")
		return event, false
	}
	if body, ok = h.unpacked(d, body); !ok {
		return event, false
	}
	event, err := babelforce.Decode(d.name, d.contentType(), body)
	if err == nil {
		err = attributable(event)
	}
	if err != nil {
		h.Log.Warn(refused, "event", d.name, "problem", err)
		refuseEvent(d.w, err)
		return event, false
	}
	if d.isOfAnotherEvent(event) {
		h.refuseStranger(d, h.Proxies.Of(d.r), babelforce.ErrOtherEvent)
		return event, false
	}
	return event, true
}

// authentic verifies the credentials of the sender and reads the body.
//
// A secret in a header is always verified, and before the body is read: a sender with a valid
// secret is accepted even if its address, perhaps a proxy's, has sent many wrong ones. A signature
// can be verified only with the body, which is not read from a source that fails too often.
func (h *Handler) authentic(d *delivery) (body []byte, ok bool) {
	if h.Verifier == nil {
		return h.read(d)
	}
	from := h.Proxies.Of(d.r)
	if d.signed && h.failures.Exhausted(from) {
		h.refuseSource(d)
		return nil, false
	}
	if d.signed {
		if body, ok = h.read(d); !ok {
			h.failures.Count(from)
			return nil, false
		}
	}
	if err := h.Verifier.Verify(d.name, d.r.Header, body); err != nil {
		h.refuseStranger(d, from, err)
		return nil, false
	}
	if d.signed {
		return body, true
	}
	return h.read(d)
}

// refuseStranger answers 401 to wrong credentials, however many come from the source.
func (h *Handler) refuseStranger(d *delivery, from netip.Prefix, problem error) {
	if !h.failures.Refuse(d.w, from, "event", d.outcome.Event, "status", http.StatusUnauthorized, "problem", problem) {
		h.failures.TurnAway(d.w)
	}
	d.w.Header().Set("WWW-Authenticate", `Bearer realm="callthread"`)
	refuse(d.w, http.StatusUnauthorized, problem.Error()+": send the webhook secret as bearer token, basic password, X-Webhook-Secret header or Standard-Webhooks signature")
}

// refuseSource answers 429 to a signed webhook of a source that fails too often. Its signature was
// not verified and may be valid.
func (h *Handler) refuseSource(d *delivery) {
	h.failures.TurnAway(d.w)
	d.w.Header().Set("Retry-After", "1")
	refuse(d.w, http.StatusTooManyRequests, "too many webhooks with wrong or missing credentials came from this address")
}
