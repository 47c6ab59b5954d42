package babelforce

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	jsonType = "application/json"
	formType = "application/x-www-form-urlencoded"

	legID = "7c3f9a2e4b5d6e8f9a0b1c2d3e4f5a6b"
)

func mustDecode(t *testing.T, contentType, body string) Event {
	t.Helper()
	event, err := Decode(CallBridged, contentType, []byte(body))
	require.NoError(t, err)
	return event
}

var wholeEvent = Event{
	Name: CallBridged,
	Call: Call{
		ID: legID, ParentID: "11111111111111111111111111111111", SessionID: "s1", ConversationID: "c1",
		Type: "outbound", Source: "queue", Domain: "external", State: "bridged",
		From: "+493023125100", To: "+493023125000", Anonymous: true,
		DateCreated: time.Date(2026, 6, 24, 10, 15, 2, 0, time.UTC), Duration: new(7),
	},
	Agent: Agent{ID: "a1", Name: "Ada Äther", Number: "+493023125010", Email: "ada@example.com", SourceID: "5f0c", Source: "kustomer"},
	Queue: Queue{ID: "q1", Name: "Support & Co"},
	// No real event has both a bridge and a recording. Here, one body has every field.
	Recording: Recording{ID: "r1", URL: "https://example.com/r1?a=b&c=d", Duration: new(61)},
	Extra:     map[string]string{"shop": "berlin", "session.vip": "true", "call.score": "12.50", "agent.tags.0": "de"},
}

// The same delivery in every encoding.
var wholeBodies = map[string]struct{ contentType, body string }{
	"nested JSON": {jsonType, `{
		"call": {"id": "7c3f9a2e4b5d6e8f9a0b1c2d3e4f5a6b", "parentId": "11111111-1111-1111-1111-111111111111", "sessionId": "s1", "conversationId": "c1",
			"type": "outbound", "source": "queue", "domain": "external", "state": "bridged", "finishReason": null,
			"from": "+493023125100", "to": "+493023125000", "anonymous": true, "dateCreated": 1782296102, "dateFinished": null, "duration": 7, "score": 12.50},
		"agent": {"id": "a1", "name": "Ada Äther", "number": "+493023125010", "email": "ada@example.com", "sourceId": "5f0c", "agentSource": "kustomer", "tags": ["de"]},
		"queue": {"id": "q1", "name": "Support & Co"}, "recording": {"id": "r1", "url": "https://example.com/r1?a=b&c=d", "duration": 61},
		"session": {"vip": true}, "shop": "berlin"}`},
	"flat JSON": {"application/vnd.babelforce+json; charset=utf-8", `{
		"call.id": "7C3F9A2E-4B5D-6E8F-9A0B-1C2D3E4F5A6B", "call.parentId": "11111111111111111111111111111111", "call.sessionId": "s1", "call.conversationId": "c1",
		"call.type": "outbound", "call.source": "queue", "call.domain": "external", "call.state": "bridged",
		"call.from.number": "+493023125100", "call.toNumber": "+493023125000", "call.anonymous": "true", "call.dateCreated": "1782296102000", "call.duration": "7", "call.score": "12.50",
		"agent.id": "a1", "agent.name": " Ada Äther ", "agent.number": "+493023125010", "agent.email": "ada@example.com", "agent.sourceID": "5f0c", "agent.agentSource": "kustomer", "agent.tags.0": "de",
		"queue.id": "q1", "queue.name": "Support & Co", "recording.id": "r1", "recording.url": "https://example.com/r1?a=b&c=d", "recording.duration": "61",
		"session.vip": "true", "shop": "berlin"}`},
	"mixed JSON": {"Application/JSON", `{
		"call": {"id": "7c3f9a2e4b5d6e8f9a0b1c2d3e4f5a6b", "parentId": "11111111111111111111111111111111", "sessionId": "s1", "conversationId": "c1",
			"from": {"number": "+493023125100"}, "toNumber": "+493023125000", "anonymous": 1, "dateCreated": "2026-06-24T12:15:02+02:00", "duration": 7.0, "score": "12.50"},
		"call.type": "outbound", "call.source": "queue", "call.domain": "external", "call.state": "bridged", "call.bridged": {"name": "someone else"},
		"agent": {"id": "a1", "name": "Ada Äther", "number": "+493023125010", "email": "ada@example.com", "sourceId": "5f0c", "agentSource": "kustomer", "tags": ["de"]},
		"queue.id": "q1", "queue.name": "Support & Co", "recording": {"id": "r1", "url": "https://example.com/r1?a=b&c=d", "call": {"id": "another leg"}}, "recording.duration": 61.5,
		"session.vip": "true", "shop": "berlin", "empty": {}, "none": []}`},
	"form": {formType, "call.id=7c3f9a2e4b5d6e8f9a0b1c2d3e4f5a6b&call.parentId=11111111111111111111111111111111&call.sessionId=s1&call.conversationId=c1" +
		"&call.type=outbound&call.source=queue&call.domain=external&call.state=bridged&call.finishReason=&call.from=%2B493023125100&call.to=+493023125000" +
		"&call.anonymous=1&call.dateCreated=1782296102&call.dateFinished=%7Bcall.dateFinished%7D&call.duration=7&call.score=12.50" +
		"&agent.id=a1&agent.name=Ada+%C3%84ther&agent.number=%2B493023125010&agent.email=ada%40example.com&agent.sourceId=5f0c&agent.agentSource=kustomer&agent.tags.0=de" +
		"&queue.id=q1&queue.name=Support+%26+Co&recording.id=r1&recording.url=https://example.com/r1?a=b%26c=d&recording.duration=61" +
		"&session.vip=true&shop=berlin&=nameless"},
}

