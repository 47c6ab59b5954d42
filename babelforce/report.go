package babelforce

import (
	"time"

	"github.com/callthread/callthread/call"
)

// kinds maps babelforce's events to Callthread's. Only this file knows both vocabularies.
var kinds = map[EventName]call.Kind{
	CallInbound:       call.Inbound,
	CallOutbound:      call.Outbound,
	CallBridged:       call.Bridged,
	CallFinished:      call.Finished,
	RecordingFinished: call.Recorded,
}

// Report converts the event to Callthread's event.
func (e Event) Report(receivedAt time.Time) call.Event {
	return call.Event{
		Kind:       kinds[e.Name],
		ReceivedAt: receivedAt,
		Leg: call.Leg{
			ID:             e.Call.ID,
			ParentID:       e.Call.ParentID,
			SessionID:      e.Call.SessionID,
			ConversationID: e.Call.ConversationID,
			Type:           e.Call.Type,
			Source:         e.Call.Source,
			Domain:         e.Call.Domain,
			State:          e.Call.State,
			FinishReason:   e.Call.FinishReason,
			From:           e.Call.From,
			To:             e.Call.To,
			Anonymous:      e.Call.Anonymous,
			CreatedAt:      e.Call.DateCreated,
			EstablishedAt:  e.Call.DateEstablished,
			FinishedAt:     e.Call.DateFinished,
			Seconds:        e.Call.Duration,
		},
		Agent: call.Agent{
			ID:       e.Agent.ID,
			Name:     e.Agent.Name,
			Email:    e.Agent.Email,
			Number:   e.Agent.Number,
			SourceID: e.Agent.SourceID,
			Source:   e.Agent.Source,
		},
		Queue:     call.Queue{ID: e.Queue.ID, Name: e.Queue.Name},
		Recording: call.Recording{ID: e.Recording.ID, URL: e.Recording.URL, Seconds: e.Recording.Duration},
		Extra:     e.Extra,
		Ignored:   e.Ignored,
	}
}
