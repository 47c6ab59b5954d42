package load

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/call"
)

const (
	createAction  = string(automation.CreateConversation)
	updateAction  = string(automation.UpdateConversation)
	messageAction = string(automation.CreateMessage)

	userID = "5f0c1a2b3c4d5e6f70819210"
	teamID = "5f0c1a2b3c4d5e6f70819220"
)

// head declares extra fields, a zone with daylight saving and a queue's team.
const head = "timezone: Europe/Berlin\nfields: [app.shop, app.vip, app.score, app.text]\nqueues: { support: " + teamID + " }\nautomations:\n"

// creation returns an automation of call.inbound that creates a conversation, as a list item.
func creation(options string) string { return item("call.inbound", createAction, "", options) }

// placing returns an automation of call.outbound that creates a conversation.
func placing(options string) string { return item("call.outbound", createAction, "", options) }

// update returns an automation that updates the conversation on an event.
func update(event call.Kind, options string) string {
	return item(automation.EventNames[event], updateAction, "", options)
}

func item(event, action, more, options string) string {
	options = strings.ReplaceAll(strings.TrimSpace(options), "\n", "\n      ")
	return "  - event: " + event + "\n    action: " + action + "\n" + more + "    options:\n      " + options + "\n"
}

// These return files for tests of the options or of the keys beside them. Options begin on line
// 5, in column 7.
func creating(options string) string { return "automations:\n" + creation(options) }

func updating(options string) string {
	return "automations:\n" + update(call.Bridged, options) + creation("{}")
}

// ending returns a file with an automation of call.finished, where most is known.
func ending(options string) string {
	return "automations:\n" + update(call.Finished, options) + creation("{}")
}

func beside(more string) string {
	return "automations:\n" + item("call.inbound", createAction, "    "+more+"\n", "{}")
}

// comparing returns a file with one condition on call.finished, where most is known. The condition
// is given from its expression on, which begins on line 4, in column 43.
func comparing(condition string) string {
	return "automations:\n" + item("call.finished", updateAction, "    trigger: { conditions: [{ expression: "+condition+" }] }\n", "{}") + creation("{}")
}

// loaded loads a file that must have no problems and no warnings.
func loaded(t *testing.T, file string) *automation.Set {
	t.Helper()
	set, warnings, err := Bytes("f.yaml", []byte(file))
	require.NoError(t, err)
	require.Empty(t, warnings)
	return set
}

// requireProblems compares all problems of a file, one a line, without the file's name.
func requireProblems(t *testing.T, want, file string) {
	t.Helper()
	_, _, err := Bytes("f.yaml", []byte(file))
	var problems Problems
	require.ErrorAs(t, err, &problems, "%.300s", file)
	require.Equal(t, strings.TrimSpace(want), texts(problems), "%.300s", file)
}

// requireWarnings compares all warnings about a file without problems.
func requireWarnings(t *testing.T, want, file string) {
	t.Helper()
	_, warnings, err := Bytes("f.yaml", []byte(file))
	require.NoError(t, err, file)
	require.Equal(t, strings.TrimSpace(want), texts(warnings), file)
}

func texts(problems Problems) string {
	var lines []string
	for _, p := range problems {
		lines = append(lines, strings.TrimPrefix(strings.TrimPrefix(p.String(), "f.yaml:"), " "))
	}
	return strings.Join(lines, "\n")
}
