package tracing

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"strings"

	"github.com/go-logr/logr"
	"go.opentelemetry.io/otel"
)

const (
	endpoint       = "OTEL_EXPORTER_OTLP_ENDPOINT"
	tracesEndpoint = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
)

// isWanted reads the settings that enable tracing. It rejects values that OpenTelemetry's
// libraries would silently misread.
func isWanted() (bool, error) {
	exporter := os.Getenv("OTEL_TRACES_EXPORTER")
	isConfigured := os.Getenv(endpoint) != "" || os.Getenv(tracesEndpoint) != ""
	switch {
	case strings.EqualFold(os.Getenv("OTEL_SDK_DISABLED"), "true"), exporter == "none", exporter == "" && !isConfigured:
		return false, nil
	case exporter != "" && exporter != "otlp":
		return false, fmt.Errorf("OTEL_TRACES_EXPORTER %q: use otlp or none", exporter)
	}
	switch protocol := cmp.Or(os.Getenv("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"), os.Getenv("OTEL_EXPORTER_OTLP_PROTOCOL")); protocol {
	case "", "http/protobuf", "http/json":
	default:
		return false, fmt.Errorf("OTEL_EXPORTER_OTLP_PROTOCOL %q: traces are sent by http/protobuf or http/json, for which collectors listen at port 4318", protocol)
	}
	return true, errors.Join(checkURL(endpoint), checkURL(tracesEndpoint))
}

// checkURL does not quote the URL, because it may contain a password.
func checkURL(variable string) error {
	value := os.Getenv(variable)
	if value == "" {
		return nil
	}
	u, err := url.Parse(value)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" || u.User != nil {
		return fmt.Errorf("%s is not a URL such as http://localhost:4318; credentials belong in OTEL_EXPORTER_OTLP_HEADERS", variable)
	}
	return nil
}

// listen collects what OpenTelemetry's libraries report from now on. They log a bad setting and
// continue without it. The returned function joins the reports into one error.
func listen() func() error {
	var logged bytes.Buffer
	var handled error
	only := func(_ []string, attribute slog.Attr) slog.Attr {
		if attribute.Key == slog.MessageKey || attribute.Key == "err" {
			return attribute
		}
		return slog.Attr{} // the value of a setting may be a secret
	}
	otel.SetLogger(logr.FromSlogHandler(slog.NewTextHandler(&logged, &slog.HandlerOptions{Level: slog.LevelError, ReplaceAttr: only})))
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { handled = errors.Join(handled, err) }))
	return func() error {
		otel.SetLogger(logr.Discard())
		if logged.Len() > 0 {
			handled = errors.Join(handled, errors.New(strings.TrimSpace(logged.String())))
		}
		if handled == nil {
			return nil
		}
		return fmt.Errorf("a setting of OpenTelemetry's (OTEL_*) is bad: %w", handled)
	}
}
