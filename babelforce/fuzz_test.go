package babelforce

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/require"
)

func FuzzDecode(f *testing.F) {
	for _, b := range wholeBodies {
		f.Add(b.contentType, []byte(b.body))
		f.Add("", []byte(b.body))
	}
	f.Add(jsonType, []byte(`{"call":{"id":"x","dateCreated":1e300,"duration":-0,"from":"\ud800"}}`))
	f.Add(jsonType, []byte(`{"call":{"id":"x","bridged":{"id":"a","queueId":null},"recordings":[null,{"id":"r","url":"https://x/1","tags":[null]}]}}`)) // a row of the call log
	f.Add(jsonType, []byte(strings.Repeat(`{"a":`, 5000)))
	f.Add(formType+"; charset=iso-8859-1", []byte("call[id]=x&agent[name]=J%FCrgen&a[]=1&a[]=%zz"))
	f.Fuzz(func(t *testing.T, contentType string, body []byte) {
		event, err := Decode(CallInbound, contentType, body)
		if err != nil {
			var refusal *DecodeError
			require.True(t, errors.As(err, &refusal))
			return
		}
		require.True(t, isID(event.Call.Key()))
		requireOneLine(t, event)
		_, err = json.Marshal(event)
		require.NoError(t, err, "every decoded event can be written")

		again, err := Decode(CallInbound, contentType, body)
		require.NoError(t, err)
		require.Equal(t, event, again)
		requireEncodable(t, event)
	})
}

// An event that identifies its call is never refused for another field.
func FuzzReadableIDIsNeverRefused(f *testing.F) {
	for name := range knownFields {
		f.Add(name, `"text"`, "a=b&"+name+"=%zz")
	}
	f.Add("own", `[[[[[[[[["deep"]]]]]]]]]`, strings.Repeat("own=1&", 300))
	f.Fuzz(func(t *testing.T, name, value, form string) {
		key, err := json.Marshal(name)
		require.NoError(t, err)
		if !json.Valid([]byte(value)) {
			text, err := json.Marshal(value)
			require.NoError(t, err)
			value = string(text)
		}
		body := fmt.Sprintf(`{%s:%s,"call":{"id":"x","type":"inbound"}}`, key, value)
		if json.Valid([]byte(body)) { // except for nesting beyond the limit of encoding/json
			event, err := Decode(CallFinished, jsonType, []byte(body))
			require.NoError(t, err)
			require.Equal(t, "x", event.Call.Key())
		}
		event, err := Decode(CallFinished, formType, []byte("own=1&"+form+"&call.id=x&call.type=inbound"))
		require.NoError(t, err)
		require.Equal(t, "x", event.Call.Key())
	})
}

// A JSON number keeps the digits that were sent, in any notation.
func FuzzNumberKeepsItsDigits(f *testing.F) {
	f.Add(uint64(493023125042), uint8(11))
	f.Add(uint64(9007199254740993), uint8(3))
	f.Fuzz(func(t *testing.T, number uint64, exponent uint8) {
		digits := fmt.Sprint(number + 1)
		shift := int(exponent) % 30
		scaled := new(big.Rat).SetFrac(new(big.Int).SetUint64(number+1), new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(shift)), nil))
		for _, written := range []string{digits, digits + ".0", digits + "e0", digits + "00E-2", scaled.FloatString(shift) + fmt.Sprintf("e+%d", shift)} {
			if number+1 == 0 {
				return
			}
			event := mustDecode(t, jsonType, fmt.Sprintf(`{"call":{"id":%[1]s,"from":%[1]s},"own":%[1]s}`, written))
			require.Equal(t, []string{digits, digits, digits}, []string{event.Call.ID, event.Call.From, event.Extra["own"]}, written)
		}
	})
}

func requireOneLine(t *testing.T, event Event) {
	t.Helper()
	for name, value := range fieldValues(event, UnixSeconds) {
		text, _ := value.(string)
		require.False(t, strings.ContainsFunc(text, func(r rune) bool {
			return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029'
		}), name)
	}
}

// requireEncodable requires that every suitable encoding of an event decodes to the event.
func requireEncodable(t *testing.T, event Event) {
	t.Helper()
	event.Ignored = nil
	maps.DeleteFunc(event.Extra, func(name, _ string) bool { // a form has no field without a name and turns brackets into dots
		return name == "" || strings.Contains(name, "[") || len(name) > maxName
	})
	if len(event.Extra) == 0 {
		event.Extra = nil
	}
	precisely := func(at time.Time) any { return at.Format(time.RFC3339Nano) }
	for _, shape := range []Encoding{NestedJSON, FlatJSON, FormFields} {
		contentType, body := Encode(event, shape, precisely)
		again, err := Decode(event.Name, contentType, body)
		require.NoError(t, err, shape)
		again.Ignored = nil
		require.Equal(t, event, again, shape)
	}
}
