package testsuite

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/activities"
	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/internal/demo"
	"github.com/callthread/callthread/kustomer/sandbox"
	"github.com/callthread/callthread/testsuite/stage"
	"github.com/callthread/callthread/workflows"
)

func TestPlayedCallsReplay(t *testing.T) { playsAndReplays(t, playedCalls) }

func TestPlayedCallsOfALargerFileReplay(t *testing.T) {
	playsAndReplays(t, callsThatWantMore, func(options *demo.StageOptions) {
		options.Automations = slices.Concat([]byte(moreCallers), automation.DefaultFile, []byte(moreAutomations))
		options.Limits.Recording = 3 * time.Second
	})
}

// Settings that go beyond the built-in file.
const (
	moreCallers     = "callers: { returning: { policy: append } }\nwrapUpTime: 1s\n"
	moreAutomations = `
  - { event: call.outbound, action: kustomer.conversation.create, options: { name: "Call to {call.to}" } }
  - { event: recording.finished, action: kustomer.conversation.update, options: { note: "{recording.url}" } }
  - { event: call.wrappedUp, action: kustomer.conversation.update, options: { status: done } }
`
)

// callsThatWantMore are the paths through CallWorkflow that need such a file.
var callsThatWantMore = map[string]func(t *testing.T, s *stage.Stage, key string){
	"recorded-and-wrapped-up": func(t *testing.T, s *stage.Stage, key string) {
		s.Accepts(t, "call-inbound", stage.ParentLeg(key, `,"anonymous":true`)+"}") // anonymous, so that it does not join another call's conversation
		s.Accepts(t, "call-bridged", stage.Bridged(key))
		s.Accepts(t, "call-finished", stage.Finished(key))
		s.Accepts(t, "recording-finished", recording(key))
	},
	"placed": func(t *testing.T, s *stage.Stage, key string) {
		s.Accepts(t, "call-outbound", placed(key, ""))
		s.Accepts(t, "call-bridged", strings.TrimSuffix(placed(key, `,"duration":9`), "}")+`,"agent":{"id":"4711","sourceId":"`+stage.Amira+`"}}`)
		s.Accepts(t, "call-finished", placed(key, `,"duration":70,"finishReason":"hangup"`))
	},
	"joined": func(t *testing.T, s *stage.Stage, key string) {
		const first = "recorded-joined-first"
		s.Accepts(t, "call-inbound", stage.Inbound(first))
		conversation := s.AwaitConversation(t, first)
		again := stage.ParentLeg(key, fmt.Sprintf(`,"dateCreated":%d`, time.Now().Add(time.Hour).Unix()))
		s.Accepts(t, "call-inbound", again+"}")
		s.Accepts(t, "call-finished", stage.Abandoned(key))
		s.Accepts(t, "call-finished", stage.Abandoned(first))
		require.Equal(t, conversation, isIn(t, s, key))
	},
}

// isIn waits until a call has a conversation, its own or another call's.
func isIn(t *testing.T, s *stage.Stage, key string) (conversation string) {
	t.Helper()
	s.AwaitState(t, key, func(state workflows.State) bool {
		conversation = state.ConversationID
		return conversation != ""
	})
	return conversation
}

// waitsFor waits until a call waits for the given event.
func waitsFor(t *testing.T, s *stage.Stage, key string, what call.WaitsFor) {
	t.Helper()
	s.AwaitState(t, key, func(state workflows.State) bool { return state.WaitsFor == what })
}

func recording(key string) string {
	return fmt.Sprintf(`{"recording":{"id":"r-1","url":"https://recordings.example.com/1","duration":80,"call":{"id":%q}}}`, key)
}

func placed(key, fields string) string {
	return fmt.Sprintf(`{"call":{"id":%q,"type":"outbound","source":"api","domain":"external","from":"+493023125001","to":"+493023125043"%s}}`, key, fields)
}

