package webhook

import (
	"time"

	"github.com/callthread/callthread/babelforce"
	"github.com/callthread/callthread/call"
)

// kinds translates babelforce's events. This file is the only one that knows both vocabularies.
var kinds = map[babelforce.EventName]call.Kind{
	babelforce.CallInbound:       call.Inbound,
	babelforce.CallOutbound:      call.Outbound,
	babelforce.CallBridged:       call.Bridged,
	babelforce.CallFinished:      call.Finished,
	babelforce.RecordingFinished: call.Recorded,
}

// Translate puts an event of babelforce's into our own words.
func Translate(event babelforce.Event, receivedAt time.Time) call.Event {
	return call.Event{
		Kind:       kinds[event.Name],
		ReceivedAt: receivedAt,
		Leg: call.Leg{
			ID:             event.Call.ID,
			ParentID:       event.Call.ParentID,
			SessionID:      event.Call.SessionID,
			ConversationID: event.Call.ConversationID,
			Type:           event.Call.Type,
			Source:         event.Call.Source,
			Domain:         event.Call.Domain,
			State:          event.Call.State,
			FinishReason:   event.Call.FinishReason,
			From:           event.Call.From,
			To:             event.Call.To,
			Anonymous:      event.Call.Anonymous,
			CreatedAt:      event.Call.DateCreated,
			EstablishedAt:  event.Call.DateEstablished,
			FinishedAt:     event.Call.DateFinished,
			Seconds:        event.Call.Duration,
		},
		Agent: call.Agent{
			ID:       event.Agent.ID,
			Name:     event.Agent.Name,
			Email:    event.Agent.Email,
			Number:   event.Agent.Number,
			SourceID: event.Agent.SourceID,
			Source:   event.Agent.Source,
		},
		Queue: call.Queue{ID: event.Queue.ID, Name: event.Queue.Name},
		Recording: call.Recording{
			ID:      event.Recording.ID,
			URL:     event.Recording.URL,
			Seconds: event.Recording.Duration,
		},
		Extra:   event.Extra,
		Ignored: event.Ignored,
	}
}

// attributable refuses an attempt to reach an agent that does not name its
// parent: whose call it belongs to cannot be known, and it is none by itself.
func attributable(event babelforce.Event) error {
	leg := call.Leg{Type: event.Call.Type, Source: event.Call.Source, Domain: event.Call.Domain}
	if leg.IsAgentAttempt() && event.Call.ParentID == "" {
		return &babelforce.DecodeError{
			Kind: babelforce.ErrNoCallID, Field: "call.parentId",
			Problem: "missing on an agent's leg (outbound, queue, internal): it cannot be told which call it belongs to",
		}
	}
	return nil
}
