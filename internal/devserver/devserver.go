// Package devserver runs a real Temporal server on this machine, for the demo
// and for tests: the official CLI's `temporal server start-dev`, as a child
// process that never outlives its parent.
package devserver

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os/exec"
	"strconv"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/callthread/callthread/internal/child"
)

// Options say what server to start.
type Options struct {
	// UIPort is the Web UI's port; 0 runs without the Web UI.
	UIPort int
	// UICodec is the address of a codec server that the Web UI shows payloads with; empty shows them as they are stored.
	UICodec string
	// Port is the server's own port; 0 takes any free one.
	Port int
	// Database is a file that outlives the server; empty keeps everything in memory.
	Database string
	// SearchAttributes to register.
	SearchAttributes []temporal.SearchAttributeKey
	// Progress is told what takes long. Nil means nobody.
	Progress io.Writer
}

// Server is a running server.
type Server struct {
	// Address is where clients connect.
	Address string
	// UI is the Web UI's address; empty without one.
	UI string

	command []string
	process *child.Process
}

const (
	startTimeout = time.Minute // it takes about a second, or many on a machine that compiles
	// The server has nothing to lose by then: it keeps its state in the database, or not at all.
	stopTimeout = 5 * time.Second
)

// Start starts a server and waits until it answers, and its Web UI too.
func Start(ctx context.Context, options Options) (*Server, error) {
	if options.Progress == nil {
		options.Progress = io.Discard
	}
	cli, err := CLI(ctx, options.Progress)
	if err != nil {
		return nil, err
	}
	if options.Port == 0 {
		if options.Port, err = freePort(); err != nil {
			return nil, err
		}
	}
	server := &Server{
		Address: net.JoinHostPort("127.0.0.1", strconv.Itoa(options.Port)),
		command: append([]string{cli}, arguments(options)...),
	}
	if options.UIPort != 0 {
		server.UI = "http://" + net.JoinHostPort("127.0.0.1", strconv.Itoa(options.UIPort))
	}
	if err := server.run(ctx, server.ready); err != nil {
		return nil, err
	}
	return server, nil
}

// Restart starts a server that has ended anew, at the same address, and waits
// until it answers. With a database it goes on where it was. Its Web UI may
// take seconds longer, which calls need not wait for.
func (s *Server) Restart(ctx context.Context) error { return s.run(ctx, s.serves) }

// run starts the process and waits until it is ready, in the given sense.
func (s *Server) run(ctx context.Context, ready func(context.Context) error) error {
	process, err := child.Start(exec.Command(s.command[0], s.command[1:]...))
	if err != nil {
		return fmt.Errorf("start the Temporal server: %w", err)
	}
	s.process = process
	if err := s.waitUntil(ctx, ready); err != nil {
		s.Stop()
		return fmt.Errorf("start the Temporal server: %w\n%s", err, s.process.Output())
	}
	return nil
}

func arguments(options Options) []string {
	args := []string{"server", "start-dev", "--ip", "127.0.0.1", "--port", strconv.Itoa(options.Port), "--log-level", "error",
		// Without the former tasks have no priorities, without the others each partition has its own.
		"--dynamic-config-value", "matching.useNewMatcher=true",
		"--dynamic-config-value", "matching.numTaskqueueReadPartitions=1",
		"--dynamic-config-value", "matching.numTaskqueueWritePartitions=1",
		// The server's own default reads at most 20 times a second what a shard has to do, and this one has a
		// single shard: from 20 events a second on, each would wait up to 50 ms.
		"--dynamic-config-value", "history.transferProcessorMaxPollRPS=200"}
	if options.UIPort == 0 {
		args = append(args, "--headless")
	} else {
		args = append(args, "--ui-port", strconv.Itoa(options.UIPort))
		if options.UICodec != "" {
			args = append(args, "--ui-codec-endpoint", options.UICodec)
		}
	}
	if options.Database != "" {
		// A killed server loses nothing that way, only a machine without power would, and it takes twice the load.
		args = append(args, "--db-filename", options.Database, "--sqlite-pragma", "journal_mode=wal", "--sqlite-pragma", "synchronous=off")
	}
	if len(options.SearchAttributes) > 0 {
		// They are there from the start. By default start-dev, so that later ones can be used at once,
		// reads the list from the database each time that a run uses one, which servers elsewhere do not.
		args = append(args, "--dynamic-config-value", "system.forceSearchAttributesCacheRefreshOnRead=false")
	}
	for _, attribute := range options.SearchAttributes {
		args = append(args, "--search-attribute", attribute.GetName()+"="+attribute.GetValueType().String())
	}
	return args
}

func (s *Server) waitUntil(ctx context.Context, ready func(context.Context) error) error {
	bounded, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for {
		err := ready(bounded)
		if err == nil {
			return nil
		}
		select {
		case <-s.process.Exited():
			return fmt.Errorf("it stopped at once: %s", s.process.End())
		case <-bounded.Done():
			if ctx.Err() != nil {
				return ctx.Err() // told to stop: how long the server took has nothing to do with it
			}
			return fmt.Errorf("no answer within %s: %w", startTimeout, err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// ready is nil when clients are answered, and the pages of the Web UI too, if there is one.
func (s *Server) ready(ctx context.Context) error {
	if err := s.serves(ctx); err != nil || s.UI == "" {
		return err
	}
	return s.shows(ctx)
}

// serves is nil when clients are answered.
func (s *Server) serves(ctx context.Context) error {
	c, err := client.DialContext(ctx, client.Options{HostPort: s.Address})
	if err == nil {
		c.Close()
	}
	return err
}

// shows is nil when the Web UI can show something. It listens before the server
// does, finds nobody there, and tries again about a second later, or more. What
// its pages ask for is refused until then, and they show "500 Internal Error"
// for good: they ask but once.
func (s *Server) shows(ctx context.Context) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.UI+"/api/v1/cluster-info", nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the Web UI answers %s", response.Status)
	}
	return nil
}

// Stop stops the server and waits until it is gone.
func (s *Server) Stop() { s.process.Stop(stopTimeout) }

// Process is the server's process, another one after each restart.
func (s *Server) Process() *child.Process { return s.process }

// freePort returns a port below the ephemeral ports. One of these could be given to an outgoing connection before the
// server listens.
func freePort() (port int, err error) {
	for range 100 {
		port = 20_000 + rand.IntN(10_000)
		var listener net.Listener
		if listener, err = net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port))); err == nil {
			return port, listener.Close()
		}
	}
	return 0, fmt.Errorf("find a free port: %w", err)
}
