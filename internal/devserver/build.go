package devserver

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

const (
	// ourModule is where tools/go.mod is looked for.
	ourModule = "github.com/callthread/callthread"
	// cliPackages is roughly how many packages a build from nothing compiles, for the progress line alone.
	cliPackages = 1500
)

// build builds in a folder of its own first, so that a build cut short leaves nothing that looks finished.
func build(ctx context.Context, binary string, progress io.Writer) error {
	fmt.Fprintf(progress, "Building the Temporal CLI %s from source, once: some minutes on a small machine.\n", cliVersion)
	unfinished, err := os.MkdirTemp(filepath.Dir(binary), "build-")
	if err != nil {
		return fmt.Errorf("make a place to build the Temporal CLI: %w", err)
	}
	defer func() { _ = os.RemoveAll(unfinished) }()
	command := buildCommand(ctx)
	// GOWORK and GOFLAGS of the surroundings are about another module; without cgo no C compiler is needed.
	command.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=-mod=readonly", "GOBIN="+unfinished)
	output, err := command.StderrPipe()
	if err != nil {
		return err
	}
	if err := command.Start(); err != nil {
		return fmt.Errorf("build the Temporal CLI: %w", err)
	}
	lastLines := reportProgress(output, progress)
	if err := command.Wait(); err != nil {
		return fmt.Errorf("build the Temporal CLI: %w\n%s", err, strings.Join(lastLines, "\n"))
	}
	return os.Rename(filepath.Join(unfinished, filepath.Base(cliPackage)), binary)
}

// buildCommand builds with tools/go.mod and its checksums where our module is a
// clone. Elsewhere, as under `go run …@latest`, the module has no folder tools,
// and the CLI is built with the versions and checksums of its own module.
func buildCommand(ctx context.Context) *exec.Cmd {
	root, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", ourModule).Output()
	tools := filepath.Join(strings.TrimSpace(string(root)), "tools")
	if err == nil && isFile(filepath.Join(tools, "go.mod")) {
		command := exec.CommandContext(ctx, "go", "install", "-v", cliPackage)
		command.Dir = tools
		return command
	}
	return exec.CommandContext(ctx, "go", "install", "-v", cliPackage+"@v"+cliVersion)
}

// reportProgress reports how far the build is, and returns the last lines of its output in case it fails.
func reportProgress(output io.Reader, progress io.Writer) (last []string) {
	built, reported := 0, time.Now()
	for lines := bufio.NewScanner(output); lines.Scan(); {
		built++
		last = append(last, lines.Text())
		if len(last) > 10 {
			last = last[1:]
		}
		if time.Since(reported) > 5*time.Second {
			reported = time.Now()
			fmt.Fprintf(progress, "  %d of about %d packages\n", built, cliPackages)
		}
	}
	return last
}
