package webhook

import (
	"context"
	"net/http"
	"sync"
	"time"

	"go.temporal.io/sdk/client"
)

// readyFor is how long it is not asked again whether Temporal can be reached:
// anybody may ask for readiness, and must not make Temporal busy with it.
const readyFor = time.Second

type status struct {
	Status string `json:"status"`
}

// readiness is what Temporal has last answered.
type readiness struct {
	sync.Mutex
	asked   time.Time
	problem error
}

// ready says whether events can be accepted.
func (h *Handler) ready(w http.ResponseWriter, r *http.Request) {
	if err := h.askTemporal(r.Context()); err != nil {
		refuse(w, http.StatusServiceUnavailable, "Temporal cannot be reached")
		return
	}
	if err := h.Ready(); err != nil {
		refuse(w, http.StatusServiceUnavailable, err.Error())
		return
	}
	respond(w, http.StatusOK, status{"ready"})
}

// askTemporal asks once for all who want to know at the same time.
func (h *Handler) askTemporal(ctx context.Context) error {
	known := &h.readiness
	known.Lock()
	defer known.Unlock()
	if time.Since(known.asked) < readyFor {
		return known.problem
	}
	// Whoever asks first may leave; the others still want to know.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), temporalTimeout)
	defer cancel()
	_, known.problem = h.Temporal.CheckHealth(ctx, &client.CheckHealthRequest{})
	if known.asked = time.Now(); known.problem != nil {
		h.Log.Warn("not ready: Temporal cannot be reached", "problem", known.problem)
	}
	return known.problem
}
