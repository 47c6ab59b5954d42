package babelforce

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestUnreadableFieldIsIgnoredAndNamed(t *testing.T) {
	long := strings.Repeat("a", maxValue+1)
	for name, c := range map[string]struct {
		contentType, more string // in addition to the call's id
		ignored           []string
	}{
		"clock as duration":  {jsonType, `"call.duration":"00:01:35"`, []string{"call.duration"}},
		"duration text":      {jsonType, `"call.duration":"long"`, []string{"call.duration"}},
		"duration boolean":   {jsonType, `"call.duration":true`, []string{"call.duration"}},
		"duration list":      {jsonType, `"call.duration":[95]`, []string{"call.duration"}},
		"recording's length": {jsonType, `"recording":{"duration":"long"}`, []string{"recording.duration"}},
		"time before times":  {jsonType, `"call.dateCreated":-1`, []string{"call.dateCreated"}},
		"time text":          {formType, "call.dateCreated=yesterday", []string{"call.dateCreated"}},
		"boolean text":       {jsonType, `"call.anonymous":"yes"`, []string{"call.anonymous"}},
		"name an object":     {jsonType, `"agent":{"name":{"first":"Ada"}}`, []string{"agent.name"}},
		"name a list":        {jsonType, `"agent":{"name":["Ada"]}`, []string{"agent.name"}},
		"number elsewhere":   {jsonType, `"call":{"from":{"e164":"+493023125042"}}`, []string{"call.from"}},
		"session's id":       {jsonType, `"call.sessionId":"a\nb"`, []string{"call.sessionId"}},
		"agent's id":         {jsonType, `"agent.id":"a/b"`, []string{"agent.id"}},
		"long agent's id":    {jsonType, `"agent.id":"` + strings.Repeat("a", maxID+1) + `"`, []string{"agent.id"}},
		"agent's source id":  {jsonType, `"agent":{"sourceID":"\u202e1"}`, []string{"agent.sourceID"}},
		"recording's call":   {jsonType, `"recording":{"call":{"id":"a/b"}}`, []string{"recording.call.id"}},
		"caller's parent":    {jsonType, `"call.type":"inbound","call.parentId":"a/b"`, []string{"call.parentId"}},
		"long value":         {formType, "agent.name=" + long, []string{"agent.name"}},
		"long own value":     {formType, "session.note=" + long, []string{"session.note"}},
		"name half escaped":  {formType, "agent.name=%zzAda&session.vip=1%", []string{"agent.name", "session.vip"}},
		"name of bytes":      {formType, "agent.name=J%FCrgen", []string{"agent.name"}},
		"bytes in JSON":      {jsonType, "\"agent.name\":\"J\xfcrgen\"", []string{"agent.name"}},
		"own key of bytes":   {formType, "J%FCrgen=1", []string{OtherField}},
		"own key of spaces":  {formType, "a+b=" + long, []string{OtherField}},
		"long own key":       {formType, strings.Repeat("k", maxName+1) + "=1", []string{OtherField}},
		"long key, nested":   {jsonType, `"call":{"` + strings.Repeat("k", maxName+1) + `":{"a":1}}`, []string{OtherField}},
		"too deep":           {jsonType, `"a":` + strings.Repeat(`[`, maxDepth) + `"b",[{}]` + strings.Repeat(`]`, maxDepth), []string{"a" + strings.Repeat(".0", maxDepth-1)}},
		"named once":         {jsonType, `"call.duration":"long","call.duration":"longer"`, []string{"call.duration"}},
		"beside readable":    {jsonType, `"call.duration":"long","call.to":"1"`, []string{"call.duration"}},
		"empty object":       {jsonType, `"agent":{"name":{},"email":[]}`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			body := "call.id=x&" + c.more
			if c.contentType == jsonType {
				body = `{"call.id":"x",` + c.more + `}`
			}
			event := mustDecode(t, c.contentType, body)
			require.Equal(t, c.ignored, event.Ignored)
			require.Equal(t, "x", event.Call.Key())
			require.Nil(t, event.Call.Duration)
			require.Empty(t, event.Agent)
		})
	}
}

func TestReadableSpellingWins(t *testing.T) {
	event := mustDecode(t, jsonType, `{"call":{"id":"a/b"},"call.id":"x","call.duration":95,"call":{"duration":"00:01:35"}}`)
	require.Equal(t, Call{ID: "x", Duration: new(95)}, event.Call)
	require.Equal(t, []string{"call.id", "call.duration"}, event.Ignored)
}

