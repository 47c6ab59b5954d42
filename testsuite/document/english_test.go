package document

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// idioms are words that make a reader stop, because plain English has shorter ways:
// "is told" is "receives", "whoever" is "the caller who", "anew" is "again".
var idioms = regexp.MustCompile(`(?i)\b((is|are|was|were|be|been) (told|said)|told|heard( of)?|whoever|whatever|whichever|whom|is of|are of|those of|that of|` +
	`nobody|nobody's|nobodys|somebody|anybody|anew|be it|put right|meanwhile|says? of|said of|so many as|overtaken|overheard|in vain|of its own accord)\b`)

// mostIdioms is how many of them 100 lines of comments may have.
const mostIdioms = 1.5

func TestCommentsArePlainEnglish(t *testing.T) {
	lines, found := 0, []string{}
	require.NoError(t, filepath.WalkDir("../..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".go" {
			return err
		}
		n, idiomatic := commentsOf(t, path)
		lines, found = lines+n, append(found, idiomatic...)
		return nil
	}))
	require.Greater(t, lines, 1000, "comments are looked at")
	share := 100 * float64(len(found)) / float64(lines)
	t.Logf("%d idioms in %d lines of comments: %.1f in 100", len(found), lines, share)
	require.LessOrEqual(t, share, mostIdioms, strings.Join(found, "\n"))
}

// commentsOf counts the lines of a file's comments, and returns each idiom with its place.
func commentsOf(t *testing.T, path string) (lines int, found []string) {
	t.Helper()
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, nil, parser.ParseComments|parser.SkipObjectResolution)
	require.NoError(t, err)
	for _, group := range file.Comments {
		for _, comment := range group.List {
			for i, line := range strings.Split(comment.Text, "\n") {
				if strings.Trim(line, "/* \t") == "" {
					continue
				}
				lines++
				for _, idiom := range idioms.FindAllString(line, -1) {
					found = append(found, fmt.Sprintf("%s:%d: %q in %s", path, files.Position(comment.Pos()).Line+i, idiom, strings.TrimSpace(line)))
				}
			}
		}
	}
	return lines, found
}

func TestDocumentsArePlainEnglish(t *testing.T) {
	documents, err := filepath.Glob("../../docs/*.md")
	require.NoError(t, err)
	for _, path := range append(documents, "../../README.md", "../../CONTRIBUTING.md", "../../SECURITY.md") {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		lines := strings.Split(string(text), "\n")
		var found []string
		for i, line := range lines {
			for _, idiom := range idioms.FindAllString(line, -1) {
				found = append(found, fmt.Sprintf("%s:%d: %q", path, i+1, idiom))
			}
		}
		require.LessOrEqual(t, 100*float64(len(found))/float64(len(lines)), mostIdioms, strings.Join(found, "\n"))
	}
}
