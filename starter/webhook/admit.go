package webhook

import (
	"errors"
	"io"
	"net/http"
	"net/netip"

	"github.com/callthread/callthread/babelforce"
)

// maxBody is far above any call's fields and far below what could hurt.
const maxBody = 64 << 10

// admit refuses what is not an authentic, readable event of a call.
func (h *Handler) admit(w http.ResponseWriter, r *http.Request, name babelforce.EventName, known bool) (event babelforce.Event, ok bool) {
	if !known {
		refuse(w, http.StatusNotFound, "unknown event: the path must end in call-inbound, call-outbound, call-bridged, call-finished or recording-finished")
		return event, false
	}
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		refuse(w, http.StatusMethodNotAllowed, "events are sent with POST")
		return event, false
	}
	body, ok := h.authentic(w, r, name)
	if !ok {
		return event, false
	}
	if !h.limiter.Allow() {
		w.Header().Set("Retry-After", "1")
		refuse(w, http.StatusTooManyRequests, "more webhooks a second than this receiver accepts")
		return event, false
	}
	event, err := babelforce.Decode(name, r.Header.Get("Content-Type"), body)
	if err == nil {
		err = attributable(event)
	}
	if err != nil {
		h.Log.Warn("webhook refused", "event", name, "problem", err)
		refuseEvent(w, err)
		return event, false
	}
	return event, true
}

// authentic reads the body of whoever knows a secret. A secret in the header is
// judged first, and always: who has the right one is heard however many wrong
// ones come from the same address, which may be a proxy's. A signature needs the
// body, which a source that fails too often is not read.
func (h *Handler) authentic(w http.ResponseWriter, r *http.Request, name babelforce.EventName) (body []byte, ok bool) {
	if h.Verifier == nil {
		return h.read(w, r)
	}
	signed := babelforce.IsSigned(r.Header)
	from := h.Proxies.Of(r)
	if signed && h.failures.Exhausted(from) {
		h.refuseSource(w)
		return nil, false
	}
	if signed {
		if body, ok = h.read(w, r); !ok {
			h.failures.Count(from)
			return nil, false
		}
	}
	if err := h.Verifier.Verify(name, r.Header, body); err != nil {
		h.refuseStranger(w, from, name, err)
		return nil, false
	}
	if signed {
		return body, true
	}
	return h.read(w, r)
}

// refuseStranger says what is wrong with the credentials, to a source that does not fail too often.
func (h *Handler) refuseStranger(w http.ResponseWriter, from netip.Prefix, name babelforce.EventName, problem error) {
	if !h.failures.Refuse(w, from, "event", name, "problem", problem) {
		h.refuseSource(w)
		return
	}
	w.Header().Set("WWW-Authenticate", `Bearer realm="callthread"`)
	refuse(w, http.StatusUnauthorized, problem.Error()+": send the webhook secret as bearer token, basic password, X-Webhook-Secret header or Standard-Webhooks signature")
}

// refuseSource turns away a source that fails too often.
func (h *Handler) refuseSource(w http.ResponseWriter) {
	h.failures.TurnAway(w)
	refuse(w, http.StatusTooManyRequests, "too many webhooks with wrong credentials, or none, from where this one comes from")
}

func (h *Handler) read(w http.ResponseWriter, r *http.Request) (body []byte, ok bool) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		refuse(w, http.StatusRequestEntityTooLarge, "the body is larger than 64 KiB")
	case err != nil:
		refuse(w, http.StatusBadRequest, "the body could not be read to its end")
	}
	return body, err == nil
}
