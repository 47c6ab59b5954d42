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

// Existing is a Temporal that runs already. Other programs may serve calls there
// too, so the stage's have a task queue of their own.
type Existing struct {
	// Parts are those of its processes that may be killed; none where it is not ours to kill.
	Parts map[Part]Killable
}

// Killable is a running process, and how to start another in its place, up to when it answers.
type Killable struct {
	Process *child.Process
	Start   func(context.Context) (*child.Process, error)
}

// reachTemporal connects to the Temporal that there is, or to one that it starts.
func (s *Stage) reachTemporal(ctx context.Context, options StageOptions) error {
	keys, err := codec.ParseKeys(options.Keys)
	if err != nil {
		return err
	}
	if options.Programs != nil {
		if s.Folder, err = os.MkdirTemp("", "callthread-"); err != nil {
			return fmt.Errorf("make a place for the files of programs: %w", err)
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

// connect connects to Temporal, which must know our search attributes before a call begins.
func (s *Stage) connect(ctx context.Context, connection client.Options, keys *codec.Keys) (err error) {
	// The SDK logs every attempt that fails; here those are on purpose, and shown in the Web UI.
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

// startTemporal starts a server, and what decrypts calls for its Web UI.
func (s *Stage) startTemporal(ctx context.Context, options StageOptions, keys *codec.Keys) error {
	var database string // none keeps everything in memory
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

// startCodecServer lets the pages of the Web UI, and whoever else is on this
// machine, see what is encrypted. There is nothing to decrypt without keys.
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
