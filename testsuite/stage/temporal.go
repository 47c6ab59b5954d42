package stage

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/callthread/callthread/internal/devserver"
	"github.com/callthread/callthread/workflows"
)

// shared is the part of Temporal that the tests of a package share.
var shared struct {
	sync.Mutex
	settings []string          // of all servers, in Temporal's dynamic configuration
	folder   string            // of the script that starts servers with the settings
	cli      string            // Temporal's CLI
	server   *devserver.Server // started by the first test that needs it
}

// TemporalCLI returns the path of Temporal's CLI.
func TemporalCLI(t *testing.T) string {
	t.Helper()
	require.NoError(t, findCLI())
	return shared.cli
}

// findCLI finds Temporal's CLI. From then on, servers have the package's settings.
func findCLI() (err error) {
	shared.Lock()
	defer shared.Unlock()
	if shared.cli != "" {
		return nil
	}
	cli, err := devserver.CLI(context.Background(), os.Stderr)
	if err != nil {
		return err
	}
	if len(shared.settings) > 0 {
		if err := wrap(cli, shared.settings); err != nil {
			return err
		}
	}
	shared.cli = cli
	return nil
}

// wrap makes a script that starts servers with the package's settings and the CLI's.
func wrap(cli string, settings []string) (err error) {
	if shared.folder, err = os.MkdirTemp("", "callthread-temporal-"); err != nil {
		return err
	}
	line := fmt.Sprintf(`exec '%s' "$@"`, cli)
	for _, setting := range settings {
		line += " --dynamic-config-value '" + setting + "'"
	}
	script := filepath.Join(shared.folder, "temporal")
	return errors.Join(
		os.WriteFile(script, []byte("#!/bin/sh\n"+line+"\n"), 0o700),
		os.Setenv("TEMPORAL_CLI", script),
	)
}

// startServer starts the server that the tests of a package share, and sets the variables with
// which a stage finds an existing Temporal.
func startServer() error {
	shared.Lock()
	defer shared.Unlock()
	if shared.server != nil {
		return nil
	}
	started, err := devserver.Start(context.Background(), devserver.Options{SearchAttributes: workflows.SearchAttributes})
	if err != nil {
		return err
	}
	shared.server = started
	return errors.Join(
		os.Setenv("TEMPORAL_CONFIG_FILE", os.DevNull),
		os.Setenv("TEMPORAL_ADDRESS", started.Address),
		os.Setenv("TEMPORAL_NAMESPACE", client.DefaultNamespace),
	)
}

func stopServer() {
	if shared.server != nil {
		shared.server.Stop()
	}
	_ = os.RemoveAll(shared.folder)
}
