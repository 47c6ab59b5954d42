package load

import (
	"fmt"

	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/call"
)

func TestAllProblemsAreReportedInOrder(t *testing.T) {
	requireProblems(t, `
1:11: unknown time zone "Europe/Berln": use a name such as Europe/Berlin
4:12: "event" cannot be "call.inbond": did you mean "call.inbound"? Use one of call.bridged, call.finished, call.inbound, call.outbound, call.wrappedUp, recording.finished
7:14: unknown placeholder {call.form}: did you mean "call.from"?
8:15: "status" cannot be "opened": did you mean "open"? Use one of open, done
9:26: tag "call lost!": Kustomer takes letters, digits, spaces inside, and _ / < > - . only, 64 characters at most
10:40: waitNum: "long" is not a number
13:13: "action" cannot be "kustomer.conversation.updat": did you mean "kustomer.conversation.update"? Use one of kustomer.conversation.create, kustomer.conversation.update, kustomer.message.create
18:24: "amira" is not a Kustomer id, which has 24 hexadecimal digits
20:24: unknown placeholder {agent.nmae}: did you mean "agent.name"?
21:7: unknown key "tag" in the options of kustomer.conversation.update: did you mean "tags"?`, `timezone: Europe/Berln
automations:
  - label: ten mistakes
    event: call.inbond
    action: kustomer.conversation.create
    options:
      name: "{call.form}"
      status: opened
      tags: [babelforce, "call lost!"]
      custom: { callIdStr: x, waitNum: long }
  - label: an action of its own
    event: call.bridged
    action: kustomer.conversation.updat
    options: {}
  - event: call.bridged
    action: kustomer.conversation.update
    options:
      assignedUsers: [ amira ]
      note: |
        ä ünd so — 日本: {agent.nmae}
      tag: { add: [a] }
`)
}

func TestProblemsInTextsPointAtTheBrace(t *testing.T) {
	const wrong = "unknown placeholder {no}; a field of your own must be listed under \"fields\"\n"
	for note, want := range map[string]string{
		"note: ü {no}":                                          "5:15: " + wrong,
		"note: a\n  {call.id} b\n  {no}":                        "7:9: " + wrong,
		"note: 'it''s {{ {no}'":                                 "5:23: " + wrong,
		"note: \"a\\n\\\"b\\u00fc {no} {no}\"":                  "5:27: " + wrong + "5:32: " + wrong,
		"note: \"a\n\n  {call.id}\\\n  ü {no}\"":                "8:11: " + wrong,
		"note: |\n  a\n    ü {no}\n\n  {no}":                    "7:13: " + wrong + "9:9: " + wrong,
		"note: |2-\n     a\n    {no}":                           "7:11: " + wrong,
		"note: >\n  a {call.id}\n  b {no}\n\n  {no}":            "7:11: " + wrong + "9:9: " + wrong,
		"note: !!str '{no}'":                                    "5:20: " + wrong,
		"tags:\n  add:\n    - a\n    - 'ü{no}'\n    - \"{no}\"": "8:15: " + wrong + "9:14: " + wrong,
		"custom:\n  aStr: |-\n    {no}\n  bStr: '{{no}} {no}'":  "7:11: " + wrong + "8:23: " + wrong,
	} {
		requireProblems(t, want, updating(note))
	}
	requireProblems(t, "5:13: "+wrong, creating(`name: "\x7bno\x7d"`)) // no brace to point at
	requireProblems(t, "5:15: "+wrong, strings.ReplaceAll(updating("note: a {no}"), "\n", "\r\n"))
}

func TestTriggersProblemIsReportedOnce(t *testing.T) {
	use := "    trigger: t\n"
	requireProblems(t, `1:31: unknown key "expresion" in a condition: did you mean "expression"?`,
		"triggers: {t: {conditions: [{ expresion: call.id, operator: GIVEN }]}}\nautomations:\n"+item("call.inbound", createAction, use, "{}")+
			item("call.bridged", updateAction, use, "{}")+item("call.bridged", updateAction, use, "{}"))
	// A placeholder that is known on some events is a problem only on the others.
	requireProblems(t, "1:43: {agent.id} is not known yet on call.inbound, only from call.bridged on (used on call.inbound on line 5)",
		"triggers: {t: {conditions: [{ expression: agent.id, operator: GIVEN }]}}\nautomations:\n"+
			item("call.inbound", createAction, use, "{}")+item("call.bridged", updateAction, use, "{}"))
}

func TestDisabledAutomationIsChecked(t *testing.T) {
	requireProblems(t, `14:15: "status" cannot be "x": use one of open, snoozed, done`,
		head+creation("{}")+item("call.bridged", updateAction, "    enabled: false\n", "name: a\nstatus: x"))
}

// A file far beyond any real file must not use up the program's time or memory.
func TestFilesFullOfMistakesAreRefusedFast(t *testing.T) {
	lines := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	for name, file := range map[string]string{
		"unknown keys":         lines(40_000, "key%d: 1\n"),
		"unknown placeholders": updating("note: '" + strings.Repeat("{x}", 300_000) + "'"),
		"stray braces":         updating("note: '" + strings.Repeat("}x", 500_000) + "'"),
		"bad tags":             creating("tags:\n" + lines(40_000, "  - '%d!'\n")),
		"bad attributes":       creating("custom:\n" + lines(40_000, "  a%dNum: x\n")),
	} {
		_, _, err := Bytes("f.yaml", []byte(file))
		var problems Problems
		require.ErrorAs(t, err, &problems, name)
		require.Len(t, problems, maxProblems+1, name)
		require.Equal(t, "f.yaml: these are the first 500 problems", problems[maxProblems].String(), name)
	}
	for want, file := range map[string]string{
		"802:5: more than 200 automations":                                    creating("{}") + strings.Repeat(update(call.Bridged, "{}"), 300),
		"102:3: more than 100 fields":                                         "fields:\n" + lines(101, "- f%d\n") + creating("{}"),
		"5:15: \"custom\" has 101 attributes, but Kustomer takes 100 at most": creating("custom: {" + lines(101, "a%d: 1,") + "}"),
		"4:83: the patterns of REGEXP and LIKE are longer than 5000 characters in all": beside("trigger: { conditions: [{ expression: call.id, operator: REGEXP, expectation: '" +
			strings.Repeat("x{1000}", 1000) + "'}] }"),
	} {
		requireProblems(t, want, file)
	}
}

func TestNamedTriggerIsReadOnce(t *testing.T) {
	trigger := "triggers: {t: {conditions: [{ expression: call.id, operator: REGEXP, expectation: '" + strings.Repeat("x", 1000) + "' }]}}\n"
	loaded(t, trigger+creating("{}")+strings.Repeat(item("call.bridged", updateAction, "    trigger: t\n", "{}"), 100))
}

func TestProblemsReadLikeCompilerMessages(t *testing.T) {
	at := Problem{File: "f.yaml", Line: 3, Column: 7, Text: "wrong"}
	require.Equal(t, "f.yaml:3:7: wrong\nf.yaml: all wrong", Problems{at, {File: "f.yaml", Text: "all wrong"}}.Error())
}
