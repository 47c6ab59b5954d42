package testsuite

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/activities"
	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/internal/demo"
	"github.com/callthread/callthread/kustomer/sandbox"
	"github.com/callthread/callthread/workflows"
)

func TestPlayedCallsReplay(t *testing.T) { playsAndReplays(t, playedCalls) }

func TestPlayedCallsOfAFileThatWantsMoreReplay(t *testing.T) {
	usual := stage
	t.Cleanup(func() { stage = usual })
	var err error
	stage, err = demo.SetStage(context.Background(), demo.StageOptions{
		Patience:    workflows.Patience{Settle: 2 * time.Second, Recording: 3 * time.Second},
		Automations: slices.Concat([]byte(moreCallers), automation.DefaultFile, []byte(moreAutomations)),
		Budget:      100_000,
		Progress:    io.Discard,
		Log:         slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	t.Cleanup(stage.Close)
	playsAndReplays(t, callsThatWantMore)
}

// What a file can want beyond the built-in one.
const (
	moreCallers     = "callers: { returning: { policy: append } }\nwrapUpTime: 1s\n"
	moreAutomations = `
  - { event: call.outbound, action: kustomer.conversation.create, options: { name: "Call to {call.to}" } }
  - { event: recording.finished, action: kustomer.conversation.update, options: { note: "{recording.url}" } }
  - { event: call.wrappedUp, action: kustomer.conversation.update, options: { status: done } }
`
)

// callsThatWantMore are the paths that such a file opens.
var callsThatWantMore = map[string]func(t *testing.T, key string){
	"recorded-and-wrapped-up": func(t *testing.T, key string) {
		accepts(t, "call-inbound", parentLeg(key, `,"anonymous":true`)+"}") // or it would join another's conversation
		accepts(t, "call-bridged", bridged(key))
		accepts(t, "call-finished", finished(key))
		accepts(t, "recording-finished", recording(key))
	},
	"placed": func(t *testing.T, key string) {
		accepts(t, "call-outbound", placed(key, ""))
		accepts(t, "call-bridged", strings.TrimSuffix(placed(key, `,"duration":9`), "}")+`,"agent":{"id":"4711","sourceId":"`+amira+`"}}`)
		accepts(t, "call-finished", placed(key, `,"duration":70,"finishReason":"hangup"`))
	},
	"joined": func(t *testing.T, key string) {
		const first = "recorded-joined-first"
		accepts(t, "call-inbound", inbound(first))
		conversation := awaitConversation(t, first)
		again := parentLeg(key, fmt.Sprintf(`,"dateCreated":%d`, time.Now().Add(time.Hour).Unix()))
		accepts(t, "call-inbound", again+"}")
		accepts(t, "call-finished", abandoned(key))
		accepts(t, "call-finished", abandoned(first))
		require.Equal(t, conversation, isIn(t, key))
	},
}

// isIn waits until a call is in a conversation, be it another's.
func isIn(t *testing.T, key string) (conversation string) {
	t.Helper()
	awaitState(t, key, func(state workflows.State) bool {
		conversation = state.ConversationID
		return conversation != ""
	})
	return conversation
}

// waitsFor waits until a call waits for something.
func waitsFor(t *testing.T, key, what string) {
	t.Helper()
	awaitState(t, key, func(state workflows.State) bool { return state.WaitsFor == what })
}

func awaitState(t *testing.T, key string, is func(workflows.State) bool) {
	t.Helper()
	require.Eventually(t, func() bool {
		value, err := stage.Temporal.QueryWorkflow(t.Context(), workflows.WorkflowID(key), "", workflows.QueryState)
		var state workflows.State
		return err == nil && value.Get(&state) == nil && is(state)
	}, 20*time.Second, 20*time.Millisecond)
}

func recording(key string) string {
	return fmt.Sprintf(`{"recording":{"id":"r-1","url":"https://recordings.example.com/1","duration":80,"call":{"id":%q}}}`, key)
}

func placed(key, fields string) string {
	return fmt.Sprintf(`{"call":{"id":%q,"type":"outbound","source":"api","domain":"external","from":"+493023125001","to":"+493023125043"%s}}`, key, fields)
}

// playedCalls are the paths through CallWorkflow that are recorded.
var playedCalls = map[string]func(t *testing.T, key string){
	"answered": func(t *testing.T, key string) {
		accepts(t, "call-inbound", inbound(key))
		accepts(t, "call-finished", unansweredAttempt(key))
		accepts(t, "call-bridged", bridged(key))
		accepts(t, "call-bridged", bridged(key))
		accepts(t, "call-finished", finished(key))
	},
	"abandoned": func(t *testing.T, key string) {
		accepts(t, "call-inbound", inbound(key))
		accepts(t, "call-finished", abandoned(key))
	},
	"bridged-first": func(t *testing.T, key string) {
		accepts(t, "call-bridged", bridged(key))
		accepts(t, "call-inbound", inbound(key))
		accepts(t, "call-finished", finished(key))
	},
	"finished-first": func(t *testing.T, key string) {
		accepts(t, "call-finished", finished(key))
		accepts(t, "call-bridged", bridged(key))
	},
	"child-leg-first": func(t *testing.T, key string) {
		accepts(t, "call-finished", unansweredAttempt(key))
		accepts(t, "call-inbound", inbound(key))
		accepts(t, "call-finished", abandoned(key))
	},
	"transferred": func(t *testing.T, key string) {
		accepts(t, "call-inbound", inbound(key))
		accepts(t, "call-bridged", bridged(key))
		accepts(t, "call-bridged", parentLeg(key, `,"duration":50`)+`,"agent":{"id":"4713","sourceId":"5f0c1a2b3c4d5e6f70819212"}}`)
		accepts(t, "call-finished", finished(key))
	},
	"bridge-lost": func(t *testing.T, key string) {
		accepts(t, "call-inbound", inbound(key))
		accepts(t, "call-finished", finished(key))
	},
	"answer-lost": func(t *testing.T, key string) {
		stage.Sandbox.Inject(sandbox.Fault{Method: "POST", Route: "/v1/conversations", Kind: sandbox.FaultLoseAnswer, Times: 1})
		accepts(t, "call-inbound", inbound(key))
		accepts(t, "call-finished", abandoned(key))
	},
	"conversation-awaited": func(t *testing.T, key string) {
		status, answer := post(t, "call-inbound?wait=conversation", inbound(key))
		require.Equal(t, 200, status, answer)
		accepts(t, "call-finished", abandoned(key))
	},
	"parked-and-retried": func(t *testing.T, key string) { park(t, key, workflows.UpdateRetry) },
	"parked-and-skipped": func(t *testing.T, key string) { park(t, key, workflows.UpdateSkip) },
	"parked-and-amended": func(t *testing.T, key string) {
		park(t, key, workflows.UpdateAmend, activities.Amendment{Name: new("Amended")})
	},
	"part-left-out": func(t *testing.T, key string) {
		accepts(t, "call-inbound", inbound(key))
		accepts(t, "call-bridged", strings.Replace(bridged(key), amira, "5f0c1a2b3c4d5e6f708192ff", 1))
		accepts(t, "call-finished", finished(key))
	},
	"merged": func(t *testing.T, key string) {
		accepts(t, "call-inbound", inbound(key))
		merge(t, key)
		accepts(t, "call-bridged", bridged(key))
		accepts(t, "call-finished", finished(key))
	},
	"deleted": func(t *testing.T, key string) {
		accepts(t, "call-inbound", inbound(key))
		remove(t, awaitConversation(t, key))
		accepts(t, "call-bridged", bridged(key))
		accepts(t, "call-finished", finished(key))
	},
	"reset": func(t *testing.T, key string) {
		accepts(t, "call-inbound", inbound(key))
		accepts(t, "call-bridged", bridged(key))
		awaitNote(t, key, "bridged")
		reset(t, key, slices.Min[[]int64])
		accepts(t, "call-finished", finished(key))
	},
	"caller-known-late": func(t *testing.T, key string) {
		accepts(t, "call-finished", unansweredAttempt(key))
		awaitConversation(t, key) // for nobody
		accepts(t, "call-inbound", inbound(key))
		accepts(t, "call-finished", abandoned(key))
	},
	"transferred-cold": func(t *testing.T, key string) {
		accepts(t, "call-inbound", inbound(key))
		accepts(t, "call-bridged", bridged(key))
		accepts(t, "call-finished", attempt(key, 1, `"duration":40,"finishReason":"hangup"`))
		accepts(t, "call-finished", parentLeg(key, `,"duration":50,"finishReason":"transferred"`)+"}")
		accepts(t, "call-bridged", parentLeg(key, `,"duration":60`)+`,"agent":{"id":"4713","sourceId":"5f0c1a2b3c4d5e6f70819212"}}`)
		waitsFor(t, key, "the end of the call, which was transferred")
		accepts(t, "call-finished", attempt(key, 2, `"duration":30,"finishReason":"passive-hangup"`))
	},
	"transferred-to-nobody-known": func(t *testing.T, key string) {
		accepts(t, "call-inbound", inbound(key))
		accepts(t, "call-bridged", bridged(key))
		accepts(t, "call-bridged", parentLeg(key, `,"duration":50`)+`,"agent":{"id":"4713"}}`)
		accepts(t, "call-finished", finished(key))
	},
	"no-agent": func(t *testing.T, key string) {
		accepts(t, "call-inbound", inbound(key))
		accepts(t, "call-finished", unansweredAttempt(key))
		accepts(t, "call-finished", attempt(key, 2, `"duration":0,"finishReason":"system-hangup"`))
		accepts(t, "call-finished", parentLeg(key, `,"duration":60,"finishReason":"system-hangup"`)+"}")
	},
	"after-hours": func(t *testing.T, key string) {
		accepts(t, "call-inbound", inbound(key))
		accepts(t, "call-finished", strings.Replace(abandoned(key), `{"call"`, `{"app":{"afterHours":true},"call"`, 1))
	},
	"of-yesterday": func(t *testing.T, key string) {
		accepts(t, "call-inbound", parentLeg(key, `,"dateCreated":1795000000`)+"}")
		accepts(t, "call-finished", abandoned(key))
	},
}

// park has the conversation of a call refused, and an operator decide.
func park(t *testing.T, key, decision string, with ...any) {
	stage.Sandbox.Inject(sandbox.Fault{Method: "POST", Route: "/v1/conversations", Kind: sandbox.FaultStatus, Status: 400, Times: 2}) // whole, and bare
	accepts(t, "call-inbound", inbound(key))
	awaitParked(t, key)
	decide(t, key, decision, with...)
	accepts(t, "call-finished", abandoned(key))
}
