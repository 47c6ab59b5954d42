package sandbox

import (
	"time"

	"github.com/callthread/callthread/babelforce"
	"github.com/callthread/callthread/babelforce/simulator"
)

// Row is a leg in the log (OpenAPI Call).
type Row struct {
	ID, ParentID, SessionID, ConversationID             string
	Type, Source, Domain, State, FinishReason, From, To string
	Anonymous                                           bool
	Created, Established, Finished                      time.Time
	Duration                                            *int
	Bridged                                             *Bridged
	Logged                                              time.Time // when the row appeared in the log; the time of [Server.Log] where it is zero
}

// Bridged is who was connected to a leg (OpenAPI CallBridged).
type Bridged struct {
	ID, Name, Number, QueueID, QueueName string
}

// fields are what the API shows of a row.
func (r Row) fields(date func(time.Time) any) map[string]any {
	f := map[string]any{
		"id": r.ID, "sessionId": r.SessionID, "conversationId": r.ConversationID, "type": r.Type, "source": r.Source, "domain": r.Domain,
		"state": r.State, "from": r.From, "to": r.To, "anonymous": r.Anonymous,
		"dateCreated": date(r.Created), "lastUpdated": date(maxTime(r.Created, r.Finished)), "recordings": []any{},
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
		optional["bridged"] = map[string]any{"id": b.ID, "name": b.Name, "number": b.Number, "queueId": b.QueueID, "queueName": b.QueueName}
	} else if r.ParentID != "" {
		optional["bridged"] = map[string]any{} // as seen on attempts that nobody answered
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

// Play adds the legs of a simulated call to the log, each as its last event shows
// it. A leg that has not ended when that event is sent is under way. The
// simulator's calls are told within seconds and last for minutes: the log has them
// as they are played, from began on.
func (s *Server) Play(story simulator.Story, began time.Time) error {
	legs := make(map[string]Row)
	var order []string
	var last *Bridged
	for _, step := range story.Steps {
		event, err := babelforce.Decode(step.Event, step.ContentType, step.Body)
		if err != nil {
			return err
		}
		at := began.Add(step.After)
		row, known := legs[event.Call.ID]
		if !known {
			order = append(order, event.Call.ID)
			row.Created = at
		}
		row = row.seen(event, at)
		if event.Name == babelforce.CallBridged {
			last = bridgedBy(event)
		}
		if row.ParentID == "" {
			row.Bridged = last
		} else if !row.Established.IsZero() {
			row.Bridged = bridgedBy(event)
		}
		legs[event.Call.ID] = row
	}
	for _, id := range order {
		s.Log(legs[id])
	}
	return nil
}

// seen is the row after an event of its leg.
func (r Row) seen(event babelforce.Event, at time.Time) Row {
	leg := event.Call
	r.ID, r.ParentID, r.SessionID, r.ConversationID = leg.ID, leg.ParentID, leg.SessionID, leg.ConversationID
	r.Type, r.Source, r.Domain, r.From, r.To, r.Anonymous = leg.Type, leg.Source, leg.Domain, leg.From, leg.To, leg.Anonymous
	if event.Name == babelforce.RecordingFinished {
		return r
	}
	if event.Name == babelforce.CallFinished {
		r.State, r.FinishReason, r.Finished, r.Duration = leg.State, leg.FinishReason, at, leg.Duration
	} else if r.Finished.IsZero() {
		r.State = leg.State
	}
	if !leg.DateEstablished.IsZero() && r.Established.IsZero() {
		r.Established = at
	}
	return r
}

func bridgedBy(event babelforce.Event) *Bridged {
	if event.Agent.ID == "" {
		return nil
	}
	return &Bridged{ID: event.Agent.ID, Name: event.Agent.Name, Number: event.Agent.Number, QueueID: event.Queue.ID, QueueName: event.Queue.Name}
}
