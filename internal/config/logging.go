package config

import (
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/urfave/cli/v2"
)

// Log says how much a program logs, and in what form.
type Log struct {
	Level, Format string
}

// Flags are the settings.
func (l *Log) Flags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{
			Name: "log-level", EnvVars: []string{"CALLTHREAD_LOG_LEVEL"},
			Usage: "debug, info, warn or error", Value: "info", Destination: &l.Level,
		},
		&cli.StringFlag{
			Name: "log-format", EnvVars: []string{"CALLTHREAD_LOG_FORMAT"},
			Usage: "text or json", Value: "text", Destination: &l.Format,
		},
	}
}

// Logger makes the logger.
func (l *Log) Logger(to io.Writer) (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(l.Level)); err != nil {
		return nil, fmt.Errorf("--log-level (CALLTHREAD_LOG_LEVEL) %q: use debug, info, warn or error", l.Level)
	}
	options := &slog.HandlerOptions{Level: level}
	switch strings.ToLower(l.Format) {
	case "text":
		return slog.New(slog.NewTextHandler(to, options)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(to, options)), nil
	}
	return nil, fmt.Errorf("--log-format (CALLTHREAD_LOG_FORMAT) %q: use text or json", l.Format)
}
