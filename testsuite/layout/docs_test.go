package layout

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/testsuite/document"
)

const root = "../../"

var (
	testName = regexp.MustCompile(`\bTest[A-Z]\w+`)
	// link is one within the repository, of a text or a picture.
	link    = regexp.MustCompile(`\]\(([^)\s:]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.+)$`)
	fenced  = regexp.MustCompile("(?ms)^```.*?^```")
	quoted  = regexp.MustCompile(`"([^"\n]+)"`)
)

// A promise whose test was renamed or removed is no longer proven.
func TestGuaranteesNameTestsThatExist(t *testing.T) {
	tests := sources(t, func(path string) bool { return strings.HasSuffix(path, "_test.go") })
	named := testName.FindAllString(document.Read(t, root+"docs/guarantees.md").Text, -1)
	require.NotEmpty(t, named)
	var missing []string
	for _, name := range named {
		if !strings.Contains(tests, "\nfunc "+name+"(t *testing.T)") {
			missing = append(missing, name)
		}
	}
	require.Empty(t, missing, "docs/guarantees.md names tests that do not exist")
}

// sources are the files that are chosen, as one text.
func sources(t *testing.T, chosen func(path string) bool) string {
	t.Helper()
	var all strings.Builder
	require.NoError(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !chosen(path) {
			return err
		}
		text, err := os.ReadFile(path)
		all.Write(text)
		return err
	}))
	return all.String()
}

func TestLinksOfDocumentsLeadToWhatExists(t *testing.T) {
	documents, err := filepath.Glob(root + "docs/*.md")
	require.NoError(t, err)
	links := 0
	for _, from := range append(documents, root+"README.md", root+"CONTRIBUTING.md", root+"SECURITY.md", root+"CHANGELOG.md") {
		for _, found := range link.FindAllStringSubmatch(document.Read(t, from).Text, -1) {
			links++
			file, anchor, _ := strings.Cut(found[1], "#")
			to := from
			if file != "" {
				to = filepath.Join(filepath.Dir(from), file)
			}
			_, err := os.Stat(to)
			require.NoError(t, err, "%s in %s", found[1], from)
			if anchor != "" {
				require.Contains(t, anchors(t, to), anchor, "%s in %s", found[1], from)
			}
		}
	}
	require.Greater(t, links, 200)
}

// anchors are those that GitHub gives to the headings of a document.
func anchors(t *testing.T, file string) (names []string) {
	t.Helper()
	noise := regexp.MustCompile(`[^\p{L}\p{N} _-]`)
	for _, h := range heading.FindAllStringSubmatch(fenced.ReplaceAllString(document.Read(t, file).Text, ""), -1) {
		names = append(names, strings.ReplaceAll(noise.ReplaceAllString(strings.ToLower(h[1]), ""), " ", "-"))
	}
	return names
}

// Who compares what a program prints with the page must find the same words there.
func TestTroubleshootingQuotesWhatProgramsPrint(t *testing.T) {
	said := sources(t, func(path string) bool { return strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") })
	quotes := 0
	for _, found := range quoted.FindAllStringSubmatch(document.Read(t, root+"docs/troubleshooting.md").Text, -1) {
		for words := range strings.SplitSeq(regexp.MustCompile(`\(HTTP \d+\)`).ReplaceAllString(found[1], "…"), "…") {
			if words = strings.Trim(words, " :,"); words != "" {
				quotes++
				require.True(t, strings.Contains(said, words), "no program says %q", words)
			}
		}
	}
	require.Greater(t, quotes, 40)
}