func TestEncodingsGiveTheSameEvent(t *testing.T) {
	for name, b := range wholeBodies {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, wholeEvent, mustDecode(t, b.contentType, b.body))
		})
	}
}

func TestEncodeIsTheInverseOfDecode(t *testing.T) {
	for _, shape := range []Encoding{NestedJSON, FlatJSON, FormFields} {
		for _, form := range []TimeForm{UnixSeconds, UnixMillis, RFC3339} {
			contentType, body := Encode(wholeEvent, shape, form)
			require.Equal(t, wholeEvent, mustDecode(t, contentType, string(body)), shape)
		}
	}
}

// The outcome and the direction depend on these words.
func TestWordsAreReadInAnyCase(t *testing.T) {
	event := mustDecode(t, jsonType, `{"call": {"id": "x", "type": "OUTBOUND", "source": "Queue", "domain": "Internal", "state": "COMPLETED", "finishReason": "Passive-Hangup"}}`)
	require.Equal(t, Call{ID: "x", Type: "outbound", Source: "queue", Domain: "internal", State: "completed", FinishReason: "passive-hangup"}, event.Call)
}

func TestContentTypeIsGuessedOnlyIfSafe(t *testing.T) {
	asJSON, asForm := wholeBodies["nested JSON"].body, wholeBodies["form"].body
	require.Equal(t, wholeEvent, mustDecode(t, "", "\n "+asJSON))
	require.Equal(t, wholeEvent, mustDecode(t, "", asForm+"\n"))
	require.Equal(t, wholeEvent, mustDecode(t, formType, asJSON), "JSON labelled as a form, as curl does")
	require.Equal(t, wholeEvent, mustDecode(t, "application/json; charset", asJSON), "an invalid parameter")

	for _, contentType := range []string{"text/plain", "multipart/form-data; boundary=x", "application/xml", "json", ";"} {
		_, err := Decode(CallBridged, contentType, []byte(asJSON))
		require.ErrorIs(t, err, ErrContentType, contentType)
	}
	_, err := Decode(CallBridged, "", []byte("id=1&name=x"))
	require.ErrorIs(t, err, ErrContentType, "no known field")
}

