package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"strconv"

	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"

	"github.com/callthread/callthread/internal/devserver"
	"github.com/callthread/callthread/testsuite/cluster"
	"github.com/callthread/callthread/workflows"
)

// temporal is a new Temporal server.
type temporal struct {
	address string
	client  client.Client
	pids    []int // of the server and its database
	stop    []func()
}

// startInMemory starts the server that `starter demo` starts.
func startInMemory(ctx context.Context, progress io.Writer) (*temporal, error) {
	server, err := devserver.Start(ctx, devserver.Options{SearchAttributes: workflows.SearchAttributes, Progress: progress})
	if err != nil {
		return nil, err
	}
	t := &temporal{address: server.Address, pids: []int{server.Process().PID()}, stop: []func(){server.Stop}}
	return t, t.connect(ctx)
}

// startOnPostgreSQL starts a server and its database as deploy/temporal sets them up.
func startOnPostgreSQL(ctx context.Context, binaries cluster.Binaries) (*temporal, error) {
	setup, err := sourceOf("deploy/temporal")
	if err != nil {
		return nil, err
	}
	c, err := cluster.Start(ctx, binaries, setup)
	if err != nil {
		return nil, err
	}
	t := &temporal{address: c.Address, pids: []int{c.Temporal.PID(), c.PostgreSQL.PID()}, stop: []func(){c.Stop}}
	return t, t.connect(ctx)
}

func (t *temporal) connect(ctx context.Context) (err error) {
	quiet := sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)) // the log would clutter the table
	if t.client, err = client.DialContext(ctx, client.Options{HostPort: t.address, Logger: quiet}); err != nil {
		return fmt.Errorf("connect to Temporal: %w", err)
	}
	t.stop = append(t.stop, t.client.Close)
	return nil
}

func (t *temporal) Stop() {
	for i := len(t.stop) - 1; i >= 0; i-- {
		t.stop[i]()
	}
}

// freePort returns a free port below the ephemeral ports.
func freePort() (int, error) {
	for port := 21_000 + os.Getpid()%5_000; port < 32_000; port++ {
		if taken[port] {
			continue
		}
		if listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port))); err == nil {
			taken[port] = true // the program that will listen on it may not have started
			return port, listener.Close()
		}
	}
	return 0, fmt.Errorf("no port is free on this machine")
}

var taken = make(map[int]bool)
