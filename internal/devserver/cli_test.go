package devserver

import (
	"bytes"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// script makes a program of a shell script, in a folder of its own.
func script(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\n"+text+"\n"), 0o755))
	return path
}

// machine has nothing on PATH but the given programs, no CLI in its cache, and no internet.
func machine(t *testing.T, programs ...string) (cache string) {
	t.Helper()
	var path []string
	for _, program := range programs {
		path = append(path, filepath.Dir(program))
	}
	cache = t.TempDir()
	t.Setenv("PATH", strings.Join(path, string(filepath.ListSeparator)))
	t.Setenv("HOME", cache)
	t.Setenv("XDG_CACHE_HOME", cache)
	t.Setenv("TEMPORAL_CLI", "")
	nobody := httptest.NewServer(nil)
	nobody.Close()
	publishAt(t, nobody.URL)
	return cache
}

// publishAt has releases looked for at an address, until the test ends.
func publishAt(t *testing.T, address string) {
	t.Helper()
	official := releases
	releases = address
	t.Cleanup(func() { releases = official })
}

func TestNamedCLIBeatsTheOneOnPath(t *testing.T) {
	named, onPath := script(t, "my-temporal", ""), script(t, "temporal", "")
	machine(t, onPath)
	found, err := CLI(t.Context(), io.Discard)
	require.NoError(t, err)
	require.Equal(t, onPath, found)

	t.Setenv("TEMPORAL_CLI", named)
	found, err = CLI(t.Context(), io.Discard)
	require.NoError(t, err)
	require.Equal(t, named, found)

	t.Setenv("TEMPORAL_CLI", "temporal")
	found, err = CLI(t.Context(), io.Discard)
	require.NoError(t, err)
	require.Equal(t, onPath, found, "a name without a folder is looked for on PATH")
}

func TestNameOfNoProgramIsRefusedRatherThanReplaced(t *testing.T) {
	machine(t, script(t, "temporal", ""))
	text := filepath.Join(t.TempDir(), "text")
	require.NoError(t, os.WriteFile(text, nil, 0o600))
	for _, named := range []string{"/nowhere/temporal", "no-such-program", t.TempDir(), text} {
		t.Setenv("TEMPORAL_CLI", named)
		_, err := CLI(t.Context(), io.Discard)
		require.ErrorContains(t, err, "TEMPORAL_CLI")
		require.ErrorContains(t, err, named)
	}
}

// goTool is a stand-in for the go command. It knows our module in the given
// folder, and its installation of $target runs the given script.
func goTool(t *testing.T, module, installation string) string {
	t.Helper()
	return script(t, "go", `case "$1" in list) echo "`+module+`" ;; install) target=$3; `+installation+` ;; esac`)
}

// clone is a folder that has tools/go.mod.
func clone(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(folder, "tools"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "tools", "go.mod"), []byte("module tools\n"), 0o600))
	return folder
}

// builds writes down where it was run, and what for.
const builds = `echo one-package >&2; echo "$PWD $target" > "$GOBIN/temporal"`

func TestCLIIsBuiltOnceAndThenTakenFromTheCache(t *testing.T) {
	folder := clone(t)
	cache := machine(t, goTool(t, folder, builds))
	var progress bytes.Buffer
	built, err := CLI(t.Context(), &progress)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(built, cache), built)
	require.Contains(t, progress.String(), "connection refused")
	require.Contains(t, progress.String(), "Building the Temporal CLI")
	requireContent(t, filepath.Join(folder, "tools")+" github.com/temporalio/cli/cmd/temporal\n", built)

	progress.Reset()
	again, err := CLI(t.Context(), &progress)
	require.NoError(t, err)
	require.Equal(t, built, again)
	require.Empty(t, progress.String())
}

func requireContent(t *testing.T, want, file string) {
	t.Helper()
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, want, string(content))
}

func TestOutsideACloneTheSameVersionIsBuilt(t *testing.T) {
	here, err := os.Getwd()
	require.NoError(t, err)
	for name, tool := range map[string]string{
		"no module":               script(t, "go", `[ "$1" = install ] || exit 1; target=$3; `+builds),
		"a module that uses ours": goTool(t, t.TempDir(), builds),
	} {
		t.Run(name, func(t *testing.T) {
			machine(t, tool)
			built, err := CLI(t.Context(), io.Discard)
			require.NoError(t, err)
			requireContent(t, here+" github.com/temporalio/cli/cmd/temporal@v"+cliVersion+"\n", built)
		})
	}
}

func TestVersionOutsideACloneIsThatOfTheToolsModule(t *testing.T) {
	pinned, err := os.ReadFile("../../tools/go.mod")
	require.NoError(t, err)
	require.Contains(t, string(pinned), "github.com/temporalio/cli v"+cliVersion+" ")
}

func TestFailedBuildShowsWhyAndLeavesNothingThatLooksFinished(t *testing.T) {
	cache := machine(t, goTool(t, clone(t), `echo half > "$GOBIN/temporal"; echo "no space left on device" >&2; exit 1`))
	for range 2 { // the second does not take the first's rest for a CLI
		_, err := CLI(t.Context(), io.Discard)
		require.ErrorContains(t, err, "build the Temporal CLI")
		require.ErrorContains(t, err, "no space left on device")
	}
	left, err := filepath.Glob(cache + "/callthread/*/*")
	require.NoError(t, err)
	require.Len(t, left, 1, "the lock")
}

func TestWithoutGoAndInternetTheErrorNamesTheWays(t *testing.T) {
	machine(t)
	_, err := CLI(t.Context(), io.Discard)
	for _, way := range []string{"PATH", "TEMPORAL_CLI", "install Go"} {
		require.ErrorContains(t, err, way)
	}
}
