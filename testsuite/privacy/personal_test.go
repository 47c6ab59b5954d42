package privacy

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/callthread/callthread/activities"
	"github.com/callthread/callthread/testsuite/personal"
	"github.com/callthread/callthread/testsuite/stage"
	"github.com/callthread/callthread/workflows"
)

// personalAutomations write everything that a file can write.
const personalAutomations = `
  - { event: call.outbound, action: kustomer.conversation.create, options: { customer: "{call.to}", name: "Call to {call.to}" } }
  - { event: recording.finished, action: kustomer.conversation.update, options: { note: "{recording.url}" } }
  - { event: call.finished, action: kustomer.message.create, options: { subject: "Call from {call.from}" } }
`

// personalPaths are calls without failures.
var personalPaths = map[string]func(t *testing.T, s *stage.Stage, c personal.Call){
	"answered": func(t *testing.T, s *stage.Stage, c personal.Call) {
		status, answer := s.Post(t, "call-inbound?wait=conversation", c.Inbound())
		require.Equal(t, http.StatusOK, status, answer)
		s.Accepts(t, "call-finished", c.Attempt())
		s.Accepts(t, "call-bridged", c.Bridged())
		s.Accepts(t, "call-finished", c.Finished())
	},
	"transferred": func(t *testing.T, s *stage.Stage, c personal.Call) {
		s.Accepts(t, "call-inbound", c.Inbound())
		s.Accepts(t, "call-bridged", c.Bridged())
		s.Accepts(t, "call-bridged", strings.ReplaceAll(c.Bridged(), stage.Amira, stage.Bastian))
		s.Accepts(t, "call-finished", c.Finished())
	},
	"abandoned": func(t *testing.T, s *stage.Stage, c personal.Call) {
		s.Accepts(t, "call-inbound", c.Inbound())
		s.Accepts(t, "call-finished", c.Leg(`,"duration":20,"finishReason":"hangup"`)+"}")
	},
	"recorded": func(t *testing.T, s *stage.Stage, c personal.Call) {
		s.Accepts(t, "call-inbound", c.Inbound())
		s.Accepts(t, "call-bridged", c.Bridged())
		s.Accepts(t, "recording-finished", fmt.Sprintf(`{"recording":{"id":"r-1","url":"https://%s","duration":80,"call":{"id":%q}}}`, personal.RecordedAt, c.Key))
		s.Accepts(t, "call-finished", c.Finished())
	},
	"placed": func(t *testing.T, s *stage.Stage, c personal.Call) {
		s.Accepts(t, "call-outbound", c.Placed("}"))
		s.Accepts(t, "call-bridged", c.Placed(`,"duration":9},"agent":{"id":"4711","name":"`+personal.AgentsName+`","sourceId":"`+stage.Amira+`"}`))
		s.Accepts(t, "call-finished", c.Placed(`,"duration":70,"finishReason":"hangup"}`))
	},
}

// playPersonalCalls plays every path and returns the answers to refused webhooks.
func playPersonalCalls(t *testing.T, s *stage.Stage) (refusals []byte) {
	t.Helper()
	var all []personal.Call
	next := func(key string) personal.Call {
		all = append(all, personal.Call{Key: key, Number: fmt.Sprintf("%s%02d", personal.Callers, len(all))})
		return all[len(all)-1]
	}
	for _, decision := range []string{workflows.UpdateRetry, workflows.UpdateAmend, workflows.UpdateSkip} {
		playParked(t, s, next("parked-"+decision), decision)
	}
	playFailing(t, s, next("failing"))
	var calls sync.WaitGroup
	for name, play := range personalPaths {
		c := next(name)
		calls.Go(func() { play(t, s, c) })
	}
	calls.Wait()
	for _, c := range all {
		s.Result(t, c.Key)
	}
	require.Len(t, all, personal.Numbers)
	playCancelled(t, s, personal.Call{Key: "cancelled", Number: all[3].Number}) // no test searches for this call
	late := all[len(all)-1]
	s.Accepts(t, "call-bridged", late.Bridged())
	arrived := requireArrived(t, s)
	for _, c := range all {
		require.Contains(t, arrived, c.Number)
	}
	return refuseWebhooks(t, s, late)
}

