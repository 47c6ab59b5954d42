package babelforce

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// marked stands for personal data in bodies that are refused.
const marked = "MARKED-4930"

func TestRefusalNamesTheFieldButNeverAValue(t *testing.T) {
	for name, c := range map[string]struct {
		contentType, body string
		kind              error
		field             string
	}{
		"empty JSON":           {jsonType, "", ErrUnreadable, ""},
		"empty, no type":       {"", " \n", ErrUnreadable, ""},
		"empty form":           {formType, "", ErrNoCallID, "call.id"},
		"broken JSON":          {jsonType, `{"call":{"from":"` + marked, ErrUnreadable, ""},
		"trailing JSON":        {jsonType, `{"call.id":"x"} "` + marked + `"`, ErrUnreadable, ""},
		"trailing comma":       {jsonType, `{"call.id":"x",}`, ErrUnreadable, ""},
		"list":                 {jsonType, `["` + marked + `"]`, ErrUnreadable, ""},
		"text":                 {jsonType, `"` + marked + `"`, ErrUnreadable, ""},
		"NaN":                  {jsonType, `{"call.id":"x","call.duration":NaN}`, ErrUnreadable, ""},
		"broken form":          {formType, "call.id=x&call.from=%zz" + marked, ErrUnreadable, ""},
		"broken form, no type": {"", "call.id=x&call.from=%zz" + marked, ErrUnreadable, ""},
		"not a form, no type":  {"", marked, ErrContentType, ""},

		"no id":                {jsonType, `{"call":{"from":"` + marked + `"}}`, ErrNoCallID, "call.id"},
		"parent id only":       {jsonType, `{"call":{"parentId":"` + marked + `"}}`, ErrNoCallID, "call.id"},
		"id null":              {jsonType, `{"call":{"id":null}}`, ErrNoCallID, "call.id"},
		"id placeholder":       {jsonType, `{"call":{"id":"{call.id}"}}`, ErrNoCallID, "call.id"},
		"recording of no call": {jsonType, `{"recording":{"url":"` + marked + `"}}`, ErrNoCallID, "call.id"},
		"id an object":         {jsonType, `{"call":{"id":{"a":"` + marked + `"}}}`, ErrNoCallID, "call.id"},

		"id with slash":      {jsonType, `{"call":{"id":"` + marked + `/../x"}}`, ErrMalformed, "call.id"},
		"id with newline":    {jsonType, `{"call":{"id":"x","parentId":"a\n` + marked + `"}}`, ErrMalformed, "call.parentId"},
		"id with NUL":        {jsonType, `{"call":{"id":"a\u0000` + marked + `"}}`, ErrMalformed, "call.id"},
		"long id":            {jsonType, `{"call":{"id":"` + marked + strings.Repeat("a", maxID) + `"}}`, ErrMalformed, "call.id"},
		"source id":          {jsonType, `{"call.id":"x","agent":{"sourceID":"/` + marked + `"}}`, ErrMalformed, "agent.sourceID"},
		"duration text":      {jsonType, `{"call.id":"x","call.duration":"` + marked + `"}`, ErrMalformed, "call.duration"},
		"recording's length": {jsonType, `{"call.id":"x","recording":{"duration":"` + marked + `"}}`, ErrMalformed, "recording.duration"},
		"recording's call":   {jsonType, `{"recording":{"call":{"id":"` + marked + `/"}}}`, ErrMalformed, "recording.call.id"},
		"duration boolean":   {jsonType, `{"call.id":"x","call.duration":true}`, ErrMalformed, "call.duration"},
		"time text":          {formType, "call.id=x&call.dateCreated=" + marked, ErrMalformed, "call.dateCreated"},
		"boolean text":       {formType, "call.id=x&call.anonymous=" + marked, ErrMalformed, "call.anonymous"},
		"long value":         {formType, "call.id=x&agent.name=" + marked + strings.Repeat("a", maxValue), ErrMalformed, "agent.name"},
		"long unknown":       {formType, "call.id=x&" + marked + "=" + strings.Repeat("a", maxValue+1), ErrMalformed, ""},
		"long key":           {formType, "call.id=x&" + marked + strings.Repeat("a", maxName) + "=1", ErrMalformed, ""},
		"long key, nested":   {jsonType, `{"call":{"` + marked + strings.Repeat("a", maxName) + `":1}}`, ErrMalformed, ""},
		"too deep":           {jsonType, `{"call.id":"x","a":` + strings.Repeat(`[`, maxDepth) + `"` + marked + `"` + strings.Repeat(`]`, maxDepth) + `}`, ErrMalformed, ""},
		"too many":           {formType, "call.id=x" + strings.Repeat("&a="+marked, maxFields), ErrMalformed, ""},
		"too many, in list":  {jsonType, `{"call.id":"x","a":[` + strings.Repeat(`null,`, maxFields) + `1]}`, ErrMalformed, ""},
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

func TestHostileNumbersAreRefused(t *testing.T) {
	for _, value := range []string{
		`-0`, `-1`, `"-0"`, `"NaN"`, `"Inf"`, `"+Inf"`, `"0x10"`, `"1_000"`, `1e999`, `1e999999999`, `"1e-"`, `"."`, `"1 2"`, `"٤٢"`,
		`"` + strings.Repeat("9", 4000) + `"`, strings.Repeat("9", 4000),
		`1e15`, `"0000-01-01T00:00:00Z"`, `"9999-12-31T23:59:59-23:59"`, `"1969-12-31T23:59:59Z"`, `"2026-06-24"`,
	} {
		for _, field := range []string{"call.duration", "recording.duration", "call.dateFinished"} {
			_, err := Decode(CallFinished, jsonType, fmt.Appendf(nil, `{"call.id":"x","%s":%s}`, field, value))
			require.ErrorIs(t, err, ErrMalformed, "%s %s", field, value)
		}
	}
	_, err := Decode(CallFinished, jsonType, []byte(`{"call.id":"x","call.duration":31622401}`))
	require.ErrorIs(t, err, ErrMalformed, "more than a year")
}

func TestLimitsLetTheLargestAllowedThrough(t *testing.T) {
	event := mustDecode(t, formType, "call.id="+strings.Repeat("a", maxID)+
		"&agent.name="+strings.Repeat("a", maxValue)+strings.Repeat("&"+strings.Repeat("k", maxName)+"=1", maxFields-2))
	require.Len(t, event.Agent.Name, maxValue)

	deep := `{"call.id":"x","a":` + strings.Repeat(`[`, maxDepth-1) + `1` + strings.Repeat(`]`, maxDepth-1) + `}`
	require.Len(t, mustDecode(t, jsonType, deep).Extra, 1)
}

func FuzzDecode(f *testing.F) {
	for _, b := range wholeBodies {
		f.Add(b.contentType, []byte(b.body))
		f.Add("", []byte(b.body))
	}
	f.Add(jsonType, []byte(`{"call":{"id":"x","dateCreated":1e300,"duration":-0,"from":"\ud800"}}`))
	f.Add(jsonType, []byte(strings.Repeat(`{"a":`, 5000)))
	f.Fuzz(func(t *testing.T, contentType string, body []byte) {
		event, err := Decode(CallInbound, contentType, body)
		if err != nil {
			var refusal *DecodeError
			require.True(t, errors.As(err, &refusal))
			return
		}
		require.NotEmpty(t, event.Call.Key())
		_, err = json.Marshal(event)
		require.NoError(t, err, "every decoded event can be written")

		again, err := Decode(CallInbound, contentType, body)
		require.NoError(t, err)
		require.Equal(t, event, again)
		if !holdsNUL.Match(body) {
			requireEncodable(t, event)
		}
	})
}

// holdsNUL: once that is dropped, what is left may be read otherwise.
var holdsNUL = regexp.MustCompile(`\x00|%00|\\u0000`)

// requireEncodable says an event again in every encoding that has room for it.
func requireEncodable(t *testing.T, event Event) {
	t.Helper()
	if delete(event.Extra, ""); len(event.Extra) == 0 { // no form can say what has no name
		event.Extra = nil
	}
	precisely := func(at time.Time) any { return at.Format(time.RFC3339Nano) }
	for _, shape := range []Encoding{NestedJSON, FlatJSON, FormFields} {
		contentType, body := Encode(event, shape, precisely)
		again, err := Decode(event.Name, contentType, body)
		if err == nil {
			require.Equal(t, event, again, shape)
			continue
		}
		require.ErrorIs(t, err, ErrMalformed, "names and numbers of fields are bounded as they are written")
	}
}
