package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"regexp"
	"strings"
	"time"

	"github.com/callthread/callthread/internal/source"
)

const (
	// A header and a body of 64 KiB usually arrive in milliseconds, from slow senders in seconds.
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 10 * time.Second
	// maxHeader is several times the size of the headers that proxies add. net/http allows 4 KiB
	// more.
	maxHeader = 16 << 10
	// shutdownTimeout limits how long requests under way may take after SIGTERM.
	shutdownTimeout = 10 * time.Second
	// writeTimeout limits each answer. ?wait=conversation takes the longest.
	writeTimeout = time.Minute
)

func listenAt(address string) (net.Listener, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen at %s (choose another address with --listen): %w", address, err)
	}
	return listener, nil
}

// serveHTTP serves until the context ends, and then until every request under way is answered.
// Timeouts and connection limits keep slow or numerous senders from blocking others.
func serveHTTP(ctx context.Context, listener net.Listener, handler http.Handler, proxies source.Proxies, log *slog.Logger) error {
	limited := &connections{proxies: proxies, of: make(map[netip.Prefix]int)}
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: readHeaderTimeout, // also limits the TLS handshake
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       15 * time.Second, // idle connections count against the limits
		MaxHeaderBytes:    maxHeader,
		ConnState:         limited.watch,
		ErrorLog:          slog.NewLogLogger(discreet{log.Handler()}, slog.LevelWarn),
	}
	log.Info("listening", "address", listener.Addr().String())
	stopped := make(chan error, 1)
	context.AfterFunc(ctx, func() {
		log.Info("stopping: answering the requests under way", "atMost", shutdownTimeout)
		bounded, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
		defer cancel()
		stopped <- server.Shutdown(bounded)
	})
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-stopped
}

// peer matches the address of the sender in messages of net/http.
var peer = regexp.MustCompile(`(from|serving) (\[[0-9a-f:.%\w]*\]|[0-9.]+):\d+`)

// discreet removes the addresses of senders from messages of net/http. It logs failed TLS
// handshakes, which anyone can cause, at level debug only.
type discreet struct{ slog.Handler }

func (d discreet) Handle(ctx context.Context, record slog.Record) error {
	record.Message = peer.ReplaceAllString(record.Message, "$1 a sender")
	if strings.HasPrefix(record.Message, "http: TLS handshake error") {
		record.Level = slog.LevelDebug
	}
	if !d.Enabled(ctx, record.Level) {
		return nil
	}
	return d.Handler.Handle(ctx, record)
}
