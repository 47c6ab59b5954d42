package deploy

import (
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"

	"github.com/callthread/callthread/testsuite/document"
)

// released is the part of .goreleaser.yaml that says which files of the repository a release has.
type released struct {
	Archives []struct {
		Files []struct{ Src string }
	}
	Nfpms []struct {
		Contents []struct{ Src, Dst string }
	}
}

func release(t *testing.T) (read released) {
	t.Helper()
	require.NoError(t, yaml.Unmarshal([]byte(document.Read(t, "../../.goreleaser.yaml").Text), &read))
	return read
}

// aboutTheCode are documents that link to the code, which a release does not have.
var aboutTheCode = []string{"docs/design.md", "docs/performance.md"}

func TestLinksInTheManualOfAReleaseLeadToWhatItHas(t *testing.T) {
	has := make(map[string]bool) // files, and the folders that they are in
	var manual []string
	for _, file := range release(t).Archives[0].Files {
		for _, name := range matches(t, file.Src) {
			manual = append(manual, name)
			for ; name != "."; name = path.Dir(name) {
				has[name] = true
			}
		}
	}
	links := 0
	for _, from := range manual {
		if path.Ext(from) != ".md" || slices.Contains(aboutTheCode, from) {
			continue
		}
		for _, found := range regexp.MustCompile(`\]\(([^)\s:#]+)[)#]`).FindAllStringSubmatch(document.Read(t, "../../"+from).Text, -1) {
			links++
			require.True(t, has[path.Join(path.Dir(from), found[1])], "%s links to %s, which is not in the archive", from, found[1])
		}
	}
	require.Greater(t, links, 200)
}

func TestPackagesHaveTheManualOfTheArchive(t *testing.T) {
	read := release(t)
	var inArchive, inPackage []string
	for _, file := range read.Archives[0].Files {
		inArchive = append(inArchive, file.Src)
	}
	for _, file := range read.Nfpms[0].Contents {
		if strings.HasPrefix(file.Dst, "/usr/share/doc/callthread") {
			inPackage = append(inPackage, file.Src)
		}
	}
	require.ElementsMatch(t, inArchive, inPackage)
}

// matches returns the repository's files that a pattern of GoReleaser matches.
func matches(t *testing.T, pattern string) (files []string) {
	t.Helper()
	text := regexp.QuoteMeta(pattern)
	for _, meaning := range [][2]string{{`\*\*`, ".+"}, {`\*`, "[^/]*"}, {`\{`, "(?:"}, {",", "|"}, {`\}`, ")"}} {
		text = strings.ReplaceAll(text, meaning[0], meaning[1])
	}
	matching := regexp.MustCompile("^" + text + "$")
	require.NoError(t, fs.WalkDir(os.DirFS("../.."), ".", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && matching.MatchString(name) {
			files = append(files, name)
		}
		return err
	}))
	require.NotEmpty(t, files, pattern)
	return files
}