// playedCalls are the paths through CallWorkflow that are recorded.
var playedCalls = map[string]func(t *testing.T, s *stage.Stage, key string){
	"answered": func(t *testing.T, s *stage.Stage, key string) {
		s.Accepts(t, "call-inbound", stage.Inbound(key))
		s.Accepts(t, "call-finished", stage.UnansweredAttempt(key))
		s.Accepts(t, "call-bridged", stage.Bridged(key))
		s.Accepts(t, "call-bridged", stage.Bridged(key))
		s.Accepts(t, "call-finished", stage.Finished(key))
	},
	"abandoned": func(t *testing.T, s *stage.Stage, key string) {
		s.Accepts(t, "call-inbound", stage.Inbound(key))
		s.Accepts(t, "call-finished", stage.Abandoned(key))
	},
	"bridged-first": func(t *testing.T, s *stage.Stage, key string) {
		s.Accepts(t, "call-bridged", stage.Bridged(key))
		s.Accepts(t, "call-inbound", stage.Inbound(key))
		s.Accepts(t, "call-finished", stage.Finished(key))
	},
	"finished-first": func(t *testing.T, s *stage.Stage, key string) {
		s.Accepts(t, "call-finished", stage.Finished(key))
		s.Accepts(t, "call-bridged", stage.Bridged(key))
	},
	"child-leg-first": func(t *testing.T, s *stage.Stage, key string) {
		s.Accepts(t, "call-finished", stage.UnansweredAttempt(key))
		s.Accepts(t, "call-inbound", stage.Inbound(key))
		s.Accepts(t, "call-finished", stage.Abandoned(key))
	},
	"transferred": func(t *testing.T, s *stage.Stage, key string) {
		s.Accepts(t, "call-inbound", stage.Inbound(key))
		s.Accepts(t, "call-bridged", stage.Bridged(key))
		s.Accepts(t, "call-bridged", stage.ParentLeg(key, `,"duration":50`)+`,"agent":{"id":"4713","sourceId":"5f0c1a2b3c4d5e6f70819212"}}`)
		s.Accepts(t, "call-finished", stage.Finished(key))
	},
	"bridge-lost": func(t *testing.T, s *stage.Stage, key string) {
		s.Accepts(t, "call-inbound", stage.Inbound(key))
		s.Accepts(t, "call-finished", stage.Finished(key))
	},
	"answer-lost": func(t *testing.T, s *stage.Stage, key string) {
		s.Sandbox.Inject(sandbox.Fault{Method: "POST", Route: "/v1/conversations", Kind: sandbox.FaultLoseAnswer, Times: 1})
		s.Accepts(t, "call-inbound", stage.Inbound(key))
		s.Accepts(t, "call-finished", stage.Abandoned(key))
	},
	"conversation-awaited": func(t *testing.T, s *stage.Stage, key string) {
		status, answer := s.Post(t, "call-inbound?wait=conversation", stage.Inbound(key))
		require.Equal(t, 200, status, answer)
		s.Accepts(t, "call-finished", stage.Abandoned(key))
	},
	"parked-and-retried": func(t *testing.T, s *stage.Stage, key string) { park(t, s, key, workflows.UpdateRetry) },
	"parked-and-skipped": func(t *testing.T, s *stage.Stage, key string) { park(t, s, key, workflows.UpdateSkip) },
	"parked-and-amended": func(t *testing.T, s *stage.Stage, key string) {
		park(t, s, key, workflows.UpdateAmend, activities.Amendment{Name: new("Amended")})
	},
	"part-left-out": func(t *testing.T, s *stage.Stage, key string) {
		s.Accepts(t, "call-inbound", stage.Inbound(key))
		s.Accepts(t, "call-bridged", strings.Replace(stage.Bridged(key), stage.Amira, "5f0c1a2b3c4d5e6f708192ff", 1))
		s.Accepts(t, "call-finished", stage.Finished(key))
	},
	"merged": func(t *testing.T, s *stage.Stage, key string) {
		s.Accepts(t, "call-inbound", stage.Inbound(key))
		merge(t, s, key)
		s.Accepts(t, "call-bridged", stage.Bridged(key))
		s.Accepts(t, "call-finished", stage.Finished(key))
	},
	"deleted": func(t *testing.T, s *stage.Stage, key string) {
		s.Accepts(t, "call-inbound", stage.Inbound(key))
		remove(t, s, s.AwaitConversation(t, key))
		s.Accepts(t, "call-bridged", stage.Bridged(key))
		s.Accepts(t, "call-finished", stage.Finished(key))
	},
	"reset": func(t *testing.T, s *stage.Stage, key string) {
		s.Accepts(t, "call-inbound", stage.Inbound(key))
		s.Accepts(t, "call-bridged", stage.Bridged(key))
		awaitNote(t, s, key, "bridged")
		s.Reset(t, key, slices.Min[[]int64])
		s.Accepts(t, "call-finished", stage.Finished(key))
	},
	"caller-known-late": func(t *testing.T, s *stage.Stage, key string) {
		s.Accepts(t, "call-finished", stage.UnansweredAttempt(key))
		s.AwaitConversation(t, key) // of an unknown caller
		s.Accepts(t, "call-inbound", stage.Inbound(key))
		s.Accepts(t, "call-finished", stage.Abandoned(key))
	},
	"transferred-cold": func(t *testing.T, s *stage.Stage, key string) {
		s.Accepts(t, "call-inbound", stage.Inbound(key))
		s.Accepts(t, "call-bridged", stage.Bridged(key))
		s.Accepts(t, "call-finished", stage.Attempt(key, 1, `"duration":40,"finishReason":"hangup"`))
		s.Accepts(t, "call-finished", stage.ParentLeg(key, `,"duration":50,"finishReason":"transferred"`)+"}")
		s.Accepts(t, "call-bridged", stage.ParentLeg(key, `,"duration":60`)+`,"agent":{"id":"4713","sourceId":"5f0c1a2b3c4d5e6f70819212"}}`)
		waitsFor(t, s, key, call.WaitsForTransfer)
		s.Accepts(t, "call-finished", stage.Attempt(key, 2, `"duration":30,"finishReason":"passive-hangup"`))
	},
	"transferred-to-nobody-known": func(t *testing.T, s *stage.Stage, key string) {
		s.Accepts(t, "call-inbound", stage.Inbound(key))
		s.Accepts(t, "call-bridged", stage.Bridged(key))
		s.Accepts(t, "call-bridged", stage.ParentLeg(key, `,"duration":50`)+`,"agent":{"id":"4713"}}`)
		s.Accepts(t, "call-finished", stage.Finished(key))
	},
	"no-agent": func(t *testing.T, s *stage.Stage, key string) {
		s.Accepts(t, "call-inbound", stage.Inbound(key))
		s.Accepts(t, "call-finished", stage.UnansweredAttempt(key))
		s.Accepts(t, "call-finished", stage.Attempt(key, 2, `"duration":0,"finishReason":"system-hangup"`))
		s.Accepts(t, "call-finished", stage.ParentLeg(key, `,"duration":60,"finishReason":"system-hangup"`)+"}")
	},
	"after-hours": func(t *testing.T, s *stage.Stage, key string) {
		s.Accepts(t, "call-inbound", stage.Inbound(key))
		s.Accepts(t, "call-finished", strings.Replace(stage.Abandoned(key), `{"call"`, `{"app":{"afterHours":true},"call"`, 1))
	},
	"kustomer-down": func(t *testing.T, s *stage.Stage, key string) {
		s.Sandbox.Inject(sandbox.Fault{Kind: sandbox.FaultStatus, Status: 503, Times: 1_000_000})
		defer s.Sandbox.ClearFaults()
		s.Accepts(t, "call-inbound", stage.Inbound(key))
		s.Accepts(t, "call-bridged", stage.Bridged(key))
		s.Accepts(t, "call-finished", stage.Finished(key))
		s.AwaitState(t, key, func(s workflows.State) bool { return s.Outcome == call.Answered && s.Step != nil })
	},
	"agent-known-late": func(t *testing.T, s *stage.Stage, key string) {
		s.Accepts(t, "call-inbound", stage.Inbound(key))
		s.Accepts(t, "call-bridged", stage.ParentLeg(key, `,"duration":7`)+"}")
		awaitNote(t, s, key, "bridged")
		s.Accepts(t, "call-bridged", stage.Bridged(key))
		s.Accepts(t, "call-finished", stage.Finished(key))
	},
	"of-yesterday": func(t *testing.T, s *stage.Stage, key string) {
		s.Accepts(t, "call-inbound", stage.ParentLeg(key, `,"dateCreated":1795000000`)+"}")
		s.Accepts(t, "call-finished", stage.Abandoned(key))
	},
}

// park makes Kustomer refuse the conversation of a call, and an operator decide.
func park(t *testing.T, s *stage.Stage, key, decision string, with ...any) {
	s.Sandbox.Inject(sandbox.Fault{Method: "POST", Route: "/v1/conversations", Kind: sandbox.FaultStatus, Status: 400, Times: 2}) // the full request and the reduced one
	s.Accepts(t, "call-inbound", stage.Inbound(key))
	s.AwaitParked(t, key)
	s.Decide(t, key, decision, with...)
	s.Accepts(t, "call-finished", stage.Abandoned(key))
}
