package demo

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"

	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"

	"github.com/callthread/callthread/internal/child"
	"github.com/callthread/callthread/internal/codec"
	"github.com/callthread/callthread/internal/devserver"
	"github.com/callthread/callthread/workflows"
)

// startTemporal starts the server, and what decrypts calls for its Web UI, and connects to it.
func (s *Stage) startTemporal(ctx context.Context, options StageOptions) error {
	keys, err := codec.ParseKeys(options.Keys)
	if err != nil {
		return err
	}
	var database string // none keeps everything in memory
	if options.Programs != nil {
		if s.Folder, err = os.MkdirTemp("", "callthread-"); err != nil {
			return fmt.Errorf("make a place for Temporal's database: %w", err)
		}
		s.closers = append(s.closers, func() { _ = os.RemoveAll(s.Folder) })
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
	go temporal.watch(server.Process(), Temporal, s.fail)
	s.parts[Temporal] = temporal
	s.closers = append(s.closers, func() { temporal.end(func(*child.Process) { server.Stop() }) })
	s.TemporalAddress, s.UI = server.Address, server.UI
	// The SDK logs every attempt that fails; here those are on purpose, and shown in the Web UI.
	connection := client.Options{HostPort: server.Address, Logger: sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler))}
	keys.Protect(&connection)
	if s.Temporal, err = client.DialContext(ctx, connection); err != nil {
		return fmt.Errorf("connect to the Temporal server: %w", err)
	}
	s.closers = append(s.closers, s.Temporal.Close)
	return nil
}

func (s *Stage) startServer(ctx context.Context, options StageOptions, keys *codec.Keys, database string) (server *devserver.Server, err error) {
	for range startAttempts {
		ui := options.port(uiPort)
		if err := s.startCodecServer(keys, ui); err != nil {
			return nil, err
		}
		server, err = devserver.Start(ctx, devserver.Options{
			Port: options.port(temporalPort), UIPort: ui, UICodec: s.CodecURL, Database: database,
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
func (s *Stage) startCodecServer(keys *codec.Keys, ui int) (err error) {
	if keys.First() == "" {
		return nil
	}
	var origins []string
	for _, host := range []string{"127.0.0.1", "localhost"} {
		origins = append(origins, "http://"+host+":"+strconv.Itoa(ui))
	}
	s.CodecURL, err = s.serve(codecPort, codec.NewServer(keys, codec.ServerOptions{Origins: origins}))
	return err
}
