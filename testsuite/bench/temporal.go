package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"

	"go.temporal.io/sdk/client"

	"github.com/callthread/callthread/internal/devserver"
	"github.com/callthread/callthread/workflows"
)

// temporal is a fresh Temporal server.
type temporal struct {
	address string
	client  client.Client
	pids    []int // of the server, and of its database
	stop    []func()
}

// startInMemory starts the server that `starter demo` starts.
func startInMemory(ctx context.Context, progress io.Writer) (*temporal, error) {
	server, err := devserver.Start(ctx, devserver.Options{SearchAttributes: workflows.SearchAttributes, Progress: progress})
	if err != nil {
		return nil, err
	}
	t := &temporal{address: server.Address, stop: []func(){server.Stop}}
	_, port, _ := net.SplitHostPort(server.Address)
	if pid := childWith(port); pid != 0 {
		t.pids = []int{pid}
	}
	return t, t.connect(ctx)
}

func (t *temporal) connect(ctx context.Context) (err error) {
	if t.client, err = client.DialContext(ctx, client.Options{HostPort: t.address, Logger: silent{}}); err != nil {
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

// silent keeps the SDK's log out of the table.
type silent struct{}

func (silent) Debug(string, ...any) {}
func (silent) Info(string, ...any)  {}
func (silent) Warn(string, ...any)  {}
func (silent) Error(string, ...any) {}

// freePort finds a port, below those that systems hand out to whoever asks.
func freePort() (int, error) {
	for port := 21_000 + os.Getpid()%5_000; port < 32_000; port++ {
		if taken[port] {
			continue
		}
		if listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port))); err == nil {
			taken[port] = true // by us: who is to listen there may not do so yet
			return port, listener.Close()
		}
	}
	return 0, fmt.Errorf("no port is free on this machine")
}

var taken = make(map[int]bool)
