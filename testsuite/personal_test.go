package testsuite

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/activities"
	"github.com/callthread/callthread/kustomer/sandbox"
	"github.com/callthread/callthread/workflows"
)

// personalAutomations write down all that a file can have written.
const personalAutomations = `
  - { event: call.outbound, action: kustomer.conversation.create, options: { customer: "{call.to}", name: "Call to {call.to}" } }
  - { event: recording.finished, action: kustomer.conversation.update, options: { note: "{recording.url}" } }
  - { event: call.finished, action: kustomer.message.create, options: { subject: "Call from {call.from}" } }
`

// The words by which people are known below. Kustomer says one of them, and an operator writes two.
const (
	caller     = "4930231257" // all begin with it, and have two digits more
	agentsName = "Quisquilia"
	agentsMail = "q.uisquilia@marked.example"
	othersName = "Xanthippe"
	newName    = "Zwiebelfisch"
	newNote    = "Kuckucksuhr"
	remark     = "Blaubart"
	recordedAt = "recordings.example.com/quokka"
)

// personalCalls is how many there are: on each of the paths, three parked, and one that fails at first.
const personalCalls = 5 + 3 + 1

// kustomersWords are an answer that quotes somebody of whom our request says nothing.
const kustomersWords = "The number belongs to " + othersName + " already."

// allMarks are the words, and the callers' numbers however they are written.
func allMarks() []string {
	marks := []string{agentsName, agentsMail, othersName, newName, newNote, remark, recordedAt}
	for n := range personalCalls {
		number := fmt.Sprintf("%s%02d", caller, n)                        // 4930231257nn
		marks = append(marks, "+"+number, number, number[2:], number[3:], // the last nine digits
			"0"+number[2:], "00"+number, "030/"+number[4:], "030 "+number[4:], "+49 30 "+number[4:])
	}
	return marks
}

// personalCall has its caller, and an agent with a name, in every event.
type personalCall struct{ key, number string }

func (c personalCall) leg(fields string) string {
	return fmt.Sprintf(`{"app":{"remark":%q},"call":{"id":%q,"type":"inbound","source":"queue","domain":"external","from":"+%s","to":"+493023125001"%s}`,
		remark, c.key, c.number, fields)
}

func (c personalCall) inbound() string { return c.leg("") + "}" }

func (c personalCall) bridged() string {
	return c.leg(`,"duration":7`) + fmt.Sprintf(`,"agent":{"id":"4711","name":"Amira %s","email":%q,"sourceId":%q},"queue":{"name":"Support"}}`, agentsName, agentsMail, amira)
}

func (c personalCall) finished() string {
	return c.leg(`,"duration":95,"finishReason":"passive-hangup"`) + "}"
}

func (c personalCall) attempt() string {
	return fmt.Sprintf(`{"call":{"id":"%s-c1","parentId":%q,"type":"outbound","source":"queue","domain":"internal","from":"+%s","to":"+493023125011","duration":0,"finishReason":"system-hangup"},"agent":{"id":"4712","name":"Bastian %s"}}`,
		c.key, c.key, c.number, agentsName)
}

func (c personalCall) placed(fields string) string {
	return fmt.Sprintf(`{"call":{"id":%q,"type":"outbound","source":"api","domain":"external","from":"+493023125001","to":"+%s"%s}`, c.key, c.number, fields)
}

// personalPaths are those on which nothing goes wrong.
var personalPaths = map[string]func(t *testing.T, c personalCall){
	"answered": func(t *testing.T, c personalCall) {
		status, answer := post(t, "call-inbound?wait=conversation", c.inbound())
		require.Equal(t, http.StatusOK, status, answer)
		accepts(t, "call-finished", c.attempt())
		accepts(t, "call-bridged", c.bridged())
		accepts(t, "call-finished", c.finished())
	},
	"transferred": func(t *testing.T, c personalCall) {
		accepts(t, "call-inbound", c.inbound())
		accepts(t, "call-bridged", c.bridged())
		accepts(t, "call-bridged", strings.ReplaceAll(c.bridged(), amira, bastian))
		accepts(t, "call-finished", c.finished())
	},
	"abandoned": func(t *testing.T, c personalCall) {
		accepts(t, "call-inbound", c.inbound())
		accepts(t, "call-finished", c.leg(`,"duration":20,"finishReason":"hangup"`)+"}")
	},
	"recorded": func(t *testing.T, c personalCall) {
		accepts(t, "call-inbound", c.inbound())
		accepts(t, "call-bridged", c.bridged())
		accepts(t, "recording-finished", fmt.Sprintf(`{"recording":{"id":"r-1","url":"https://%s","duration":80,"call":{"id":%q}}}`, recordedAt, c.key))
		accepts(t, "call-finished", c.finished())
	},
	"placed": func(t *testing.T, c personalCall) {
		accepts(t, "call-outbound", c.placed("}"))
		accepts(t, "call-bridged", c.placed(`,"duration":9},"agent":{"id":"4711","name":"`+agentsName+`","sourceId":"`+amira+`"}`))
		accepts(t, "call-finished", c.placed(`,"duration":70,"finishReason":"hangup"}`))
	},
}

