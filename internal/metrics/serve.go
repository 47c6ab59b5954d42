package metrics

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// readyTimeout bounds one readiness check.
const readyTimeout = 5 * time.Second

// Serve serves /metrics at the address until the context ends. An empty address serves
// nothing. If ready is not nil, /healthz reports that the program runs, and /readyz reports
// whether ready returns no error.
func (m *Metrics) Serve(ctx context.Context, address string, ready func(context.Context) error, log *slog.Logger) error {
	if address == "" {
		return nil
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("serve metrics at %s (choose another with --metrics-listen): %w", address, err)
	}
	log.Info("serving metrics", "address", listener.Addr().String())
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(prometheus.GathererFunc(m.gather), promhttp.HandlerOpts{}))
	if ready != nil {
		mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { answer(w, "alive", nil) })
		mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
			ctx, cancel := context.WithTimeout(r.Context(), readyTimeout)
			defer cancel()
			answer(w, "ready", ready(ctx))
		})
	}
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			log.Error("metrics are no longer served", "problem", err)
		}
	}()
	return nil
}

// answer writes the state or the problem as plain text.
func answer(w http.ResponseWriter, what string, problem error) {
	if problem != nil {
		http.Error(w, "not "+what+": "+problem.Error(), http.StatusServiceUnavailable)
		return
	}
	_, _ = fmt.Fprintln(w, what)
}
