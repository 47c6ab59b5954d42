package build

import (
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestBuildIsReadFromWhatGoRecorded(t *testing.T) {
	recorded := debug.BuildInfo{Main: debug.Module{Version: "v1.2.0"}, Settings: []debug.BuildSetting{
		{Key: "vcs.revision", Value: "0123456789abcdef0123"}, {Key: "vcs.time", Value: "2026-11-28T12:00:00Z"}, {Key: "vcs.modified", Value: "false"},
	}}
	require.Equal(t, Info{Version: "1.2.0", Commit: "0123456789ab", Date: "2026-11-28T12:00:00Z"}, read(&recorded))
	require.Equal(t, "1.2.0 (commit 0123456789ab, 2026-11-28T12:00:00Z, "+runtime.Version()+")", read(&recorded).String())

	recorded.Settings[2].Value = "true"
	require.True(t, read(&recorded).Modified)
}

func TestBuildOfNoVersionIsDevel(t *testing.T) {
	for _, version := range []string{"", "(devel)"} {
		require.Equal(t, Info{Version: "devel"}, read(&debug.BuildInfo{Main: debug.Module{Version: version}}))
	}
	require.Equal(t, "devel (commit unknown, date unknown, "+runtime.Version()+")", Info{Version: "devel"}.String())
}

func TestReleaseIsWhatTheLinkerWasGiven(t *testing.T) {
	version, commit, date = "v1.2.0", "0123456789abcdef0123", "2026-11-28T12:00:00Z"
	t.Cleanup(func() { version, commit, date = "", "", "" })
	require.Equal(t, Info{Version: "1.2.0", Commit: "0123456789ab", Date: "2026-11-28T12:00:00Z"}, Current())
	require.Equal(t, "callthread/1.2.0", UserAgent())
}
