// Package build says which build of Callthread a program is.
package build

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
)

// Set by the linker (-X) for releases and images, whose source comes without Git's history.
var version, commit, date string

// Info describes a build. What is not known is empty.
type Info struct {
	// Version is a release such as 1.2.0, a pseudo-version of Go's between releases,
	// or "devel" where neither is known.
	Version string
	// Commit is the first twelve digits of the Git commit.
	Commit string
	// Date is the commit's date, in RFC 3339.
	Date string
	// Modified says that files were changed since the commit.
	Modified bool
}

// Current describes the build that runs. What the linker was given wins over
// what Go recorded.
func Current() Info {
	info := Info{Version: "devel"}
	if recorded, ok := debug.ReadBuildInfo(); ok {
		info = read(recorded)
	}
	if commit != "" {
		info.Modified = false
	}
	info.Version = cmp.Or(strings.TrimPrefix(version, "v"), info.Version)
	info.Commit, info.Date = cmp.Or(shorten(commit), info.Commit), cmp.Or(date, info.Date)
	return info
}

func read(recorded *debug.BuildInfo) Info {
	info := Info{Version: "devel"}
	if recorded.Main.Version != "" && recorded.Main.Version != "(devel)" {
		info.Version = strings.TrimPrefix(recorded.Main.Version, "v")
	}
	for _, setting := range recorded.Settings {
		switch setting.Key {
		case "vcs.revision":
			info.Commit = shorten(setting.Value)
		case "vcs.time":
			info.Date = setting.Value
		case "vcs.modified":
			info.Modified = setting.Value == "true"
		}
	}
	return info
}

func shorten(commit string) string { return commit[:min(12, len(commit))] }

// String is what --version prints after the program's name.
func (i Info) String() string {
	return fmt.Sprintf("%s (commit %s, %s, %s)", i.Version, cmp.Or(i.Commit, "unknown"), cmp.Or(i.Date, "date unknown"), runtime.Version())
}

// UserAgent is the name that requests to Kustomer and babelforce carry.
func UserAgent() string { return "callthread/" + Current().Version }
