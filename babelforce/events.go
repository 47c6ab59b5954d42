// Package babelforce decodes the events that babelforce's automations send over HTTP, and
// verifies their sender.
//
// Comments name the source of each fact about babelforce: the help centre (HC/<article
// id>), the OpenAPI of the manager API ("OpenAPI Call.duration"), or inference. The body
// of an HTTP callback is documented only in part, so [Decode] accepts every format that an
// automation can plausibly send.
package babelforce

import (
	"slices"
	"strings"
	"time"
)

// EventName is the event of a call that a delivery reports. The body does not contain it
// (inferred), so each automation posts to its own path, which ends in the name.
type EventName string

// The events that Callthread receives.
const (
	CallInbound       EventName = "call-inbound"       // a call arrived; once per call (inferred)
	CallOutbound      EventName = "call-outbound"      // an agent, a dialer or the API started a call (inferred)
	CallBridged       EventName = "call-bridged"       // an agent was connected; again after a transfer (inferred)
	CallFinished      EventName = "call-finished"      // a leg ended; once per leg (confirmed, HC/360040600312)
	RecordingFinished EventName = "recording-finished" // a recording is available (confirmed, HC/360040599892)
)

// EventNames returns the five names.
func EventNames() []EventName {
	return []EventName{CallInbound, CallOutbound, CallBridged, CallFinished, RecordingFinished}
}

// ParseEventName returns s, a path segment, as an EventName. ok is false if it is none of the five.
func ParseEventName(s string) (EventName, bool) {
	if name := EventName(s); slices.Contains(EventNames(), name) {
		return name, true
	}
	return "", false
}

// otherNames are parts of other names that people use for events. The first part that a
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

// MeantEvent guesses the event for which a path is meant. It returns "" if the path gives no hint.
func MeantEvent(path string) EventName {
	last := strings.ToLower(path[strings.LastIndex(strings.TrimRight(path, "/"), "/")+1:])
	for _, other := range otherNames {
		if strings.Contains(last, other.part) {
			return other.name
		}
	}
	return ""
}

// Event is one delivery from babelforce, independent of its encoding.
//
// Which buckets are filled depends on the event (confirmed, HC/360041178371): an inbound
// call has only Call; a bridged call has Call, Agent and Queue. A finished recording may
// have only Call.ID and Recording (inferred).
type Event struct {
	Name      EventName
	Call      Call
	Agent     Agent     // zero if unknown
	Queue     Queue     // zero if unknown
	Recording Recording // zero if unknown

	// Extra contains every other scalar field as text by its dotted name ("call.myVar",
	// "session.vip"; "call.tags.0" for a list). It is nil if there is none.
	Extra map[string]string

	// Ignored lists the names of the unreadable fields that were left out, each once, in
	// the order of the body. [OtherField] stands for names that must not be repeated.
	Ignored []string
}

// Call is one leg of a call, with the fields of the OpenAPI schema Call. That the callback
// uses the same names is inferred, except for from, dateCreated and duration (confirmed,
// HC/360041178371).
//
// The texts are babelforce's values. Type, Source, Domain, State and FinishReason are in lower
// case. Their sets of values are open: accept unknown ones.
type Call struct {
	ID             string // never empty; a UUID is in babelforce's form, 32 lower-case hex digits
	ParentID       string // id of the caller's leg; empty on the caller's leg, even if a value was sent
	SessionID      string
	ConversationID string // babelforce's, one per consumer over time; not Kustomer's

	Type         string // inbound, outbound
	Source       string // queue, webrtc, api, dialer, dial, transfer, test, conference
	Domain       string // external (the caller's side), internal (an agent's), other
	State        string // ringing, queued, bridged, completed, no-answer, …
	FinishReason string // hangup, passive-hangup, system-hangup, transferred, …

	From      string // the caller's number as sent: usually E.164, sometimes without "+"
	To        string // the called number
	Anonymous bool   // the caller withheld the number; the content of From is then unknown

	DateCreated     time.Time // UTC; zero if absent
	DateEstablished time.Time // UTC; zero if absent or never connected
	DateFinished    time.Time // UTC; zero if absent or not yet finished

	// Duration is in whole seconds, nil if absent. On a bridged event it is the time that
	// the caller waited (confirmed, HC/360041178371).
	Duration *int
}

// Key identifies the whole call and is the same for all its legs: the id of the parent
// leg. It is never empty for a decoded event.
func (c Call) Key() string {
	if c.ParentID != "" {
		return c.ParentID
	}
	return c.ID
}

// isCallersOwn reports whether the leg is the caller's leg, which has no parent even if a
// parentId was sent: the leg is inbound, or its parentId is its own id.
func (c Call) isCallersOwn(event EventName) bool {
	return c.Type == "inbound" || event == CallInbound && c.Type != "outbound" || c.ParentID == c.ID
}

// Agent is the person who took the call or was offered it (OpenAPI Agent).
type Agent struct {
	ID     string
	Name   string
	Number string
	Email  string

	// SourceID is the agent's id in the system from which the agent was imported. If that
	// system is Kustomer, it is the Kustomer user id (inferred from HC/4408025053076). It is
	// empty for agents created in babelforce (confirmed, HC/360040745332).
	SourceID string
	Source   string // the name of that system (OpenAPI Agent.agentSource)
}

// Queue is the queue in which the call waited (OpenAPI Queue).
type Queue struct {
	ID   string
	Name string
}

// Recording is one recording of a call (OpenAPI Recording). That the callback
// uses the same names is inferred.
type Recording struct {
	ID       string
	URL      string // of the audio file; anyone who has the URL can listen to it
	Duration *int   // in whole seconds, nil if absent
}