func TestTimesAreReadInEveryForm(t *testing.T) {
	second := time.Date(2026, 6, 24, 10, 15, 2, 0, time.UTC)
	milli := second.Add(250 * time.Millisecond)
	for value, want := range map[string]time.Time{
		`1782296102`: second, `"1782296102"`: second, `1.782296102e9`: second,
		`1782296102000`: second, `"1782296102250"`: milli,
		`1782296102.25`: milli, `"1782296102.250"`: milli,
		`"2026-06-24T12:15:02+0200"`: second, `"2026-06-24 12:15:02+02"`: second, `"2026-06-24 10:15:02.250 +0000"`: milli,
		`"2026-06-24t10:15:02z"`: second, `"2026-06-24T10:15:02,250Z"`: milli, `"2026-06-24T03:45:02-06:30"`: second,
		`"2026-06-24T10:15:02Z"`: second, `"2026-06-24T10:15:02.250Z"`: milli, `"2026-06-24T12:15:02+02:00"`: second,
		`0`: {}, `""`: {}, `null`: {}, `"{call.dateCreated}"`: {},
	} {
		event := mustDecode(t, jsonType, `{"call.id":"x","call.dateCreated":`+value+`}`)
		require.Equal(t, want, event.Call.DateCreated, value)
	}
}

func TestPlusLostInAFormIsRestored(t *testing.T) {
	event := mustDecode(t, formType, "call.id=x&call.from=+493023125042&call.dateCreated=2026-06-24T12:15:02+02:00")
	require.Equal(t, "+493023125042", event.Call.From)
	require.Equal(t, time.Date(2026, 6, 24, 10, 15, 2, 0, time.UTC), event.Call.DateCreated)
}

func TestDurationsAreReadInEveryForm(t *testing.T) {
	for value, want := range map[string]*int{
		`42`: new(42), `"42"`: new(42), `42.0`: new(42), `42.9`: new(42), `4.2e1`: new(42), `"+42"`: new(42),
		`0`: new(0), `null`: nil, `""`: nil, `"{call.duration}"`: nil,
	} {
		event := mustDecode(t, jsonType, `{"call.id":"x","call.duration":`+value+`,"recording.duration":`+value+`}`)
		require.Equal(t, want, event.Call.Duration, value)
		require.Equal(t, want, event.Recording.Duration, value)
	}
}

func TestPlaceholderIsAbsent(t *testing.T) {
	for value, absent := range map[string]bool{
		"{agent.sourceId}": true, " {agent.sourceId} ": true, "{integration.kustomer.conversation.id}": true,
		"{{task.assigned_agent.external_id}}": true, "{{ x }}": true, "{{{context.test}}}": true,
		"${agent.name}": true, "%{agent.name}": true, "<%= agent.name %>": true, "%s": true, "%agent.name%": true, "{{ agent.name | upper }}": true,
		"100%": false, "% s": false, "$5": false, "<Ada>": false,
		"{VIP}": false, "{a.b} and {c.d}": false, "x{a.b}": false, "{a b.c}": false, "{}": false, "{{}}": false,
	} {
		event := mustDecode(t, formType, url.Values{"call.id": {"x"}, "agent.name": {value}, "note": {value}}.Encode())
		require.Equal(t, absent, event.Agent.Name == "", value)
		require.Equal(t, absent, event.Extra == nil, value)
	}
}

func TestLastPresentSpellingWins(t *testing.T) {
	event := mustDecode(t, jsonType, `{"call.id":"x","call":{"from":"1","from":"2"},"call.fromNumber":"3","call.from":null,"call.from.number":"{call.from.number}"}`)
	require.Equal(t, "3", event.Call.From)
	require.Equal(t, "2", mustDecode(t, formType, "call.id=x&call.from=1&call.from=2").Call.From)
}

func TestFieldNamesAreCaseSensitive(t *testing.T) {
	event := mustDecode(t, jsonType, `{"call":{"id":"x","From":"1"}}`)
	require.Empty(t, event.Call.From)
	require.Equal(t, map[string]string{"call.From": "1"}, event.Extra)
}

func TestBridgedFillsOnlyAbsentBuckets(t *testing.T) {
	const bridged = `"bridged":{"id":"4B5C6D7E-8F9A-0B1C-2D3E-4F5A6B7C8D9E","name":"Ada","number":"+493023125010","queueId":null,"queueName":"Support","agent":{"name":"Ada"}}`
	event := mustDecode(t, jsonType, `{"call":{"id":"x",`+bridged+`}}`)
	require.Equal(t, Agent{ID: "4b5c6d7e8f9a0b1c2d3e4f5a6b7c8d9e", Name: "Ada", Number: "+493023125010"}, event.Agent)
	require.Equal(t, Queue{Name: "Support"}, event.Queue)
	require.Nil(t, event.Extra)

	event = mustDecode(t, jsonType, `{"call":{"id":"x",`+bridged+`},"agent":{"name":"Bob"}}`)
	require.Equal(t, Agent{Name: "Bob"}, event.Agent, "buckets are not mixed")
	require.Equal(t, Queue{Name: "Support"}, event.Queue)
}

