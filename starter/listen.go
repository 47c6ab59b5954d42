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
	// A header, and a body of 64 KiB, come in milliseconds; from the slowest in seconds.
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 10 * time.Second
	// maxHeader is several times what proxies add; net/http allows 4 KiB more.
	maxHeader = 16 << 10
	// shutdownTimeout is how long requests under way may take to be answered once told to stop.
	shutdownTimeout = 10 * time.Second
	// writeTimeout bounds every answer, of which ?wait=conversation is the longest.
	writeTimeout = time.Minute
)

func listenAt(address string) (net.Listener, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen at %s (choose another address with --listen): %w", address, err)
	}
	return listener, nil
}

// serveHTTP serves until the context ends, and then until every request under
// way is answered. Each step of a request has its time, and each connection its
// share, so that who is slow, or many, takes little from others.
func serveHTTP(ctx context.Context, listener net.Listener, handler http.Handler, proxies source.Proxies, log *slog.Logger) error {
	limited := &connections{proxies: proxies, of: make(map[netip.Prefix]int)}
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: readHeaderTimeout, // TLS must be agreed on as soon
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       15 * time.Second, // whoever keeps connections without a word keeps others out
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

// peer is how net/http names the sender in what it logs.
var peer = regexp.MustCompile(`(from|serving) (\[[0-9a-f:.%\w]*\]|[0-9.]+):\d+`)

// discreet keeps the addresses of senders out of what net/http logs, and what
// anybody can make it log, by not speaking TLS, out of all but the most detailed log.
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
