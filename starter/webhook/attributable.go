package webhook

import (
	"github.com/callthread/callthread/babelforce"
	"github.com/callthread/callthread/call"
)

// attributable returns an error for an agent's leg without a parent id. The call that it belongs to
// is unknown, and the leg is not a call by itself.
func attributable(event babelforce.Event) error {
	leg := call.Leg{Type: event.Call.Type, Source: event.Call.Source, Domain: event.Call.Domain}
	if leg.IsAgentAttempt() && event.Call.ParentID == "" {
		return &babelforce.DecodeError{
			Kind: babelforce.ErrNoCallID, Field: "call.parentId",
			Problem: "missing on an agent's leg (outbound, queue, internal): the call that it belongs to is unknown",
		}
	}
	return nil
}