func TestRecordingIdentifiesTheCallIfNeeded(t *testing.T) {
	const recording = `"recording":{"id":"R1","url":"https://example.com/r1","state":"stored","agent":{"name":"Ada"},` +
		`"call":{"id":"7C3F9A2E-4B5D-6E8F-9A0B-1C2D3E4F5A6B","conversationId":"c1","type":"inbound","from":"1","to":"2"}}`
	event := mustDecode(t, jsonType, `{`+recording+`}`)
	require.Equal(t, Call{ID: legID, ConversationID: "c1", Type: "inbound", From: "1", To: "2"}, event.Call)
	require.Equal(t, Recording{ID: "R1", URL: "https://example.com/r1"}, event.Recording)
	require.Equal(t, map[string]string{"recording.state": "stored", "recording.agent.name": "Ada"}, event.Extra)
	require.Zero(t, event.Agent)

	event = mustDecode(t, jsonType, `{"call":{"id":"x"},`+recording+`}`)
	require.Equal(t, Call{ID: "x"}, event.Call, "buckets are not mixed")
	event = mustDecode(t, jsonType, `{"call":{"source":"queue"},`+recording+`}`)
	require.Equal(t, Call{ID: legID, Source: "queue"}, event.Call, "except for the id, which the event needs")
}

func TestOnlyBabelforceIDsAreNormalised(t *testing.T) {
	const hyphenated = "7C3F9A2E-4B5D-6E8F-9A0B-1C2D3E4F5A6B"
	event := mustDecode(t, jsonType, `{"call":{"id":" Leg-1 ","type":"outbound","parentId":"`+hyphenated+`"},"agent":{"sourceId":"`+hyphenated+`"}}`)
	require.Equal(t, "Leg-1", event.Call.ID)
	require.Equal(t, legID, event.Call.ParentID)
	require.Equal(t, hyphenated, event.Agent.SourceID, "an id of another system")
}

func TestKeyIsTheParentLeg(t *testing.T) {
	require.Equal(t, "parent", Call{ID: "child", ParentID: "parent"}.Key())
	require.Equal(t, "parent", Call{ID: "parent"}.Key())
}

func TestValueIsOneLine(t *testing.T) {
	for sent, want := range map[string]string{
		"Sup\u0000port": "Support", "Ada\nEnded by: caller": "Ada Ended by: caller", "a\r\nb\tc": "a b c", "a\u2028b\u0085c": "a b c",
		"\u202eadA": "adA", "\u2066Ada\u2069": "Ada", "\uFEFFAda\u001b[31m": "Ada[31m", "a  b": "a  b", "می\u200cخواهم": "می\u200cخواهم",
	} {
		text, err := json.Marshal(sent)
		require.NoError(t, err)
		event := mustDecode(t, jsonType, fmt.Sprintf(`{"call":{"id":"x","from":%[1]s},"agent":{"name":%[1]s},"queue":{"name":%[1]s},"a":%[1]s}`, text))
		require.Equal(t, []string{want, want, want, want}, []string{event.Call.From, event.Agent.Name, event.Queue.Name, event.Extra["a"]}, "%q", sent)
	}
	event := mustDecode(t, jsonType, `{"call":{"id":"x","from":"\u2066null\u2069"},"a":"\u0000"}`)
	require.Equal(t, Event{Name: CallBridged, Call: Call{ID: "x"}}, event)
}

