package devserver

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

const (
	// cliVersion is the version that tools/go.mod pins, for programs that run where that file is not.
	cliVersion = "1.5.1"
	// cliPackage is what a build from source builds.
	cliPackage = "github.com/temporalio/cli/cmd/temporal"
)

// CLI finds the Temporal CLI: the one that TEMPORAL_CLI names, the one on PATH,
// or the one in the user's cache folder. If there is none, the official release
// is downloaded into the cache, which takes seconds; where that is not possible,
// it is built from source, which takes some minutes. Progress goes to the given writer.
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
	return cachedCLI(ctx, progress)
}

// cachedCLI puts the CLI into the cache unless this version is there. A lock
// keeps tests that run side by side from doing it twice.
func cachedCLI(ctx context.Context, progress io.Writer) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find a place to keep the Temporal CLI: %w", err)
	}
	dir := filepath.Join(cache, "callthread", "temporal-"+cliVersion)
	binary := filepath.Join(dir, "temporal")
	if isFile(binary) {
		return binary, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("make a place to keep the Temporal CLI: %w", err)
	}
	lock := flock.New(filepath.Join(dir, "lock"))
	if _, err := lock.TryLockContext(ctx, time.Second); err != nil {
		return "", fmt.Errorf("wait for another process that gets the Temporal CLI: %w", err)
	}
	defer func() { _ = lock.Unlock() }()
	if isFile(binary) {
		return binary, nil
	}
	return binary, obtain(ctx, binary, progress)
}

// obtain downloads the CLI, or builds it where it cannot be downloaded.
func obtain(ctx context.Context, binary string, progress io.Writer) error {
	fmt.Fprintf(progress, "Downloading the Temporal CLI %s, once: usually less than half a minute.\n", cliVersion)
	notDownloaded := download(ctx, releases, binary)
	if notDownloaded == nil || ctx.Err() != nil {
		return notDownloaded
	}
	fmt.Fprintf(progress, "  not downloaded: %v\n", notDownloaded)
	if _, err := exec.LookPath("go"); err != nil {
		return fmt.Errorf("no Temporal CLI: put `temporal` on PATH, name it in TEMPORAL_CLI, or install Go, which builds it from source: %w", err)
	}
	return build(ctx, binary, progress)
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
