package app

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/urfave/cli/v2"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/temporal"
)

// Log contains the settings for the log of a program.
type Log struct {
	Level  string // debug, info, warn or error
	Format string // text or json
}

// Flags returns the flags of the settings.
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

// Logger returns a logger that writes to a writer. It fails for an unknown level or format.
func (l *Log) Logger(to io.Writer) (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(l.Level)); err != nil {
		return nil, fmt.Errorf("--log-level (CALLTHREAD_LOG_LEVEL) %q: use debug, info, warn or error", l.Level)
	}
	options := &slog.HandlerOptions{Level: level, ReplaceAttr: discreet}
	switch strings.ToLower(l.Format) {
	case "text":
		return slog.New(slog.NewTextHandler(to, options)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(to, options)), nil
	}
	return nil, fmt.Errorf("--log-format (CALLTHREAD_LOG_FORMAT) %q: use text or json", l.Format)
}

// discreet removes personal data that Temporal's SDK would log: the message of a failed activity, in
// which Kustomer may quote a customer, and the result of an activity.
func discreet(_ []string, attribute slog.Attr) slog.Attr {
	switch value := attribute.Value.Any().(type) {
	case *commonpb.Payloads:
		return slog.String(attribute.Key, "not shown")
	case error:
		var failed *temporal.ApplicationError
		var brief string
		if errors.As(value, &failed) && failed.HasDetails() && failed.Details(&brief) == nil {
			return slog.String(attribute.Key, fmt.Sprintf("%s (type: %s, retryable: %v)", brief, failed.Type(), !failed.NonRetryable()))
		}
	}
	return attribute
}