func TestCustomFieldsAreLimited(t *testing.T) {
	var form, nested strings.Builder
	form.WriteString("x=1")
	for i := range 3 * maxExtra {
		fmt.Fprintf(&form, "&own.%d=1", i)
		fmt.Fprintf(&nested, `"own.%d":1,`, i)
	}
	for contentType, body := range map[string]string{
		formType: form.String() + "&own.3=2&agent.name=Ada&call.id=x",
		jsonType: `{"x":1,` + nested.String() + `"own.3":2,"agent":{"name":"Ada"},"call":{"id":"x"}}`,
	} {
		event := mustDecode(t, contentType, body)
		require.Equal(t, "x", event.Call.ID, "which came after them")
		require.Equal(t, "Ada", event.Agent.Name)
		require.Len(t, event.Extra, maxExtra)
		require.Equal(t, "2", event.Extra["own.3"])
		require.Len(t, event.Ignored, maxIgnored+1)
		require.Contains(t, event.Ignored, OtherField)
	}
}

func TestWordForAbsentIsAbsent(t *testing.T) {
	for _, word := range []string{
		"null", "NULL", "Null", "undefined", "None", "nil", "<nil>", "(null)", "%s", "%1$s", "%(call.id)s", "%call.id%",
		"${call.parentId}", "#{call.parentId}", "{call.parentId}", "{{ call.parentId | upper }}", "{{{x}}}", "<%= call.parentId %>", " null ",
	} {
		for field := range knownFields {
			if field == "call.id" {
				continue
			}
			event := mustDecode(t, jsonType, fmt.Sprintf(`{"call":{"id":"x"},%q:%q,"session.vip":%q}`, field, word, word))
			require.Equal(t, Event{Name: CallBridged, Call: Call{ID: "x"}}, event, "%s %s", field, word)
		}
	}
}

func TestPlaceholderForNoIDIsNoID(t *testing.T) {
	for _, value := range []string{
		`"0"`, `0`, `0.0`, `"00000000-0000-0000-0000-000000000000"`, `false`, `"false"`, `"-1"`, `-1`, `"none"`, `"-"`, `"N/A"`, `"{parent}"`, `"{}"`, `"[parent]"`, `"<parent>"`, `"$[x]"`,
	} {
		for _, field := range []string{"call.parentId", "call.sessionId", "call.conversationId", "agent.id", "agent.sourceId", "queue.id", "recording.id", "recording.call.id"} {
			event := mustDecode(t, jsonType, fmt.Sprintf(`{"call":{"id":"x"},%q:%s}`, field, value))
			require.Equal(t, Event{Name: CallBridged, Call: Call{ID: "x"}}, event, "%s %s", field, value)
		}
		_, err := Decode(CallBridged, jsonType, []byte(`{"call":{"id":`+value+`}}`))
		require.ErrorIs(t, err, ErrNoCallID, value)
	}
	event := mustDecode(t, jsonType, `{"call":{"id":"x"},"session.vip":"0","session.choice":"none","agent.name":"unknown"}`)
	require.Equal(t, map[string]string{"session.vip": "0", "session.choice": "none"}, event.Extra, "a value in a field that is not an id")
	require.Equal(t, "unknown", event.Agent.Name)
}

func TestCallersOwnLegHasNoParent(t *testing.T) {
	for name, c := range map[string]struct {
		event EventName
		more  string
		key   string
	}{
		"a ring":                    {CallInbound, ``, "x"},
		"a leg that came in":        {CallFinished, `,"call.type":"inbound"`, "x"},
		"a leg that names itself":   {CallFinished, `,"call.parentId":"x"`, "x"},
		"an agent's leg":            {CallFinished, `,"call.type":"outbound"`, "p"},
		"an agent's leg that rings": {CallInbound, `,"call.type":"outbound"`, "p"},
		"a leg of no type":          {CallBridged, ``, "p"},
	} {
		event, err := Decode(c.event, jsonType, []byte(`{"call.id":"x","call.parentId":"p"`+c.more+`}`))
		require.NoError(t, err)
		require.Equal(t, c.key, event.Call.Key(), name)
		require.Empty(t, event.Ignored)
	}
}
