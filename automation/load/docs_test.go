package load

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/testsuite/document"
)

func documentation(t *testing.T) document.Document {
	t.Helper()
	return document.Read(t, "../../docs/automations.md")
}

// A copied example must load without a problem. Examples that show a part of a file get a
// creation.
func TestExamplesInTheDocumentationLoad(t *testing.T) {
	schema := loadSchema(t)
	examples := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(documentation(t).Text, -1)
	require.Greater(t, len(examples), 10)
	for _, example := range examples {
		file := example[1]
		switch {
		case !strings.Contains(file, "automations:\n"):
			file += creating("{}")
		case !strings.Contains(file, createAction):
			file = strings.Replace(file, "automations:\n", "automations:\n"+creation("{}"), 1)
		}
		_, warnings, err := Bytes("docs/automations.md", []byte(file))
		require.NoError(t, err, file)
		require.Empty(t, warnings)
		require.NoError(t, schema.Validate(asJSON(t, file)), file)
	}
}

// The example files use tables and simple comparisons, not patterns.
func TestExampleFilesLoadWithoutPatterns(t *testing.T) {
	schema := loadSchema(t)
	files, err := filepath.Glob("../../docs/examples/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		_, warnings, err := Bytes(file, content)
		require.NoError(t, err)
		require.Empty(t, warnings)
		require.NoError(t, schema.Validate(asJSON(t, string(content))), file)
		require.NotRegexp(t, "REGEXP|LIKE|STARTS_WITH|CONTAINS", string(content))
	}
}

func TestEveryWordIsDocumented(t *testing.T) {
	page := documentation(t)
	for name, placeholder := range automation.Placeholders {
		page.Has(t, "`"+name+"`")
		for _, format := range automation.FormatsOf(placeholder.Kind) {
			page.Has(t, "`"+format+"`")
		}
	}
	for _, event := range automation.EventNames {
		page.Has(t, "\n| `"+event+"` |")
	}
	for _, outcome := range call.Outcomes() {
		page.Has(t, "\n| `"+string(outcome)+"` | "+outcome.InWords()+" |")
	}
	for _, key := range offeredAt(t, []string{"properties"}) {
		require.True(t, regexp.MustCompile("\\b"+key+"\\b").MatchString(page.Text), "%s does not name %s", page.Name, key)
	}
}
