package deploy

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/testsuite/document"
)

var (
	// listed is a flag in a program's help: its name and the rest of its line.
	listed = regexp.MustCompile(`(?m)^   (--[a-z-]+)(.*)$`)
	// byVariable are the variables that set a flag, the last thing on its line.
	byVariable = regexp.MustCompile(`\$([A-Z_]+)`)
	preset     = regexp.MustCompile(`\(default: "?([^")]+)"?\)`)
	// command is one in the list of a program's help.
	command = regexp.MustCompile(`(?m)^   ([a-z][a-z-]+) {2,}\S`)
)

func reference(t *testing.T) document.Document {
	t.Helper()
	return document.Read(t, "../../docs/reference.md")
}

func TestReferenceListsEverySetting(t *testing.T) {
	page := reference(t)
	for _, program := range []string{"starter", "worker"} {
		settings := listed.FindAllStringSubmatch(help(t, program), -1)
		require.Greater(t, len(settings), 25, program)
		for _, setting := range settings {
			row := rowOf(page.Text, setting[1])
			require.NotEmpty(t, row, "docs/reference.md has no row for %s of %s", setting[1], program)
			for _, variable := range byVariable.FindAllStringSubmatch(setting[2], -1) {
				require.Contains(t, row, "`"+variable[1]+"`", setting[1])
			}
			if value := preset.FindStringSubmatch(setting[2]); value != nil && value[1] != "false" && value[1] != "0s" {
				require.Contains(t, row, inShort(value[1]), setting[1])
			}
		}
	}
}

// rowOf is the row of a table whose first cell names a flag.
func rowOf(page, flag string) string {
	return regexp.MustCompile("(?m)^\\| [^|]*`" + flag + "[` ].*$").FindString(page)
}

// inShort writes 10m0s as 10m.
func inShort(value string) string {
	if _, err := time.ParseDuration(value); err != nil {
		return value
	}
	return regexp.MustCompile(`([a-z])0[ms](?:0s)?$`).ReplaceAllString(value, "$1")
}

// A command's flag stands in its row, in what is said of all commands, or among the settings.
func TestReferenceListsEveryCommandWithItsFlags(t *testing.T) {
	page := reference(t)
	settings, commands, _ := strings.Cut(page.Text, "\n## Commands\n")
	commands, _, _ = strings.Cut(commands, "\n## Webhook\n")
	ofAll, _, _ := strings.Cut(commands, "\n**Look at calls**\n")
	_, demo, _ := strings.Cut(commands, "\n### The demo\n")
	for _, name := range commandNames(t) {
		page.Has(t, "`starter "+name)
		described := settings + ofAll + strings.Join(regexp.MustCompile("(?m)^\\| `starter "+name+"[` ].*$").FindAllString(commands, -1), "")
		if name == "demo" {
			described += demo
		}
		for _, flag := range listed.FindAllStringSubmatch(help(t, "starter", name), -1) {
			require.Contains(t, flags.FindAllString(described, -1), flag[1], "docs/reference.md, starter %s", name)
		}
	}
}

// commandNames are the starter's commands, as its help lists them.
func commandNames(t *testing.T) (names []string) {
	t.Helper()
	_, list, _ := strings.Cut(help(t, "starter"), "\nCOMMANDS:\n")
	list, _, _ = strings.Cut(list, "\nGLOBAL OPTIONS:\n")
	for _, found := range command.FindAllStringSubmatch(list, -1) {
		names = append(names, found[1])
	}
	require.Greater(t, len(names), 15)
	return names
}
