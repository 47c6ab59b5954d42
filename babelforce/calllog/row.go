package calllog

import (
	"bytes"
	"encoding/json"
	"errors"

	"github.com/callthread/callthread/babelforce"
)

// Row is one leg of a call in the log (OpenAPI Call). It has the fields of a webhook's call
// bucket, which are decoded by the same rules.
type Row struct {
	Call babelforce.Call
	// Agent is the agent who was connected to the leg, and Queue the queue that led there
	// (OpenAPI CallBridged). Agent has an id, a name and a number; [Client.Agent] reads
	// more. Both are zero if no agent was connected, and Queue also after a transfer.
	Agent babelforce.Agent
	Queue babelforce.Queue
	// Recordings are the leg's available recordings, in the log's order. Recordings without
	// a URL are omitted.
	Recordings []babelforce.Recording
}

// IsRoot reports whether the leg has no parent. It is then the caller's leg, or the parent
// leg of an outbound call.
func (r Row) IsRoot() bool { return r.Call.ParentID == "" }

// IsFinal reports whether the leg has ended. Its row then no longer changes.
func (r Row) IsFinal() bool {
	switch r.Call.State {
	case "canceled", "busy", "no-answer", "purged", "completed", "failed":
		return true
	}
	return !r.Call.DateFinished.IsZero()
}

// IsTest reports whether the leg belongs to a test call.
func (r Row) IsTest() bool { return r.Call.Source == "test" }

var (
	errNoDate     = errors.New("the row has no valid dateCreated")
	errOtherAgent = errors.New("the answer describes another agent")
)

// decodeRow decodes a row as the call bucket of a webhook. Its errors contain no value of the row.
func decodeRow(raw json.RawMessage) (Row, error) {
	event, err := decode("call", raw)
	if err != nil {
		return Row{}, err
	}
	if event.Call.DateCreated.IsZero() {
		return Row{}, errNoDate
	}
	return Row{Call: event.Call, Agent: event.Agent, Queue: event.Queue, Recordings: decodeRecordings(raw)}, nil
}

// decodeRecordings skips entries without audio.
func decodeRecordings(row json.RawMessage) (recordings []babelforce.Recording) {
	var list struct {
		Recordings json.RawMessage `json:"recordings"`
	}
	var entries []json.RawMessage
	if json.Unmarshal(row, &list) != nil || json.Unmarshal(list.Recordings, &entries) != nil {
		return nil
	}
	for _, raw := range entries {
		event, err := decode("recording", raw)
		if err != nil || event.Recording.URL == "" || !hasAudio(event.Extra["recording.state"]) {
			continue
		}
		recordings = append(recordings, event.Recording)
	}
	return recordings
}

// hasAudio reports whether a recording in this state has audio (OpenAPI RecordingState). An
// absent or unknown state counts as having audio.
func hasAudio(state string) bool {
	switch state {
	case "init", "recording", "failed", "deleted", "missing":
		return false
	}
	return true
}

// decode decodes an object of the API as a bucket of a webhook.
func decode(bucket string, raw json.RawMessage) (babelforce.Event, error) {
	body := [][]byte{[]byte(`{"` + bucket + `":`), raw, []byte(`}`)}
	if bucket != "call" { // an event needs a call
		body[0] = []byte(`{"call":{"id":"leg"},"` + bucket + `":`)
	}
	return babelforce.Decode(babelforce.CallFinished, "application/json", bytes.Join(body, nil))
}