// requireArrived checks that the words have reached Kustomer and so have passed through every part.
func requireArrived(t *testing.T, s *stage.Stage) string {
	t.Helper()
	state, err := json.Marshal(s.Sandbox.State())
	require.NoError(t, err)
	for _, word := range []string{personal.AgentsName, personal.NewName, personal.NewNote, personal.RecordedAt} {
		require.Contains(t, string(state), word)
	}
	return string(state)
}

func playParked(t *testing.T, s *stage.Stage, c personal.Call, decision string) {
	t.Helper()
	personal.Refuse(s.Sandbox, "/v1/conversations", 400, 2) // the full request and the reduced one
	s.Accepts(t, "call-inbound", c.Inbound())
	require.Contains(t, s.AwaitParked(t, c.Key).ParkedBecause, personal.OthersName, "the query of the call returns the reason")
	s.Sandbox.ClearFaults()
	switch decision {
	case workflows.UpdateSkip:
		s.Decide(t, c.Key, decision)
	case workflows.UpdateRetry:
		s.Decide(t, c.Key, decision)
		s.AwaitConversation(t, c.Key)
	case workflows.UpdateAmend:
		s.Decide(t, c.Key, decision, activities.Amendment{Name: new(personal.NewName)})
		s.AwaitConversation(t, c.Key)
		personal.Refuse(s.Sandbox, "/v1/conversations/{id}/notes", 400, 1)
		s.Accepts(t, "call-bridged", c.Bridged())
		s.AwaitParked(t, c.Key)
		s.Decide(t, c.Key, decision, activities.Amendment{Note: new(personal.NewNote)})
	}
	s.Accepts(t, "call-finished", c.Finished())
}

// playFailing makes several attempts fail with Kustomer's message before one succeeds.
func playFailing(t *testing.T, s *stage.Stage, c personal.Call) {
	t.Helper()
	for _, status := range []int{503, 403, 409} {
		personal.Refuse(s.Sandbox, "/v1/conversations", status, 1)
	}
	s.Accepts(t, "call-inbound", c.Inbound())
	s.AwaitConversation(t, c.Key)
	s.Accepts(t, "call-finished", c.Finished())
}

// playCancelled cancels a call. Its state, including numbers, is kept with its end.
func playCancelled(t *testing.T, s *stage.Stage, c personal.Call) {
	t.Helper()
	s.Accepts(t, "call-inbound", c.Inbound())
	s.AwaitConversation(t, c.Key)
	run := workflows.WorkflowID(c.Key)
	require.NoError(t, s.Temporal.CancelWorkflow(t.Context(), run, ""))
	var cancelled *temporal.CanceledError
	require.ErrorAs(t, s.Temporal.GetWorkflow(t.Context(), run, "").Get(t.Context(), nil), &cancelled)
	require.True(t, cancelled.HasDetails())
}

// refuseWebhooks sends webhooks that are refused or partly unreadable, and returns all answers.
func refuseWebhooks(t *testing.T, s *stage.Stage, c personal.Call) (answers []byte) {
	t.Helper()
	for want, sent := range map[int][][2]string{
		http.StatusBadRequest: {
			{"call-inbound", c.Inbound()[:60]}, {"call-inbound", `{"agent":{"name":"` + personal.AgentsName + `"}}`},
			{"call-inbound", `"` + personal.AgentsName + `"`},
		},
		http.StatusAccepted: { // without the unreadable fields
			{"call-bridged", c.Leg(`,"duration":"`+personal.AgentsName+`"`) + "}"}, {"call-finished", c.Leg(`,"dateCreated":"`+personal.AgentsName+`"`) + "}"},
			{"call-inbound", c.Leg(`,"anonymous":"`+personal.AgentsName+`","`+personal.AgentsName+`":"`+strings.Repeat("x", 5000)+`"`) + "}"},
		},
		http.StatusNotFound:              {{personal.AgentsName, c.Inbound()}},
		http.StatusRequestEntityTooLarge: {{"call-inbound", strings.Repeat(c.Inbound(), 1000)}},
	} {
		for _, one := range sent {
			status, answer := s.Post(t, one[0], one[1])
			require.Equal(t, want, status, answer)
			answers = append(answers, answer...)
		}
	}
	status, answer := s.PostAs(t, personal.AgentsName, "call-inbound", c.Inbound())
	require.Equal(t, http.StatusUnauthorized, status, answer)
	return append(answers, answer...)
}
