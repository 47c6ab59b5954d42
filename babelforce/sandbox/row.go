package sandbox

import (
	"cmp"
	"time"
)

// Row is a leg in the log (OpenAPI Call).
type Row struct {
	ID, ParentID, SessionID, ConversationID             string
	Type, Source, Domain, State, FinishReason, From, To string
	Anonymous                                           bool
	Created, Established, Finished                      time.Time
	Duration                                            *int
	Bridged                                             *Bridged
	Recordings                                          []Recording
	Logged                                              time.Time // when the row appeared in the log; if zero, the time of [Server.Log]
}

// Bridged is the agent who was connected to a leg (OpenAPI CallBridged). After a transfer it
// has no queue.
type Bridged struct {
	ID, Name, Number, QueueID, QueueName string
}

// Recording is one recording of a leg (OpenAPI Recording).
type Recording struct {
	ID, URL  string
	Duration *int   // in seconds
	State    string // "stored" if empty
}

// fields returns the fields that the API shows of a row.
func (r Row) fields(date func(time.Time) any) map[string]any {
	f := map[string]any{
		"id": r.ID, "sessionId": r.SessionID, "conversationId": r.ConversationID, "type": r.Type, "source": r.Source, "domain": r.Domain,
		"state": r.State, "from": r.From, "to": r.To, "anonymous": r.Anonymous,
		"dateCreated": date(r.Created), "lastUpdated": date(maxTime(r.Created, r.Finished)), "recordings": r.recordings(),
	}
	optional := map[string]any{}
	if r.ParentID != "" {
		optional["parentId"] = r.ParentID
	}
	if r.FinishReason != "" {
		optional["finishReason"] = r.FinishReason
	}
	if !r.Established.IsZero() {
		optional["dateEstablished"] = date(r.Established)
	}
	if !r.Finished.IsZero() {
		optional["dateFinished"] = date(r.Finished)
	}
	if r.Duration != nil {
		optional["duration"] = *r.Duration
	}
	if b := r.Bridged; b != nil {
		optional["bridged"] = map[string]any{"id": b.ID, "name": b.Name, "number": b.Number, "queueId": orNull(b.QueueID), "queueName": orNull(b.QueueName)}
	} else if r.ParentID != "" {
		optional["bridged"] = map[string]any{} // as seen on unanswered attempts
	}
	for name, value := range optional {
		f[name] = value
	}
	return f
}

func maxTime(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func (r Row) recordings() []any {
	list := []any{}
	for _, recording := range r.Recordings {
		entry := map[string]any{
			"id": recording.ID, "url": recording.URL, "duration": recording.Duration, "state": cmp.Or(recording.State, "stored"), "tags": []any{},
			"call": map[string]any{"id": r.ID, "conversationId": r.ConversationID, "type": r.Type, "from": r.From, "to": r.To},
		}
		if r.Bridged != nil {
			entry["agent"] = map[string]any{"id": r.Bridged.ID, "name": r.Bridged.Name, "number": r.Bridged.Number}
		}
		list = append(list, entry)
	}
	return list
}

func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}
