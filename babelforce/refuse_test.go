package babelforce

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// marked represents personal data in refused bodies.
const marked = "MARKED-4930"

func TestRefusalNeverContainsAValue(t *testing.T) {
	for name, c := range map[string]struct {
		contentType, body string
		kind              error
		field             string
	}{
		"empty JSON":          {jsonType, "", ErrUnreadable, ""},
		"empty, no type":      {"", " \n", ErrUnreadable, ""},
		"empty form":          {formType, "", ErrNoCallID, "call.id"},
		"broken JSON":         {jsonType, `{"call":{"from":"` + marked, ErrUnreadable, ""},
		"trailing JSON":       {jsonType, `{"call.id":"x"} "` + marked + `"`, ErrUnreadable, ""},
		"trailing comma":      {jsonType, `{"call.id":"x",}`, ErrUnreadable, ""},
		"list":                {jsonType, `["` + marked + `"]`, ErrUnreadable, ""},
		"text":                {jsonType, `"` + marked + `"`, ErrUnreadable, ""},
		"NaN":                 {jsonType, `{"call.id":"x","call.duration":NaN}`, ErrUnreadable, ""},
		"not a form, no type": {"", marked, ErrContentType, ""},

		"no id":                {jsonType, `{"call":{"from":"` + marked + `"}}`, ErrNoCallID, "call.id"},
		"parent id only":       {jsonType, `{"call":{"parentId":"` + marked + `"}}`, ErrNoCallID, "call.id"},
		"id null":              {jsonType, `{"call":{"id":null}}`, ErrNoCallID, "call.id"},
		"id placeholder":       {jsonType, `{"call":{"id":"{call.id}"}}`, ErrNoCallID, "call.id"},
		"recording of no call": {jsonType, `{"recording":{"url":"` + marked + `"}}`, ErrNoCallID, "call.id"},
		"id a word":            {jsonType, `{"call":{"id":"undefined"}}`, ErrNoCallID, "call.id"},
		"embedded JSON":        {formType, `payload={"call":{"id":"` + marked + `"}}`, ErrNoCallID, "call.id"},

		"id with slash":      {jsonType, `{"call":{"id":"` + marked + `/../x"}}`, ErrUnusableID, "call.id"},
		"id with newline":    {jsonType, `{"call":{"id":"a\n` + marked + `"}}`, ErrUnusableID, "call.id"},
		"id with NUL":        {jsonType, `{"call":{"id":"a\u0000` + marked + `"}}`, ErrUnusableID, "call.id"},
		"id with an umlaut":  {jsonType, `{"call":{"id":"Süd-` + marked + `"}}`, ErrUnusableID, "call.id"},
		"id turned around":   {jsonType, `{"call":{"id":"\u202e` + marked + `"}}`, ErrUnusableID, "call.id"},
		"half a placeholder": {jsonType, `{"call":{"id":"{call.id}-` + marked + `"}}`, ErrUnusableID, "call.id"},
		"long id":            {jsonType, `{"call":{"id":"` + marked + strings.Repeat("a", maxID) + `"}}`, ErrUnusableID, "call.id"},
		"longer id":          {jsonType, `{"call":{"id":"` + marked + strings.Repeat("a", maxValue) + `"}}`, ErrUnusableID, "call.id"},
		"id of bytes":        {formType, "call.id=%FF" + marked, ErrUnusableID, "call.id"},
		"id half escaped":    {formType, "call.id=%zz" + marked, ErrUnusableID, "call.id"},
		"id an object":       {jsonType, `{"call":{"id":{"a":"` + marked + `"}}}`, ErrUnusableID, "call.id"},
		"recording's call":   {jsonType, `{"recording":{"call":{"id":"` + marked + `/"}}}`, ErrUnusableID, "recording.call.id"},
		"agent's leg of":     {jsonType, `{"call":{"id":"x","type":"outbound","parentId":"a\n` + marked + `"}}`, ErrUnusableID, "call.parentId"},

		"unknown characters": {jsonType + "; charset=" + marked, `{"call.id":"x"}`, ErrContentType, ""},
		"two bytes each":     {jsonType + "; charset=utf-16", `{"call.id":"x"}`, ErrContentType, ""},
		"other trail bytes":  {jsonType + "; charset=shift_jis", `{"call.id":"x"}`, ErrContentType, ""},
	} {
		t.Run(name, func(t *testing.T) {
			event, err := Decode(CallInbound, c.contentType, []byte(c.body))
			require.ErrorIs(t, err, c.kind)
			require.Zero(t, event)
			var refusal *DecodeError
			require.True(t, errors.As(err, &refusal))
			require.Equal(t, c.field, refusal.Field)
			require.NotEmpty(t, refusal.Problem)
			require.NotContains(t, err.Error(), marked)
		})
	}
}

func TestHostileNumbersAreLeftOut(t *testing.T) {
	for _, value := range []string{
		`-0`, `-1`, `"-0"`, `"NaN"`, `"Inf"`, `"+Inf"`, `"0x10"`, `"1_000"`, `1e999`, `1e999999999`, `"1e-"`, `"."`, `"1 2"`, `"٤٢"`,
		`"` + strings.Repeat("9", 4000) + `"`, strings.Repeat("9", 4000),
		`1e15`, `"0000-01-01T00:00:00Z"`, `"9999-12-31T23:59:59-23:59"`, `"1969-12-31T23:59:59Z"`, `"2026-06-24"`,
	} {
		for _, field := range []string{"call.duration", "recording.duration", "call.dateFinished"} {
			event := mustDecode(t, jsonType, fmt.Sprintf(`{"call.id":"x","%s":%s}`, field, value))
			require.Equal(t, Event{Name: CallBridged, Call: Call{ID: "x"}, Ignored: []string{field}}, event, value)
		}
	}
	require.Nil(t, mustDecode(t, jsonType, `{"call.id":"x","call.duration":31622401}`).Call.Duration, "more than a year")
}

func TestLimitsAreInclusive(t *testing.T) {
	event := mustDecode(t, formType, "call.id="+strings.Repeat("a", maxID)+
		"&agent.name="+strings.Repeat("a", maxValue)+strings.Repeat("&"+strings.Repeat("k", maxName)+"=1", maxExtra))
	require.Len(t, event.Agent.Name, maxValue)

	deep := `{"call.id":"x","a":` + strings.Repeat(`[`, maxDepth-1) + `1` + strings.Repeat(`]`, maxDepth-1) + `}`
	require.Len(t, mustDecode(t, jsonType, deep).Extra, 1)
}