// playPersonalCalls plays every path, and returns what was answered to webhooks that are refused.
func playPersonalCalls(t *testing.T) (refusals []byte) {
	t.Helper()
	var all []personalCall
	next := func(key string) personalCall {
		all = append(all, personalCall{key, fmt.Sprintf("%s%02d", caller, len(all))})
		return all[len(all)-1]
	}
	for _, decision := range []string{workflows.UpdateRetry, workflows.UpdateAmend, workflows.UpdateSkip} {
		playParked(t, next("parked-"+decision), decision)
	}
	playFailing(t, next("failing"))
	var calls sync.WaitGroup
	for name, play := range personalPaths {
		c := next(name)
		calls.Go(func() { play(t, c) })
	}
	calls.Wait()
	for _, c := range all {
		result(t, c.key)
	}
	require.Len(t, all, personalCalls)
	late := all[len(all)-1]
	accepts(t, "call-bridged", late.bridged())
	arrived := requireArrived(t)
	for _, c := range all {
		require.Contains(t, arrived, c.number)
	}
	return refuseWebhooks(t, late)
}

// requireArrived looks whether the words came as far as to Kustomer: they have passed through everything.
func requireArrived(t *testing.T) string {
	t.Helper()
	state, err := json.Marshal(stage.Sandbox.State())
	require.NoError(t, err)
	for _, word := range []string{agentsName, newName, newNote, recordedAt} {
		require.Contains(t, string(state), word)
	}
	return string(state)
}

// refuse has Kustomer refuse what is posted, in words that name somebody.
func refuse(route string, status, times int) {
	stage.Sandbox.Inject(sandbox.Fault{Method: "POST", Route: route, Kind: sandbox.FaultStatus, Status: status, Times: times, Says: kustomersWords})
}

func playParked(t *testing.T, c personalCall, decision string) {
	t.Helper()
	refuse("/v1/conversations", 400, 2) // whole, and bare
	accepts(t, "call-inbound", c.inbound())
	require.Contains(t, awaitParked(t, c.key).ParkedBecause, othersName, "operators who ask the call itself are told")
	stage.Sandbox.ClearFaults()
	switch decision {
	case workflows.UpdateSkip:
		decide(t, c.key, decision)
	case workflows.UpdateRetry:
		decide(t, c.key, decision)
		awaitConversation(t, c.key)
	case workflows.UpdateAmend:
		decide(t, c.key, decision, activities.Amendment{Name: new(newName)})
		awaitConversation(t, c.key)
		refuse("/v1/conversations/{id}/notes", 400, 1)
		accepts(t, "call-bridged", c.bridged())
		awaitParked(t, c.key)
		decide(t, c.key, decision, activities.Amendment{Note: new(newNote)})
	}
	accepts(t, "call-finished", c.finished())
}

// playFailing has attempts fail, each in Kustomer's words, before one does not.
func playFailing(t *testing.T, c personalCall) {
	t.Helper()
	for _, status := range []int{503, 403, 409} {
		refuse("/v1/conversations", status, 1)
	}
	accepts(t, "call-inbound", c.inbound())
	awaitConversation(t, c.key)
	accepts(t, "call-finished", c.finished())
}

// refuseWebhooks sends what must be refused, and returns all that was answered.
func refuseWebhooks(t *testing.T, c personalCall) (answers []byte) {
	t.Helper()
	for want, sent := range map[int][][2]string{
		http.StatusBadRequest: {
			{"call-inbound", c.inbound()[:60]}, {"call-inbound", `{"agent":{"name":"` + agentsName + `"}}`},
			{"call-bridged", c.leg(`,"duration":"`+agentsName+`"`) + "}"}, {"call-finished", c.leg(`,"dateCreated":"`+agentsName+`"`) + "}"},
			{"call-inbound", `"` + agentsName + `"`}, {"call-inbound", c.leg(`,"anonymous":"`+agentsName+`"`) + "}"},
		},
		http.StatusNotFound:              {{agentsName, c.inbound()}},
		http.StatusRequestEntityTooLarge: {{"call-inbound", strings.Repeat(c.inbound(), 1000)}},
	} {
		for _, one := range sent {
			status, answer := post(t, one[0], one[1])
			require.Equal(t, want, status, answer)
			answers = append(answers, answer...)
		}
	}
	status, answer := postAs(t, agentsName, "call-inbound", c.inbound())
	require.Equal(t, http.StatusUnauthorized, status, answer)
	return append(answers, answer...)
}
