package load

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// good is a valid file. Each case below breaks one thing in it.
const good = `timezone: Europe/Berlin
fields: [app.vip]
automations:
  - label: It rings
    event: call.inbound
    action: kustomer.conversation.create
    options:
      name: "Call from {call.from}"
      tags: [babelforce, call_lost]

  - event: call.bridged
    action: kustomer.conversation.update
    options:
      note: |
        Answered by {agent.name}.
        Queue: {queue.name}
      tags: { add: [call_answered], remove: [call_lost] }
`

func TestInvalidYAMLGetsPositionAndHint(t *testing.T) {
	loaded(t, good)
	const name = `"Call from {call.from}"`
	for _, tc := range []struct{ from, to, want string }{
		// Quotes.
		{name, `"Call from {call.from}`, `8:13: …; this " is not closed`},
		{name, `'Call from {call.from}`, `8:13: …; this ' is not closed`},
		{"[babelforce, call_lost]", `[babelforce, "call_lost]`, `9:26: …; this " is not closed`},
		{name, `'It's ringing'`, `8:17: …; the quotes end before the value does: inside of them write '' for ' and \" for "`},
		{name, `"Call" from`, `8:20: …; the quotes end before the value does: inside of them write '' for ' and \" for "`},
		{name, `"Call \d"`, `8:19: …; write \\ for a backslash`},
		{name, "\"Call\n        \\d\"", `9:9: …; write \\ for a backslash`},
		{name, "{call.from} calls", "8:25: …; put a text with a placeholder in quotes"},
		{name, "{call.from:e164} calls", "8:30: …; put a text with a placeholder in quotes"},
		{"[babelforce, call_lost]", "[call_{call.outcome}]", "9:19: …; put a text with a placeholder in quotes"},
		{name, "Call: from", "8:17: …; put the value in quotes"},
		{name, "@home", "8:13: …; put the value in quotes"},
		{name, "`home`", "8:13: …; put the value in quotes"},
		{name, "%d", "8:13: …; put the value in quotes"},
		{name, "*", "8:14: …; put the value in quotes"},
		{name, "*star", "8:13: …; put the value in quotes"},
		{name, "> a", "8:15: …; put the value in quotes"},
		{name, ",a", "8:13: …; put the value in quotes"},
		{"[babelforce, call_lost]", "[@a, b]", "9:14: …"},
		// Brackets.
		{"remove: [call_lost] }", "remove: [call_lost]", "17:13: …; this { is not closed"},
		{"[app.vip]", "[app.vip", "3:12: …; the [ on line 2 is not closed, or a comma is missing"},
		{"[babelforce, call_lost]", "[babelforce, call_lost", "14:13: …; a [ or { above is not closed"},
		{"[call_answered],", "[call_answered]", "17:36: …"},
		{"[babelforce, call_lost]", "[babelforce, call_lost]]", "9:36: …"},
		// Names.
		{"fields: [app.vip]", "fields:[app.vip]", "2:1: …; a name needs a colon and a space after it"},
		{"fields: [app.vip]", "fields = [app.vip]", "2:1: …; a name needs a colon and a space after it"},
		{"    options:\n      note", "    options\n      note", "13:5: …; a name needs a colon and a space after it"},
		{"    event: call.inbound", "    # what\n\n    event call.inbound", "7:5: …; a name needs a colon and a space after it"},
		{"  - label: It rings", "  -label: It rings", `4:3: …; a "-" needs a space after it`},
		// Indentation.
		{"  - event: call.bridged", " - event: call.bridged", "11:2: …; its indentation matches no line above"},
		{"  - event: call.bridged", "- event: call.bridged", "11:1: …; its indentation matches no line above"},
		{"  - event: call.bridged", "  event: call.bridged", "11:3: …; its indentation matches no line above"},
		{"      name:", "       name:", "9:7: …; its indentation matches no line above"},
		{"    event:", "      event:", "5:12: …; the value above goes on in this line: look at its quotes, and at the indentation"},
		{"    event:", "\tevent:", "5:1: …; use spaces, not tabs"},
		{"      tags: [babelforce", "\t    tags: [babelforce", "9:1: …; use spaces, not tabs"},
		{"      tags: [babelforce", "    \ttags: [babelforce", "9:5: …; use spaces, not tabs"},
		{"        Queue:", "\tQueue:", "16:1: …; use spaces, not tabs"},
		// Invalid characters.
		{"Europe/Berlin", "Europe\x07", "1:17: …"},
		{"It rings", "\x00", "4:12: …"},
	} {
		for _, ending := range []string{"\n", "\r\n"} {
			file := strings.ReplaceAll(strings.Replace(good, tc.from, tc.to, 1), "\n", ending)
			_, _, err := Bytes("f.yaml", []byte(file))
			var problems Problems
			require.ErrorAs(t, err, &problems, tc.to)
			place, hint, _ := strings.Cut(tc.want, "…")
			require.Len(t, problems, 1, tc.to)
			require.Regexp(t, `^`+place+`not YAML: [^;]+$`, strings.TrimSuffix(texts(problems), hint), tc.to)
		}
	}
}

