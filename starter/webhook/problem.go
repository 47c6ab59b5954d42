package webhook

import (
	"encoding/json"
	"errors"
	"net/http"

	"github.com/callthread/callthread/babelforce"
)

// problem is an error body in the format of RFC 9457. It contains no value from the request.
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
	// Field is the dotted name of the invalid field, if there is one.
	Field string `json:"field,omitempty"`
}

// refused is the log message for every webhook that is not accepted.
const refused = "webhook refused"

// refusalsLogged is the burst of refusals that are logged.
const refusalsLogged = 20

// refuse answers a webhook that is not accepted. Anyone can cause a refusal, so after a burst at
// most one a second is logged.
func (h *Handler) refuse(d *delivery, status int, detail string) {
	if h.strangers.Allow() {
		h.Log.Warn(refused, "event", d.outcome.Event, "status", status, "problem", detail)
	}
	refuse(d.w, status, detail)
}

func refuse(w http.ResponseWriter, status int, detail string) {
	writeProblem(w, problem{Status: status, Detail: detail})
}

// refuseEvent answers an event whose body is invalid, with the name of the field.
func refuseEvent(w http.ResponseWriter, err error) {
	p := problem{Status: http.StatusBadRequest, Detail: err.Error()}
	if errors.Is(err, babelforce.ErrContentType) {
		p.Status = http.StatusUnsupportedMediaType
	}
	var decode *babelforce.DecodeError
	if errors.As(err, &decode) {
		p.Field = decode.Field
	}
	writeProblem(w, p)
}

func writeProblem(w http.ResponseWriter, p problem) {
	p.Type, p.Title = "about:blank", http.StatusText(p.Status)
	w.Header().Set("Content-Type", "application/problem+json")
	write(w, p.Status, p)
}

func respond(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	write(w, status, body)
}

func write(w http.ResponseWriter, status int, body any) {
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the sender may have disconnected
}
