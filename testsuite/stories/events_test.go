package stories

import (
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/babelforce"
	"github.com/callthread/callthread/call"
)

// noon is when every call begins to ring: later than any machine's clock, so
// that no step takes what a story tells for older than the story.
var noon = time.Date(2036, 11, 24, 12, 0, 0, 0, time.UTC)

const (
	ourNumber = "+493023125000" // of the call centre
	callID    = "call"          // of the parent leg
	withheld  = "withheld"
	nobody    = "nobody"
	queue     = "Support" // where callers wait, unless the story says otherwise

	recordingFinished = "recording.finished"
)

// signal is the event as the call's workflow gets it, from the webhook on.
func (s story) signal(t *testing.T, e told, receivedAt time.Time) call.Event {
	return s.signalOf(t, e, s.body(t, e), receivedAt)
}

// signalOf is the event in another body than the usual.
func (s story) signalOf(t *testing.T, e told, body map[string]string, receivedAt time.Time) call.Event {
	name, known := babelforce.ParseEventName(strings.ReplaceAll(e.event, ".", "-"))
	require.True(t, known, "%s: babelforce has no event %q", s.Title, e.event)
	text, err := json.Marshal(body)
	require.NoError(t, err)
	decoded, err := babelforce.Decode(name, "application/json", text)
	require.NoError(t, err, "%s: %s", s.Title, e.title())
	return decoded.Report(receivedAt)
}

// body is what babelforce sends, by the names of its fields.
func (s story) body(t *testing.T, e told) map[string]string {
	body := map[string]string{"call.sessionId": "session", "call.state": states[e.event], "call.to": ourNumber}
	switch _, isAgents := agentNamed(e.Of); {
	case e.event == recordingFinished:
		body = map[string]string{"call.id": callID, "recording.id": path.Base(e.Link), "recording.url": e.Link}
	case s.isOutgoing():
		s.placed(body, e, isAgents)
	case isAgents:
		s.attempt(body, e)
	default:
		s.callers(body, e)
	}
	s.people(t, body, e)
	if e.Reason != "" {
		body["call.finishReason"] = e.Reason
	}
	maps.Copy(body, e.Fields)
	if e.Only != nil {
		maps.DeleteFunc(body, func(name, _ string) bool { return !slices.Contains(e.Only, name) })
	}
	return body
}

var states = map[string]string{"call.inbound": "ringing", "call.outbound": "ringing", "call.bridged": "bridged", "call.finished": "completed"}

// callers is the leg of the caller: the parent.
func (s story) callers(body map[string]string, e told) {
	body["call.id"] = callID
	body["call.type"], body["call.source"], body["call.domain"] = "inbound", "queue", "external"
	s.from(body)
	s.parentTimes(body, e)
}

// parentTimes: the duration of a parent leg is what has gone by since it began.
func (s story) parentTimes(body map[string]string, e told) {
	body["call.dateCreated"] = stamp(0)
	if e.event == "call.bridged" || e.event == "call.finished" {
		body["call.duration"] = strconv.Itoa(int(e.at / time.Second))
	}
	if e.event == "call.finished" {
		body["call.dateFinished"] = stamp(e.at)
	}
}

// attempt is the leg of an agent who is rung: a child.
func (s story) attempt(body map[string]string, e told) {
	body["call.type"], body["call.source"], body["call.domain"] = "outbound", "queue", "internal"
	body["call.to"] = extensionOf(e.Of)
	s.from(body)
	s.childTimes(body, e)
	if e.event == "call.finished" && e.Talked == 0 {
		body["call.state"], body["call.finishReason"] = "no-answer", "system-hangup"
	}
}

// childTimes: the duration of a child leg is how long the two sides were connected.
func (s story) childTimes(body map[string]string, e told) {
	body["call.id"], body["call.parentId"] = "leg of "+e.Of, callID
	if e.Rang > 0 {
		began := e.at - e.Talked - e.Rang
		body["call.id"] += " at " + began.String()
		body["call.dateCreated"] = stamp(began)
	}
	switch {
	case e.event == "call.bridged":
		body["call.dateEstablished"] = stamp(e.at)
	case e.event == "call.finished":
		body["call.duration"] = strconv.Itoa(int(e.Talked / time.Second))
		body["call.dateFinished"] = stamp(e.at)
		if e.Talked > 0 {
			body["call.dateEstablished"] = stamp(e.at - e.Talked)
		}
	}
}

// placed is a leg of a call that was placed. Which of the two is the parent, babelforce does not say.
func (s story) placed(body map[string]string, e told, isAgents bool) {
	body["call.type"], body["call.source"], body["call.from"] = "outbound", "api", ourNumber
	body["call.domain"], body["call.to"] = "external", s.calledNumber()
	if isAgents {
		body["call.domain"], body["call.to"] = "internal", extensionOf(e.Of)
	}
	if isAgents == (s.ParentLeg != "customer") {
		body["call.id"] = callID
		s.parentTimes(body, e)
		return
	}
	s.childTimes(body, e)
}

func (s story) from(body map[string]string) {
	body["call.from"] = s.callersNumber()
	if s.callersNumber() == withheld {
		body["call.from"], body["call.anonymous"] = "anonymous", "true"
	}
}

// people are the agent and the queue, which bridges and agents' legs name.
func (s story) people(t *testing.T, body map[string]string, e told) {
	name := e.Agent
	if _, isAgents := agentNamed(e.Of); isAgents && name == "" {
		name = e.Of
	}
	if name != "" && name != nobody {
		who, known := agentNamed(name)
		require.True(t, known, "%s: who is %s?", s.Title, name)
		body["agent.id"], body["agent.name"], body["agent.number"] = idOf(name), name, extensionOf(name)
		body["agent.email"], body["agent.sourceId"], body["agent.agentSource"] = who.email, who.sourceID, who.source
	}
	waitedIn := e.Queue
	if waitedIn == "" && name != "" && !s.isOutgoing() {
		waitedIn = queue
	}
	if waitedIn != "" && waitedIn != nobody {
		body["queue.id"], body["queue.name"] = "queue of "+waitedIn, waitedIn
	}
}

func idOf(agent string) string { return "agent " + agent }

func extensionOf(agent string) string {
	for i, one := range agents {
		if one.name == agent {
			return fmt.Sprintf("20%02d", i)
		}
	}
	return ""
}

func stamp(at time.Duration) string { return noon.Add(at).Format(time.RFC3339) }
