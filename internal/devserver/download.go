package devserver

import (
	"archive/tar"
	"bufio"
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// releases is where the official releases of the CLI are published. Variables, for tests.
var (
	releases = "https://github.com/temporalio/cli/releases/download"
	// stallTimeout is how long the source may send nothing, also at the start: a machine
	// without internet then begins to build.
	stallTimeout = 5 * time.Second
)

const (
	// downloadTimeout is about as long as a build takes.
	downloadTimeout = 3 * time.Minute
	checksumFile    = "checksums.txt"
)

var errStalled = errors.New("no data from the server")

// download fetches the release for this machine, through the proxy that
// HTTPS_PROXY names if there is one, and verifies the SHA-256 that is published
// with it. The binary is put in its place only when it is whole.
func download(ctx context.Context, from, binary string) error {
	ctx, cancel := context.WithTimeout(ctx, downloadTimeout)
	defer cancel()
	folder := from + "/v" + cliVersion + "/"
	archive := fmt.Sprintf("temporal_cli_%s_%s_%s.tar.gz", cliVersion, runtime.GOOS, runtime.GOARCH)
	var checksums bytes.Buffer
	if err := fetch(ctx, folder+checksumFile, &checksums); err != nil {
		return err
	}
	want, err := checksumOf(archive, &checksums)
	if err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(binary), "download-")
	if err != nil {
		return err
	}
	defer func() { _, _ = file.Close(), os.Remove(file.Name()) }()
	hash := sha256.New()
	if err := fetch(ctx, folder+archive, io.MultiWriter(file, hash)); err != nil {
		return err
	}
	if got := hex.EncodeToString(hash.Sum(nil)); got != want {
		return fmt.Errorf("%s has the SHA-256 %s, but %s lists %s", archive, got, checksumFile, want)
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	return extract(file, binary)
}

// fetch writes what is at an address, and fails when no data comes for [stallTimeout].
func fetch(ctx context.Context, address string, to io.Writer) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stalled := time.AfterFunc(stallTimeout, func() { cancel(fmt.Errorf("%w for %s", errStalled, stallTimeout)) })
	defer stalled.Stop()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return cmp.Or(context.Cause(ctx), err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", address, response.Status)
	}
	if _, err := io.Copy(to, &observed{response.Body, func() { stalled.Reset(stallTimeout) }}); err != nil {
		return fmt.Errorf("%s: %w", address, cmp.Or(context.Cause(ctx), err))
	}
	return nil
}

// observed calls a function whenever data was read.
type observed struct {
	io.Reader
	onData func()
}

func (o *observed) Read(p []byte) (int, error) {
	n, err := o.Reader.Read(p)
	if n > 0 {
		o.onData()
	}
	return n, err
}

// checksumOf finds a file in a list as sha256sum prints it.
func checksumOf(name string, list io.Reader) (string, error) {
	for lines := bufio.NewScanner(list); lines.Scan(); {
		if fields := strings.Fields(lines.Text()); len(fields) == 2 && fields[1] == name {
			return fields[0], nil
		}
	}
	return "", fmt.Errorf("%s does not list %s", checksumFile, name)
}

// extract makes the binary of the file of that name in an archive.
func extract(archive io.Reader, binary string) error {
	unzipped, err := gzip.NewReader(archive)
	if err != nil {
		return fmt.Errorf("read the archive: %w", err)
	}
	files := tar.NewReader(unzipped)
	for {
		header, err := files.Next()
		if err != nil { // io.EOF where no file has the name
			return fmt.Errorf("find %s in the archive: %w", filepath.Base(binary), err)
		}
		if header.Name == filepath.Base(binary) {
			return install(files, binary)
		}
	}
}

// install writes under another name first, so that half a file is never taken for the binary.
func install(content io.Reader, binary string) error {
	unfinished, err := os.OpenFile(binary+".unfinished", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(unfinished, content)
	if err := errors.Join(err, unfinished.Close()); err != nil {
		return err
	}
	return os.Rename(unfinished.Name(), binary)
}
