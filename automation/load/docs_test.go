package load

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/call"
)

func documentation(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/automations.md")
	require.NoError(t, err)
	return string(text)
}

// Who copies an example must not be told that it is wrong. Those that show a
// part of a file are given a conversation to be about.
func TestExamplesInTheDocumentationLoad(t *testing.T) {
	schema := loadSchema(t)
	examples := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(documentation(t), -1)
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

func TestEveryWordOfAFileIsDocumented(t *testing.T) {
	text := documentation(t)
	for name := range automation.Placeholders {
		require.Contains(t, text, "`"+name+"`")
	}
	for _, placeholder := range automation.Placeholders {
		for _, name := range automation.FormatsOf(placeholder.Kind) {
			require.Contains(t, text, "`"+name+"`")
		}
	}
	for _, event := range automation.EventNames {
		require.Contains(t, text, "\n| `"+event+"` |")
	}
	for _, outcome := range call.Outcomes() {
		require.Contains(t, text, "\n| `"+string(outcome)+"` | "+outcome.InWords()+" |")
	}
	for _, key := range offeredAt(t, []string{"properties"}) {
		require.Regexp(t, "\\b"+key+"\\b", text)
	}
}
