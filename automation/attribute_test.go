package automation_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/call"
)

func TestSuffixDecidesTheTypeSent(t *testing.T) {
	long := strings.Repeat("ü", 1025)
	for attribute, tc := range map[string]struct {
		facts call.Facts
		want  any
	}{
		// One placeholder keeps its type.
		`aNum: "{call.duration}"`:         {answered(), 60},
		`aAt: "{call.dateCreated}"`:       {answered(), "2026-11-23T11:00:00.000Z"},
		`aBool: "{call.anonymous}"`:       {answered(), false},
		`aStr: "{call.duration}"`:         {answered(), "60"},
		`aTxt: "{call.dateCreated}"`:      {answered(), "2026-11-23T11:00:00Z"},
		`aStr: "{call.anonymous}"`:        {answered(), "false"},
		`aNum: "{call.dateCreated:unix}"`: {answered(), 1795431600.0},
		`aStr: "{call.duration:minutes}"`: {answered(), "1:00"},
		`aNum: "{call.duration|-1}"`:      {littleKnown(), -1.0},
		`aBool: "{app.vip|false}"`:        {littleKnown(), false},
		// Text is converted.
		`aNum: "{app.score}"`:                             {carrying("app.score", " 12.50 "), 12.5},
		`aAt: "{app.score}"`:                              {carrying("app.score", "2026-11-23T12:00:00.5+01:00"), "2026-11-23T11:00:00.500Z"},
		`aBool: "{app.score}"`:                            {carrying("app.score", "TRUE"), true},
		`aUrl: "{app.score}"`:                             {carrying("app.score", "https://example.com/a?b=c"), "https://example.com/a?b=c"},
		`aUrl: "{integration.kustomer.conversation.url}"`: {answered(), answered().Kustomer.ConversationURL},
		`aUrl: "https://x.example/{call.id}"`:             {answered(), "https://x.example/k-1"},
		`aStr: "{app.score}"`:                             {carrying("app.score", long), strings.Repeat("ü", 1023) + "…"},
		`aTxt: "{app.score}"`:                             {carrying("app.score", long[2:]), long[2:]},
		`other: "{app.shop}"`:                             {answered(), "Berlin"},
		`Num: "{app.shop}"`:                               {answered(), "Berlin"}, // a name, and no suffix
		// Literal values are sent as they are written.
		`aNum: 12.50`:               {answered(), 12.5},
		`aBool: True`:               {answered(), true},
		`aStr: 493020002000`:        {answered(), "493020002000"},
		`aStr: 0123`:                {answered(), "0123"},
		`aTxt: 1.10`:                {answered(), "1.10"},
		`other: true`:               {answered(), "true"},
		`aAt: 2026-11-23T11:00:00Z`: {answered(), "2026-11-23T11:00:00.000Z"},
		// Absent values are left out without a warning.
		`aNum: "{call.duration}"  # absent`: {littleKnown(), nil},
		`aStr: "{queue.name} {agent.name}"`: {littleKnown(), nil},
		`aBool: "{app.vip|}"`:               {littleKnown(), nil},
	} {
		change, warnings := changed(t, tc.facts, "custom:\n  "+attribute)
		require.Empty(t, warnings, attribute)
		if tc.want == nil {
			require.Empty(t, change.Custom, attribute)
			continue
		}
		name, _, _ := strings.Cut(attribute, ":")
		require.Equal(t, map[string]any{name: tc.want}, change.Custom, attribute)
	}
}

func TestUnconvertibleAttributeIsLeftOut(t *testing.T) {
	for suffix, tc := range map[string]struct {
		values []string
		what   string
	}{
		"Num":  {[]string{"many", "1,5", "NaN", "Inf", "-inf", "1e999", "0x"}, "a number"},
		"At":   {[]string{"yesterday", "2026-11-23", "1795431600"}, "a time"},
		"Bool": {[]string{"yes", "2"}, "true or false"},
		"Url":  {[]string{"example.com", "/a", "ftp://example.com", "javascript:alert(1)", "https://", "https://a b/", "://"}, "an absolute URL"},
	} {
		for _, value := range tc.values {
			change, warnings := changed(t, carrying("app.text", value), `custom: { a`+suffix+`: "{app.text}", bStr: kept }`)
			require.Equal(t, map[string]any{"bStr": "kept"}, change.Custom, value)
			require.Equal(t, []string{"attribute a" + suffix + " was left out: its value is not " + tc.what}, warnings, value)
		}
	}
}
