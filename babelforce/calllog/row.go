package calllog

import (
	"bytes"
	"encoding/json"
	"errors"

	"github.com/callthread/callthread/babelforce"
)

// Row is one leg of a call in the log (OpenAPI Call). Its fields are those of a
// webhook's call bucket, and are read by the same rules.
type Row struct {
	Call  babelforce.Call
	Agent babelforce.Agent // who was connected: id, name and number; the log has neither e-mail nor source id
	Queue babelforce.Queue
}

// IsRoot reports whether the leg is the caller's, or that of an outbound call: it has no parent.
func (r Row) IsRoot() bool { return r.Call.ParentID == "" }

// IsFinal reports whether the leg has ended, so that its row will not change any more.
func (r Row) IsFinal() bool {
	switch r.Call.State {
	case "canceled", "busy", "no-answer", "purged", "completed", "failed":
		return true
	}
	return !r.Call.DateFinished.IsZero()
}

// IsTest reports whether the leg belongs to a test call.
func (r Row) IsTest() bool { return r.Call.Source == "test" }

var errNoDate = errors.New("the row does not say when the call was created")

// decodeRow reads a row as the call bucket of a webhook. Its errors hold no value of the row.
func decodeRow(raw json.RawMessage) (Row, error) {
	body := bytes.Join([][]byte{[]byte(`{"call":`), raw, []byte(`}`)}, nil)
	event, err := babelforce.Decode(babelforce.CallFinished, "application/json", body)
	if err != nil {
		return Row{}, err
	}
	if event.Call.DateCreated.IsZero() {
		return Row{}, errNoDate
	}
	return Row{Call: event.Call, Agent: event.Agent, Queue: event.Queue}, nil
}
