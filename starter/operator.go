package main

import (
	"io"
	"log/slog"

	"github.com/urfave/cli/v2"

	"github.com/callthread/callthread/internal/app"
	"github.com/callthread/callthread/internal/operator"
)

// connect reaches Temporal for a command whose output is for people. The caller
// closes the operator's client.
func connect(server *app.Temporal, logs io.Writer) (*operator.Operator, error) {
	keys, err := server.Encryption.Keys()
	if err != nil {
		return nil, err
	}
	calls, err := server.Client(slog.New(slog.NewTextHandler(logs, &slog.HandlerOptions{Level: slog.LevelWarn})))
	if err != nil {
		return nil, err
	}
	return &operator.Operator{Temporal: calls, Address: server.Address(), Namespace: server.Namespace(), Keys: keys}, nil
}

// jsonFlag has a command print JSON.
func jsonFlag(destination *bool) cli.Flag {
	return &cli.BoolFlag{Name: "json", Usage: "print JSON, for scripts", Destination: destination}
}