func TestBodyIsReadInItsCharset(t *testing.T) {
	for contentType, body := range map[string]string{
		jsonType:                            `{"call.id":"x","agent.name":"Jürgen €"}`,
		jsonType + "; charset=utf8":         "\uFEFF" + `{"call.id":"x","agent.name":"Jürgen €"}`,
		jsonType + "; charset=us-ascii":     `{"call.id":"x","agent.name":"J\u00fcrgen \u20ac"}`,
		jsonType + "; charset=ISO-8859-15":  "{\"call.id\":\"x\",\"agent.name\":\"J\xfcrgen \xa4\"}",
		jsonType + "; charset=latin1":       "\uFEFF" + `{"call.id":"x","agent.name":"Jürgen €"}`, // contradicts the byte order mark
		formType:                            "\uFEFFcall.id=x&agent.name=J%C3%BCrgen+%E2%82%AC",
		formType + "; charset=iso-8859-1":   "call.id=x&agent.name=J%FCrgen+%80",
		formType + "; charset=Windows-1252": "call.id=x&agent.name=J\xfcrgen+\x80",
		"":                                  "\uFEFFcall.id=x&agent.name=Jürgen+€",
	} {
		event := mustDecode(t, contentType, body)
		require.Equal(t, "Jürgen €", event.Agent.Name, contentType)
		require.Empty(t, event.Ignored, contentType)
	}
}

func TestPHPBracketsAreDots(t *testing.T) {
	event := mustDecode(t, formType, "call[id]=x&call[from][number]=%2B493023125042&call%5Bto%5D=1&agent[tags][]=de&agent[tags][]=en&a[b]c=1&[d]=2&e]=3&f[][g]=4")
	require.Equal(t, Call{ID: "x", From: "+493023125042", To: "1"}, event.Call)
	require.Equal(t, map[string]string{"agent.tags.0": "de", "agent.tags.1": "en", "a[b]c": "1", "[d]": "2", "e]": "3", "f..g": "4"}, event.Extra)
}

func TestNumberKeepsItsDigits(t *testing.T) {
	for _, number := range []string{"493023125042", "493023125042.0", "4.93023125042e11", "4.93023125042E+11", "49302312504200e-2"} {
		event := mustDecode(t, jsonType, `{"call":{"id":`+number+`,"from":`+number+`},"agent":{"id":`+number+`},"own":`+number+`}`)
		require.Equal(t, Event{
			Name: CallBridged, Call: Call{ID: "493023125042", From: "493023125042"}, Agent: Agent{ID: "493023125042"},
			Extra: map[string]string{"own": "493023125042"},
		}, event, number)
	}
	for number, want := range map[string]string{"12.50": "12.50", "1e999": "1e999", "5e-1": "5e-1", "9007199254740993.0": "9007199254740993", "-7.0": "-7", "1e2": "100"} {
		require.Equal(t, want, mustDecode(t, jsonType, `{"call.id":"x","own":`+number+`}`).Extra["own"])
	}
}

func TestEveryFieldChangesTheEvent(t *testing.T) {
	base := wholeBodies["nested JSON"]
	seen := []Event{wholeEvent}
	for _, change := range []struct{ old, new string }{
		{`"sessionId": "s1"`, `"sessionId": "s2"`}, {"1782296102", "1782296103"}, {`"duration": 7`, `"duration": 8`},
		{`"duration": 7`, `"duration": null`}, {`"anonymous": true`, `"anonymous": false`}, {"berlin", "hamburg"},
		{`"sourceId": "5f0c"`, `"sourceId": "5f0d"`}, {`"agentSource"`, `"agentsource"`}, {"Support", "Sales"}, {`"duration": 61`, `"duration": 62`},
	} {
		require.Contains(t, base.body, change.old)
		event := mustDecode(t, jsonType, strings.Replace(base.body, change.old, change.new, 1))
		require.NotContains(t, seen, event, change.new)
		seen = append(seen, event)
	}
	renamed, err := Decode(CallFinished, jsonType, []byte(base.body))
	require.NoError(t, err)
	require.NotContains(t, seen, renamed)
}

func TestOnlyTheFiveEventsHaveNames(t *testing.T) {
	for _, name := range EventNames() {
		got, ok := ParseEventName(string(name))
		require.True(t, ok)
		require.Equal(t, name, got)
	}
	for _, s := range []string{"", "call.inbound", "call-recorded", "Call-Inbound", "call-inbound/"} {
		_, ok := ParseEventName(s)
		require.False(t, ok, s)
	}
}
