package automation_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/call"
)

func TestValuesAddNoLines(t *testing.T) {
	forged := with(func(f *call.Facts) {
		f.Agent.Name = "X\nEnded by: caller"
		f.Summary.Agents = []string{"X\r\nEnded by: caller", "Y"}
		f.Extra["app.text"] = "X\u2028Ended by: caller"
	})
	change, warnings := changed(t, forged, `
name: "{agent.name}"
note: |
  Answered by {agent.name}
  Agents: {call.agents}
  Shop: {app.text}
tags: { add: ["{app.shop}"] }
custom: { nameTxt: "{agent.name}", shopStr: "at {app.text}" }`)
	require.Empty(t, warnings)
	require.Equal(t, "X Ended by: caller", change.Name)
	require.Equal(t, "Answered by X Ended by: caller\nAgents: X Ended by: caller, Y\nShop: X Ended by: caller", change.Note)
	require.Equal(t, map[string]any{"nameTxt": "X Ended by: caller", "shopStr": "at X Ended by: caller"}, change.Custom)

	set := loaded(t, head+creation("{}")+item("call.finished", automation.CreateMessage, "", "subject: \"{agent.name}\"\npreview: |\n  With {agent.name}\n  Over"))
	change, _ = set.Change(call.Finished, forged)
	require.Equal(t, &automation.Message{Subject: "X Ended by: caller", Preview: "With X Ended by: caller\nOver"}, change.Message)
}

func TestInvisibleCharactersAreRemoved(t *testing.T) {
	for value, want := range map[string]string{
		"Amira":                     "Amira",
		" two  spaces ":             " two  spaces ",
		"\n line \r\n\r\n breaks\n": " line   breaks",
		"a\tb\vc\fd\u0085e\u2029f":  "a b c d e f",
		"b\x00e\x07l\x1bl\x7f":      "bell",
		"\u202eevil\u202c":          "evil",
		"\u2066+49\u2069\u200e\u200f\u061c\u202a\u202b\u202d\u2067\u2068": "+49",
		"\u202e\n": "absent",
		"👩‍👩‍👧 Zsófia شكرا 日本": "👩‍👩‍👧 Zsófia شكرا 日本", // joiners belong to emoji and names
	} {
		require.Equal(t, "<"+want+">", written(t, carrying("app.text", value), "<{app.text|absent}>"), "%q", value)
	}
	require.True(t, holds(t, carrying("app.text", "\u200eGold\n"), "{ conditions: [{ expression: app.text, operator: EQ, expectation: Gold }] }"))
	require.Equal(t, "…4567", written(t, with(func(f *call.Facts) { f.Leg.From = "\u2066+49 30 123\u20694567\n" }), "…{call.from:last4}"))
}

// Texts of the file itself may have several lines.
func TestLinesOfTheFileStay(t *testing.T) {
	require.Equal(t, "a\n\nb\tc", written(t, answered(), "a\n\nb\tc"))
	require.Equal(t, "d\ne", written(t, littleKnown(), strings.Join([]string{"d", "{agent.name}", "{agent.name|e}"}, "\n")))
}
