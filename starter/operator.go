package main

import (
	"io"
	"log/slog"

	"github.com/urfave/cli/v2"

	"github.com/callthread/callthread/internal/app"
	"github.com/callthread/callthread/internal/operator"
)

// connect creates the client of an operator's command. The caller closes operator.Temporal.
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

// jsonFlag is the flag --json.
func jsonFlag(destination *bool) cli.Flag {
	return &cli.BoolFlag{Name: "json", Usage: "print JSON, for scripts", Destination: destination}
}
