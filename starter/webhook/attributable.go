package webhook

import (
	"github.com/callthread/callthread/babelforce"
	"github.com/callthread/callthread/call"
)

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
