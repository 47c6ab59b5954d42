package babelforce

import (
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Encoding is the format in which an automation sends its event. babelforce does not
// document the format; these are the ones that Decode supports.
type Encoding string

// The encodings that Decode reads.
const (
	NestedJSON Encoding = "nested JSON"
	FlatJSON   Encoding = "flat JSON"
	FormFields Encoding = "form"
)

// TimeForm formats a time as a JSON number (int64) or a text.
type TimeForm func(time.Time) any

// UnixSeconds formats a time in UNIX seconds. UnixSeconds, UnixMillis and RFC3339 are the
// time formats that Decode reads.
func UnixSeconds(t time.Time) any { return t.Unix() }

// UnixMillis formats a time in UNIX milliseconds. See [UnixSeconds].
func UnixMillis(t time.Time) any { return t.UnixMilli() }

// RFC3339 formats a time as RFC 3339 text. See [UnixSeconds].
func RFC3339(t time.Time) any { return t.Format(time.RFC3339) }

// Encode is the inverse of [Decode]. It returns the content type and the body of e.
func Encode(e Event, shape Encoding, form TimeForm) (contentType string, body []byte) {
	switch values := fieldValues(e, form); shape {
	case NestedJSON:
		return "application/json", mustJSON(nested(values))
	case FlatJSON:
		return "application/json; charset=utf-8", mustJSON(withPlaceholder(values))
	default:
		fields := make(url.Values)
		for name, value := range withPlaceholder(values) {
			switch v := value.(type) {
			case string:
				fields.Set(name, v)
			case bool:
				fields.Set(name, strconv.FormatBool(v))
			case int64:
				fields.Set(name, strconv.FormatInt(v, 10))
			}
		}
		return "application/x-www-form-urlencoded", []byte(fields.Encode())
	}
}

// nested moves the fields of each bucket into an object. A field without a bucket stays
// at the top level.
func nested(values map[string]any) map[string]any {
	body := make(map[string]any)
	for name, value := range values {
		bucket, field, _ := strings.Cut(name, ".")
		if _, isField := values[bucket]; bucket == "" || isField {
			body[name] = value
			continue
		}
		fields, _ := body[bucket].(map[string]any)
		if fields == nil {
			fields = make(map[string]any)
			body[bucket] = fields
		}
		fields[field] = value
	}
	return body
}

// withPlaceholder adds the unresolved placeholder that a hand-written body contains before
// an agent is known (inferred).
func withPlaceholder(values map[string]any) map[string]any {
	if values["agent.sourceId"] == nil {
		values["agent.sourceId"] = "{agent.sourceId}"
	}
	return values
}

// fieldValues returns the present fields of e by dotted name, as string, bool or int64.
func fieldValues(e Event, form TimeForm) map[string]any {
	values := make(map[string]any)
	for name, value := range map[string]string{
		"call.id": e.Call.ID, "call.parentId": e.Call.ParentID,
		"call.sessionId": e.Call.SessionID, "call.conversationId": e.Call.ConversationID,
		"call.type": e.Call.Type, "call.source": e.Call.Source, "call.domain": e.Call.Domain,
		"call.state": e.Call.State, "call.finishReason": e.Call.FinishReason,
		"call.from": e.Call.From, "call.to": e.Call.To,
		"agent.id": e.Agent.ID, "agent.name": e.Agent.Name, "agent.number": e.Agent.Number,
		"agent.email": e.Agent.Email, "agent.sourceId": e.Agent.SourceID, "agent.agentSource": e.Agent.Source,
		"queue.id": e.Queue.ID, "queue.name": e.Queue.Name,
		"recording.id": e.Recording.ID, "recording.url": e.Recording.URL,
	} {
		if value != "" {
			values[name] = value
		}
	}
	for name, value := range e.Extra {
		values[name] = value
	}
	for name, t := range map[string]time.Time{
		"call.dateCreated":     e.Call.DateCreated,
		"call.dateEstablished": e.Call.DateEstablished,
		"call.dateFinished":    e.Call.DateFinished,
	} {
		if !t.IsZero() {
			values[name] = form(t)
		}
	}
	for name, seconds := range map[string]*int{"call.duration": e.Call.Duration, "recording.duration": e.Recording.Duration} {
		if seconds != nil {
			values[name] = int64(*seconds)
		}
	}
	values["call.anonymous"] = e.Call.Anonymous
	return values
}

// mustJSON marshals maps of plain values. This cannot fail, and sorts the keys.
func mustJSON(v any) []byte {
	body, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return body
}
