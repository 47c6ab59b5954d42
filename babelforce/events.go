// Package babelforce knows how babelforce talks to us: it decodes the events
// that its automations send, and verifies who sent them.
//
// What is known about the sender comes from three sources, named in the
// comments: the babelforce help centre (HC/<article id>), the OpenAPI of the
// manager API ("OpenAPI Call.duration"), and inference. The body of an HTTP
// callback is documented only in part, which is why [Decode] accepts every
// shape that an automation can plausibly send.
package babelforce

import (
	"slices"
	"strings"
	"time"
)

// EventName says what happened to a call. babelforce does not put it into the
// body (inferred), so each automation posts to a path of its own that ends in it.
type EventName string

// The events Callthread listens to.
const (
	CallInbound       EventName = "call-inbound"       // a call arrived; once per call (inferred)
	CallOutbound      EventName = "call-outbound"      // an agent, a dialer or the API placed a call (inferred)
	CallBridged       EventName = "call-bridged"       // an agent was connected; again after a transfer (inferred)
	CallFinished      EventName = "call-finished"      // a leg ended; once for every leg (confirmed, HC/360040600312)
	RecordingFinished EventName = "recording-finished" // a recording can be listened to (confirmed, HC/360040599892)
)

// EventNames are all of them.
func EventNames() []EventName {
	return []EventName{CallInbound, CallOutbound, CallBridged, CallFinished, RecordingFinished}
}

// ParseEventName reports whether s, a path segment, is one of the five names.
func ParseEventName(s string) (EventName, bool) {
	if name := EventName(s); slices.Contains(EventNames(), name) {
		return name, true
	}
	return "", false
}

// otherNames are parts of names that people give to events. The first that a
// name contains counts.
var otherNames = []struct {
	part string
	name EventName
}{
	{"record", RecordingFinished},
	{"finish", CallFinished}, {"end", CallFinished}, {"hang", CallFinished}, {"complete", CallFinished}, {"disconnect", CallFinished}, {"miss", CallFinished},
	{"bridge", CallBridged}, {"answer", CallBridged}, {"connect", CallBridged}, {"pick", CallBridged}, {"accept", CallBridged},
	{"out", CallOutbound}, {"placed", CallOutbound}, {"dial", CallOutbound},
	{"in", CallInbound}, {"start", CallInbound}, {"creat", CallInbound}, {"new", CallInbound},
}

// MeantEvent guesses which event a path is meant for, "" if nothing tells.
func MeantEvent(path string) EventName {
	last := strings.ToLower(path[strings.LastIndex(strings.TrimRight(path, "/"), "/")+1:])
	for _, other := range otherNames {
		if strings.Contains(last, other.part) {
			return other.name
		}
	}
	return ""
}

// Event is one delivery from babelforce, whatever its encoding was.
//
// Which buckets are filled depends on the event (confirmed, HC/360041178371):
// an inbound call brings Call only, a bridged one Call, Agent and Queue. Of a
// finished recording, no more than Call.ID and Recording may be there (inferred).
type Event struct {
	Name      EventName
	Call      Call
	Agent     Agent     // zero when unknown
	Queue     Queue     // zero when unknown
	Recording Recording // zero when unknown

	// Extra holds every other scalar field as text under its dotted name
	// ("call.myVar", "session.vip"; "call.tags.0" for a list). Nil when there is none.
	Extra map[string]string

	// Ignored names the fields that could not be read and were left out, each once,
	// in the order of the body; [OtherField] stands for names that must not be repeated.
	Ignored []string
}

// Call is one leg of a call. Unless said otherwise its fields are those of the
// OpenAPI schema Call; that the callback uses the same names is inferred,
// except for from, dateCreated and duration (confirmed, HC/360041178371).
//
// The texts are babelforce's own and open-ended: tolerate unknown ones.
type Call struct {
	ID             string // never empty; UUIDs are in babelforce's form, 32 lower-case hex digits
	ParentID       string // the caller's leg; empty when this is that leg, whatever it was sent as
	SessionID      string
	ConversationID string // babelforce's, one per consumer over time; not Kustomer's

	Type         string // inbound, outbound
	Source       string // queue, webrtc, api, dialer, dial, transfer, test, conference
	Domain       string // external (the caller's side), internal (an agent's), other
	State        string // ringing, queued, bridged, completed, no-answer, …
	FinishReason string // hangup, passive-hangup, system-hangup, transferred, …

	From      string // the caller's number, as sent: mostly E.164, at times without "+"
	To        string // the number called
	Anonymous bool   // the caller withheld the number; what From holds then is unknown

	DateCreated     time.Time // UTC; zero when absent
	DateEstablished time.Time // UTC; zero when absent or never connected
	DateFinished    time.Time // UTC; zero when absent or still going

	// Duration is in whole seconds, nil when absent. On a bridged event it is
	// the time the caller waited (confirmed, HC/360041178371).
	Duration *int
}

// Key identifies the whole call, the same for each of its legs: the parent
// leg's id. It is never empty for a decoded event.
func (c Call) Key() string {
	if c.ParentID != "" {
		return c.ParentID
	}
	return c.ID
}

// isCallersOwn reports whether the leg is the caller's own, which has no parent
// whatever its parentId says: the leg came in, or names itself.
func (c Call) isCallersOwn(event EventName) bool {
	return c.Type == "inbound" || event == CallInbound && c.Type != "outbound" || c.ParentID == c.ID
}

// Agent is the person who took, or was offered, the call (OpenAPI Agent).
type Agent struct {
	ID     string
	Name   string
	Number string
	Email  string

	// SourceID is the agent's id in the system it was imported from, the
	// Kustomer user id if that is Kustomer (inferred from HC/4408025053076).
	// Empty for agents created in babelforce itself (confirmed, HC/360040745332).
	SourceID string
	Source   string // names that system (OpenAPI Agent.agentSource)
}

// Queue is the queue that the call waited in (OpenAPI Queue).
type Queue struct {
	ID   string
	Name string
}

// Recording is one recording of a call (OpenAPI Recording). That the callback
// uses the same names is inferred.
type Recording struct {
	ID       string
	URL      string // of the audio file, public to whoever has it
	Duration *int   // in whole seconds, nil when absent
}
