package devserver

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// These are where the release lies, below where all are published.
var (
	archiveName = fmt.Sprintf("temporal_cli_%s_%s_%s.tar.gz", cliVersion, runtime.GOOS, runtime.GOARCH)
	archivePath = "/v" + cliVersion + "/" + archiveName
	sumsPath    = "/v" + cliVersion + "/checksums.txt"
)

// archived is a release's archive with a file of the given name.
func archived(t *testing.T, name string) []byte {
	t.Helper()
	var packed bytes.Buffer
	zipped := gzip.NewWriter(&packed)
	files := tar.NewWriter(zipped)
	for _, file := range []string{"LICENSE", name} {
		require.NoError(t, files.WriteHeader(&tar.Header{Name: file, Mode: 0o644, Size: int64(len(file))}))
		_, err := io.WriteString(files, file)
		require.NoError(t, err)
	}
	require.NoError(t, files.Close())
	require.NoError(t, zipped.Close())
	return packed.Bytes()
}

func checksums(archive []byte) []byte {
	return fmt.Appendf(nil, "%064d  temporal_cli_other.tar.gz\n%x  %s\n", 0, sha256.Sum256(archive), archiveName)
}

// published serves these paths as they are, and has no others.
func published(files map[string][]byte) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if content, ok := files[r.URL.Path]; ok {
			_, _ = w.Write(content)
			return
		}
		http.NotFound(w, r)
	})
}

// source publishes releases by a handler, which may send nothing for the given time.
func source(t *testing.T, handler http.Handler, stalls time.Duration) {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	publishAt(t, server.URL)
	usual := stallTimeout
	stallTimeout = stalls
	t.Cleanup(func() { stallTimeout = usual })
}

func TestReleaseIsDownloadedAndCanBeRun(t *testing.T) {
	cache := machine(t)
	archive := archived(t, "temporal")
	source(t, published(map[string][]byte{archivePath: archive, sumsPath: checksums(archive)}), time.Minute)
	var progress bytes.Buffer
	found, err := CLI(t.Context(), &progress)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(found, cache), found)
	requireContent(t, "temporal", found)
	_, err = exec.LookPath(found)
	require.NoError(t, err)
	require.Equal(t, 1, strings.Count(progress.String(), "\n"), progress.String())
	require.Contains(t, progress.String(), "Downloading the Temporal CLI")
}

func TestWhatCannotBeDownloadedWholeIsBuilt(t *testing.T) {
	whole, empty := archived(t, "temporal"), archived(t, "README")
	half := func(then http.HandlerFunc) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == sumsPath {
				_, _ = w.Write(checksums(whole))
				return
			}
			w.Header().Set("Content-Length", fmt.Sprint(len(whole)))
			_, _ = w.Write(whole[:len(whole)/2])
			_ = http.NewResponseController(w).Flush()
			then(w, r)
		})
	}
	hang := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	for says, handler := range map[string]http.Handler{
		"404 Not Found":                   published(nil),
		"no data from the server for":     http.HandlerFunc(hang),
		archiveName + ": no data from":    half(hang),
		"unexpected EOF":                  half(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }),
		"checksums.txt does not list":     published(map[string][]byte{sumsPath: nil}),
		"find temporal in the archive":    published(map[string][]byte{archivePath: empty, sumsPath: checksums(empty)}),
		"but checksums.txt lists":         published(map[string][]byte{archivePath: empty, sumsPath: checksums(whole)}),
		"read the archive: unexpected EO": published(map[string][]byte{archivePath: whole[:1], sumsPath: checksums(whole[:1])}),
	} {
		t.Run(says, func(t *testing.T) {
			machine(t, goTool(t, clone(t), `echo built > "$GOBIN/temporal"`))
			stalls := time.Minute
			if strings.Contains(says, "no data from") {
				stalls = time.Second // the checksums before it take less on a busy machine
			}
			source(t, handler, stalls)
			var progress bytes.Buffer
			found, err := CLI(t.Context(), &progress)
			require.NoError(t, err)
			requireContent(t, "built\n", found)
			require.Contains(t, progress.String(), "not downloaded: ")
			require.Contains(t, progress.String(), says)
			require.Equal(t, 3, strings.Count(progress.String(), "\n"), progress.String())
		})
	}
}

// The proxy's address is read once in a process, so that the download is one of another process.
func TestReleaseIsDownloadedThroughTheProxy(t *testing.T) {
	const inChild = "DEVSERVER_TEST_BEHIND_PROXY"
	if os.Getenv(inChild) != "" {
		var progress bytes.Buffer
		publishAt(t, "http://releases.example")
		_, err := CLI(t.Context(), &progress)
		require.NoError(t, err, progress.String())
		return
	}
	machine(t)
	archive := archived(t, "temporal")
	var hosts []string
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hosts = append(hosts, r.Host)
		published(map[string][]byte{archivePath: archive, sumsPath: checksums(archive)}).ServeHTTP(w, r)
	}))
	self, err := os.Executable()
	require.NoError(t, err)
	child := exec.CommandContext(t.Context(), self, "-test.run", "^"+t.Name()+"$")
	child.Env = append(os.Environ(), inChild+"=1", "http_proxy="+proxy.URL, "no_proxy=")
	output, err := child.CombinedOutput()
	proxy.Close()
	require.NoError(t, err, string(output))
	require.Equal(t, []string{"releases.example", "releases.example"}, hosts)
}
