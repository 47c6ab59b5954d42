package demo

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"
	sdklog "go.temporal.io/sdk/log"

	"github.com/callthread/callthread/internal/app"
	"github.com/callthread/callthread/internal/child"
	"github.com/callthread/callthread/internal/codec"
	"github.com/callthread/callthread/internal/devserver"
	"github.com/callthread/callthread/workflows"
)

// Existing is a Temporal that already runs. Other programs may serve calls there, so the
// stage uses a task queue that no other program polls.
type Existing struct {
	// Parts are its processes that may be killed; empty if none may be.
	Parts map[Part]Killable
}

// Killable is a running process, and a function that starts its replacement and waits until it
// answers.
type Killable struct {
	Process *child.Process
	Start   func(context.Context) (*child.Process, error)
}

// reachTemporal connects to the existing Temporal or starts one.
func (s *Stage) reachTemporal(ctx context.Context, options StageOptions) error {
	keys, err := codec.ParseKeys(options.Keys)
	if err != nil {
		return err
	}
	if options.Programs != nil {
		if s.Folder, err = os.MkdirTemp("", "callthread-"); err != nil {
			return fmt.Errorf("create a folder for the files of the programs: %w", err)
		}
		s.closers = append(s.closers, func() { _ = os.RemoveAll(s.Folder) })
	}
	connection := client.Options{Namespace: client.DefaultNamespace}
	s.TaskQueue = workflows.DefaultTaskQueue
	if options.Existing != nil {
		if connection, err = envconfig.LoadDefaultClientOptions(); err != nil {
			return fmt.Errorf("read Temporal's client configuration: %w", err)
		}
		s.TaskQueue = fmt.Sprintf("callthread-demo-%08x", rand.Uint32())
		for name, process := range options.Existing.Parts {
			s.watch(name, &part{process: process.Process, start: process.Start})
		}
	} else {
		if err := s.startTemporal(ctx, options, keys); err != nil {
			return err
		}
		connection.HostPort = s.TemporalAddress
	}
	return s.connect(ctx, connection, keys)
}

// connect connects to Temporal and registers the search attributes before the first call begins.
func (s *Stage) connect(ctx context.Context, connection client.Options, keys *codec.Keys) (err error) {
	// The SDK logs every failed attempt. Here failures are intended and visible in the Web UI.
	connection.Logger = sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler))
	keys.Protect(&connection)
	if s.Temporal, err = client.DialContext(ctx, connection); err != nil {
		return fmt.Errorf("connect to the Temporal server: %w", err)
	}
	s.closers = append(s.closers, s.Temporal.Close)
	s.TemporalAddress = cmp.Or(connection.HostPort, client.DefaultHostPort)
	s.Namespace = cmp.Or(connection.Namespace, client.DefaultNamespace)
	return app.RegisterSearchAttributes(ctx, s.Temporal, s.Namespace)
}

// startTemporal starts a server, and the codec server for its Web UI.
func (s *Stage) startTemporal(ctx context.Context, options StageOptions, keys *codec.Keys) error {
	var database string // empty keeps everything in memory
	if s.Folder != "" {
		database = filepath.Join(s.Folder, "temporal.db")
	}
	server, err := s.startServer(ctx, options, keys, database)
	if err != nil {
		return err
	}
	temporal := &part{process: server.Process(), start: func(ctx context.Context) (*child.Process, error) {
		err := server.Restart(ctx)
		return server.Process(), err
	}}
	s.watch(Temporal, temporal)
	s.closers = append(s.closers, func() { temporal.end(func(*child.Process) { server.Stop() }) })
	s.TemporalAddress, s.UI = server.Address, server.UI
	return nil
}

func (s *Stage) startServer(ctx context.Context, options StageOptions, keys *codec.Keys, database string) (server *devserver.Server, err error) {
	for range startAttempts {
		ui := options.port(options.Ports.UI)
		if err := s.startCodecServer(options, keys, ui); err != nil {
			return nil, err
		}
		server, err = devserver.Start(ctx, devserver.Options{
			Port: options.port(options.Ports.Temporal), UIPort: ui, UICodec: s.CodecURL, Database: database,
			SearchAttributes: workflows.SearchAttributes, Progress: options.Progress,
		})
		if err == nil || ctx.Err() != nil {
			break
		}
	}
	return server, err
}

// startCodecServer lets the Web UI, and any other program on this machine, decrypt what
// Temporal stores. Without keys there is nothing to decrypt.
func (s *Stage) startCodecServer(options StageOptions, keys *codec.Keys, ui int) (err error) {
	if keys.First() == "" {
		return nil
	}
	var origins []string
	for _, host := range []string{"127.0.0.1", "localhost"} {
		origins = append(origins, "http://"+host+":"+strconv.Itoa(ui))
	}
	s.CodecURL, err = s.serve(options.Ports.Codec, codec.NewServer(keys, codec.ServerOptions{Origins: origins}))
	return err
}
