package devserver

import (
	"bufio"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

const (
	// cliPackage is built from the version that tools/go.mod pins.
	cliPackage = "github.com/temporalio/cli/cmd/temporal"
	// ourModule is where tools/go.mod is looked for.
	ourModule = "github.com/callthread/callthread"
	// cliPackages is roughly how many packages a build from nothing compiles, for the progress line alone.
	cliPackages = 1500
)

// CLI finds the Temporal CLI: the one that TEMPORAL_CLI names, else the one on
// PATH, else one built from source and kept in the user's cache folder. A
// build takes some minutes the first time; progress goes to the given writer.
func CLI(ctx context.Context, progress io.Writer) (string, error) {
	if named := os.Getenv("TEMPORAL_CLI"); named != "" {
		path, err := exec.LookPath(named)
		if err != nil {
			return "", fmt.Errorf("TEMPORAL_CLI names no program that can be run: %w", err)
		}
		return path, nil
	}
	if path, err := exec.LookPath("temporal"); err == nil {
		return path, nil
	}
	return buildCLI(ctx, progress)
}

// buildCLI builds the CLI unless this very version is in the cache. A lock
// keeps tests that run side by side from building it twice.
func buildCLI(ctx context.Context, progress io.Writer) (string, error) {
	tools, err := toolsModule(ctx)
	if err != nil {
		return "", err
	}
	pinned, err := os.ReadFile(filepath.Join(tools, "go.mod"))
	if err != nil {
		return "", fmt.Errorf("read the pinned version of the Temporal CLI: %w", err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find a place to keep the Temporal CLI: %w", err)
	}
	dir := filepath.Join(cache, "callthread", fmt.Sprintf("temporal-%x", sha256.Sum256(pinned))[:24])
	binary := filepath.Join(dir, "temporal")
	if isFile(binary) {
		return binary, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("make a place to keep the Temporal CLI: %w", err)
	}
	lock := flock.New(filepath.Join(dir, "lock"))
	if _, err := lock.TryLockContext(ctx, time.Second); err != nil {
		return "", fmt.Errorf("wait for another build of the Temporal CLI: %w", err)
	}
	defer func() { _ = lock.Unlock() }()
	if isFile(binary) {
		return binary, nil
	}
	return binary, compile(ctx, tools, binary, progress)
}

// toolsModule finds the folder of tools/go.mod, from anywhere inside our module.
func toolsModule(ctx context.Context) (string, error) {
	root, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", ourModule).Output()
	if err != nil {
		return "", errors.New("no Temporal CLI: put `temporal` on PATH, name it in TEMPORAL_CLI, or run from a clone of Callthread, where it is built from source")
	}
	return filepath.Join(strings.TrimSpace(string(root)), "tools"), nil
}

// compile builds under another name first, so that a build cut short leaves nothing that looks finished.
func compile(ctx context.Context, tools, binary string, progress io.Writer) error {
	fmt.Fprintln(progress, "Building the Temporal CLI from source: once, some minutes on a small machine.")
	unfinished := binary + ".unfinished"
	build := exec.CommandContext(ctx, "go", "build", "-v", "-o", unfinished, cliPackage)
	build.Dir = tools
	// GOWORK and GOFLAGS of the surroundings are about our module, not this one; without cgo no C compiler is needed.
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=-mod=readonly")
	output, err := build.StderrPipe()
	if err != nil {
		return err
	}
	if err := build.Start(); err != nil {
		return fmt.Errorf("build the Temporal CLI: %w", err)
	}
	said := reportProgress(output, progress)
	if err := build.Wait(); err != nil {
		return fmt.Errorf("build the Temporal CLI: %w\n%s", err, strings.Join(said, "\n"))
	}
	return os.Rename(unfinished, binary)
}

// reportProgress says how far the build is, and returns the compiler's last words in case it fails.
func reportProgress(output io.Reader, progress io.Writer) (lastWords []string) {
	built, said := 0, time.Now()
	for lines := bufio.NewScanner(output); lines.Scan(); {
		built++
		lastWords = append(lastWords, lines.Text())
		if len(lastWords) > 10 {
			lastWords = lastWords[1:]
		}
		if time.Since(said) > 5*time.Second {
			said = time.Now()
			fmt.Fprintf(progress, "  %d of about %d packages\n", built, cliPackages)
		}
	}
	return lastWords
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
