package storyfile

import (
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/callthread/callthread/babelforce"
)

// CallID is the id of the parent leg in every story.
const CallID = "call"

// Withheld stands for the number of a caller who withholds it.
const Withheld = "withheld"

// none stands for a missing agent or queue.
const none = "nobody"

const (
	ourNumber = "+493023125000" // of the call centre
	queue     = "Support"       // the queue of callers, unless the story names another

	recordingFinished = "recording.finished"
)

// Report returns the event as babelforce reports it, for a call that began at the given time.
func (s Story) Report(e Event, began time.Time) (babelforce.Event, error) {
	return e.Decode(s.Body(e, began))
}

// Decode returns the event that a webhook with this body reports.
func (e Event) Decode(body map[string]string) (babelforce.Event, error) {
	name, known := babelforce.ParseEventName(strings.ReplaceAll(e.Name, ".", "-"))
	if !known {
		return babelforce.Event{}, fmt.Errorf("%s: babelforce has no event %q", e.Title(), e.Name)
	}
	text, err := json.Marshal(body)
	if err != nil {
		return babelforce.Event{}, err
	}
	event, err := babelforce.Decode(name, "application/json", text)
	if err != nil {
		return babelforce.Event{}, fmt.Errorf("%s: %w", e.Title(), err)
	}
	return event, nil
}

// Body returns the fields of the webhook that babelforce sends, by name.
func (s Story) Body(e Event, began time.Time) map[string]string {
	w := writer{s, began, e}
	body := map[string]string{"call.sessionId": "session", "call.state": states[e.Name], "call.to": ourNumber}
	switch _, isAgents := AgentNamed(e.Of); {
	case e.Name == recordingFinished:
		body = map[string]string{"call.id": CallID, "recording.id": path.Base(e.Link), "recording.url": e.Link}
	case s.IsOutgoing():
		w.outbound(body, isAgents)
	case isAgents:
		w.attempt(body)
	default:
		w.callers(body)
	}
	w.people(body)
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

// writer writes the body of one event.
type writer struct {
	Story
	began time.Time
	Event
}

// callers writes the caller's leg, which is the parent.
func (w writer) callers(body map[string]string) {
	body["call.id"] = CallID
	body["call.type"], body["call.source"], body["call.domain"] = "inbound", "queue", "external"
	w.from(body)
	w.parentTimes(body)
}

// parentTimes writes the times. The duration of a parent leg is the time since it began.
func (w writer) parentTimes(body map[string]string) {
	body["call.dateCreated"] = w.stamp(0)
	if w.Name == "call.bridged" || w.Name == "call.finished" {
		body["call.duration"] = strconv.Itoa(int(w.At / time.Second))
	}
	if w.Name == "call.finished" {
		body["call.dateFinished"] = w.stamp(w.At)
	}
}

// attempt writes the leg of an agent whose phone rings: a child.
func (w writer) attempt(body map[string]string) {
	body["call.type"], body["call.source"], body["call.domain"] = "outbound", "queue", "internal"
	body["call.to"] = extensionOf(w.Of)
	w.from(body)
	w.childTimes(body)
	if w.Name == "call.finished" && w.Talked == 0 {
		body["call.state"], body["call.finishReason"] = "no-answer", "system-hangup"
	}
}

// childTimes writes the times. The duration of a child leg is how long the two sides were
// connected.
func (w writer) childTimes(body map[string]string) {
	body["call.id"], body["call.parentId"] = "leg of "+w.Of, CallID
	if w.Rang > 0 {
		began := w.At - w.Talked - w.Rang
		body["call.id"] += " at " + began.String()
		body["call.dateCreated"] = w.stamp(began)
	}
	switch {
	case w.Name == "call.bridged":
		body["call.dateEstablished"] = w.stamp(w.At)
	case w.Name == "call.finished":
		body["call.duration"] = strconv.Itoa(int(w.Talked / time.Second))
		body["call.dateFinished"] = w.stamp(w.At)
		if w.Talked > 0 {
			body["call.dateEstablished"] = w.stamp(w.At - w.Talked)
		}
	}
}

// outbound writes a leg of an outbound call. babelforce does not document which leg is the parent.
func (w writer) outbound(body map[string]string, isAgents bool) {
	body["call.type"], body["call.source"], body["call.from"] = "outbound", "api", ourNumber
	body["call.domain"], body["call.to"] = "external", w.calledNumber()
	if isAgents {
		body["call.domain"], body["call.to"] = "internal", extensionOf(w.Of)
	}
	if isAgents == (w.ParentLeg != "customer") {
		body["call.id"] = CallID
		w.parentTimes(body)
		return
	}
	w.childTimes(body)
}

func (w writer) from(body map[string]string) {
	body["call.from"] = w.CallersNumber()
	if w.CallersNumber() == Withheld {
		body["call.from"], body["call.anonymous"] = "anonymous", "true"
	}
}

// people writes the agent and the queue, which bridges and agents' legs name.
func (w writer) people(body map[string]string) {
	name := w.Agent
	if _, isAgents := AgentNamed(w.Of); isAgents && name == "" {
		name = w.Of
	}
	if who, known := AgentNamed(name); known {
		body["agent.id"], body["agent.name"], body["agent.number"] = AgentID(name), name, extensionOf(name)
		body["agent.email"], body["agent.sourceId"], body["agent.agentSource"] = who.email, who.sourceID, who.source
	}
	waitedIn := w.Queue
	if waitedIn == "" && name != "" && !w.IsOutgoing() {
		waitedIn = queue
	}
	if waitedIn != "" && waitedIn != none {
		body["queue.id"], body["queue.name"] = "queue of "+waitedIn, waitedIn
	}
}

// AgentID returns babelforce's id of an agent.
func AgentID(agent string) string { return "agent " + agent }

func extensionOf(agent string) string {
	return fmt.Sprintf("20%02d", slices.IndexFunc(agents, func(a Agent) bool { return a.Name == agent }))
}

func (w writer) stamp(at time.Duration) string { return w.began.Add(at).Format(time.RFC3339) }
