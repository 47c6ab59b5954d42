package webhook

import (
	"context"
	"net/http"
	"sync"
	"time"

	"go.temporal.io/sdk/client"
)

// readyFor is how long an answer of Temporal is reused. Anyone can request /readyz, which must not
// load Temporal.
const readyFor = time.Second

// healthTimeout limits the health check.
const healthTimeout = 5 * time.Second

type status struct {
	Status string `json:"status"`
}

// readiness is the last answer of Temporal to a health check.
type readiness struct {
	sync.Mutex
	asked   time.Time
	problem error
}

// ready answers /readyz: 200 if events can be accepted, otherwise 503 with the reason.
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

// askTemporal checks the health of Temporal, once for concurrent requests.
func (h *Handler) askTemporal(ctx context.Context) error {
	known := &h.readiness
	known.Lock()
	defer known.Unlock()
	if time.Since(known.asked) < readyFor {
		return known.problem
	}
	// The check goes on if the first requester disconnects, because others wait for it.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), healthTimeout)
	defer cancel()
	_, known.problem = h.Temporal.CheckHealth(ctx, &client.CheckHealthRequest{})
	if known.asked = time.Now(); known.problem != nil {
		h.Log.Warn("not ready: Temporal cannot be reached", "problem", known.problem)
	}
	return known.problem
}