func TestInvalidYAMLHasAnExcerpt(t *testing.T) {
	for file, want := range map[string]string{
		strings.Replace(good, `"Call from {call.from}"`, "Call: from", 1): "      name: Call: from\n                ^",
		"a: " + strings.Repeat("x", 997) + ": c":                          strings.Repeat("x", 60) + ": c\n" + strings.Repeat(" ", 60) + "^", // a long line is cut
		"ü: okay\x07b\n":                                                  "ü: okay b\n       ^",
		"a: [b\n":                                                         "a: [b\n   ^",
		"\tb: c":                                                          " b: c\n^",
	} {
		_, _, err := Bytes("f.yaml", []byte(file))
		var problems Problems
		require.ErrorAs(t, err, &problems)
		require.Equal(t, want, problems[0].Excerpt, file)
		require.NotContains(t, err.Error(), "\n", "which logs get")
	}
}

func TestByteOrderMarkIsIgnored(t *testing.T) {
	loaded(t, "\ufeff"+good)
	requireProblems(t, `1:11: unknown time zone "Berlin": use a name such as Europe/Berlin`, "\ufefftimezone: Berlin\n"+creating("{}"))
	requireProblems(t, "1:16: an automation must be a mapping of names to values", "\ufeff{automations: [a]}")
	requireProblems(t, "1:5: not YAML: mapping values are not allowed in this context; put the value in quotes", "\ufeffä: b: c")
}

func TestFileMustBeUTF8(t *testing.T) {
	for file, place := range map[string]string{
		strings.Replace(good, "It rings", "Anrufer M\xfcller", 1): "4:21",
		"a: \u00fc\xff":                    "1:5",
		"\xff\xfea\x00:\x00 \x00b\x00":     "1:1",
		"\x89PNG\r\n\x1a\n\x00\x00\x00\rI": "1:1",
	} {
		requireProblems(t, place+": not UTF-8: save the file in that encoding", file)
	}
}

func TestAliasesAreRefused(t *testing.T) {
	bomb := "a: &a [x, x, x, x, x, x, x, x, x]\n"
	for _, name := range []string{"b", "c", "d", "e", "f", "g", "h", "i"} {
		last := string(name[0] - 1)
		bomb += name + ": &" + name + " [" + strings.Repeat("*"+last+", ", 9) + "]\n"
	}
	_, _, err := Bytes("f.yaml", []byte(bomb+"automations: *i\n"))
	require.ErrorContains(t, err, "aliases are not supported: write the value out")
}

func TestAnchorsAndTagsAreRefused(t *testing.T) {
	requireProblems(t, "5:13: anchors are not supported: put a text that begins with & in quotes", creating("name: &here"))
	requireProblems(t, "5:13: anchors are not supported: put a text that begins with & in quotes", creating("name: &co KG"))
	requireProblems(t, "5:13: the tag !important is not supported: put a text that begins with ! in quotes", creating("name: !important call"))
	loaded(t, creating("name: !!str 12"))
}

func TestEveryLineBreakCounts(t *testing.T) {
	for _, ending := range []string{"\n", "\r\n", "\r", "\u0085", "\u2028"} {
		requireProblems(t, `5:16: unknown placeholder {no}; a field of your own must be listed under "fields"`, strings.ReplaceAll(creating(`name: "a {no}"`), "\n", ending))
	}
}
