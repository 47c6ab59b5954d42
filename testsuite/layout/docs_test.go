package layout

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var testName = regexp.MustCompile(`\bTest[A-Z]\w+`)

// A promise whose test was renamed or removed is no longer proven.
func TestGuaranteesNameTestsThatExist(t *testing.T) {
	var tests strings.Builder
	require.NoError(t, filepath.WalkDir("../..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		tests.Write(text)
		return err
	}))
	text, err := os.ReadFile("../../docs/guarantees.md")
	require.NoError(t, err)
	named := testName.FindAllString(string(text), -1)
	require.NotEmpty(t, named)
	var missing []string
	for _, name := range named {
		if !strings.Contains(tests.String(), "\nfunc "+name+"(t *testing.T)") {
			missing = append(missing, name)
		}
	}
	require.Empty(t, missing, "docs/guarantees.md names tests that do not exist")
}
