package deploy

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile("../../" + file)
	require.NoError(t, err)
	return string(text)
}

// The image of a release must equal the one that is built from source.
func TestReleaseImageEqualsSourceImage(t *testing.T) {
	last := func(file string) []string {
		text := read(t, file)
		return regexp.MustCompile(`(?m)^(?:FROM|EXPOSE|CMD|USER|ENTRYPOINT) .*$`).FindAllString(text[strings.LastIndex(text, "FROM "):], -1)
	}
	require.Len(t, last("deploy/Dockerfile"), 3)
	require.Equal(t, last("deploy/Dockerfile"), last("deploy/release.Dockerfile"))
}

// The linker silently ignores a name that does not exist.
func TestLinkerIsGivenVariablesThatExist(t *testing.T) {
	require.Contains(t, read(t, "internal/build/build.go"), "\nvar version, commit, date string\n")
	for _, file := range []string{".goreleaser.yaml", "deploy/Dockerfile"} {
		names := regexp.MustCompile(`-X github\.com/callthread/callthread/internal/build\.(\w+)=`).FindAllStringSubmatch(read(t, file), -1)
		var given []string
		for _, name := range names {
			given = append(given, name[1])
		}
		require.Equal(t, []string{"version", "commit", "date"}, given, file)
	}
}

func TestPackageSettingsExist(t *testing.T) {
	known := append(known(t, []string{"worker"}), known(t, []string{"starter", "serve"})...)
	settings := regexp.MustCompile(`(?m)^#?([A-Z_]+)=`).FindAllStringSubmatch(read(t, "deploy/systemd/callthread.env"), -1)
	require.Greater(t, len(settings), 8)
	for _, setting := range settings {
		require.Contains(t, known, setting[1])
	}
}

func TestUnitsRunProgramsOfThePackage(t *testing.T) {
	for unit, program := range map[string]string{"callthread-starter": "starter", "callthread-worker": "worker"} {
		text := read(t, "deploy/systemd/"+unit+".service")
		require.Contains(t, text, "\nExecStart=/usr/bin/"+unit)
		require.Contains(t, text, "\nEnvironmentFile=/etc/callthread/callthread.env\n")
		require.Contains(t, read(t, ".goreleaser.yaml"), "{ src: /usr/lib/callthread/"+program+", dst: /usr/bin/"+unit+", type: symlink }")
		require.Contains(t, read(t, "deploy/systemd/stop.sh"), " "+unit+" ", "it would go on without its program when the package is removed")
	}
}
