package check

import (
	"time"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/call"
)

// story is a made-up call: the events that change its conversation.
type story struct {
	title  string
	events []call.Event
}

// stories are the calls as they come with a file's own fields. Flows send many
// of those for some calls only, as after hours: so one call goes without.
func stories(set *automation.Set) []story {
	stories := bareStories(set)
	fields := set.Fields
	if len(fields) == 0 {
		return stories
	}
	for _, story := range stories {
		for i := range story.events {
			story.events[i].Extra = dummies(fields)
		}
	}
	without := bareStories(set)[1]
	without.title += ", and no field of your own is sent"
	return append(stories, without)
}

// dummies are values for fields whose meaning only the file's author knows.
func dummies(fields []string) map[string]string {
	values := make(map[string]string, len(fields))
	for _, field := range fields {
		values[field] = "sample"
	}
	return values
}

// What the sample calls are made of. The numbers are reserved for fiction.
const (
	customer = "+493023125042"
	hotline  = "+493023125001"
)

var (
	agent = call.Agent{
		ID: "4b5c6d7e8f9a0b1c2d3e4f5a6b7c8d9e", Name: "Amira Haddad", Email: "amira.haddad@example.com", SourceID: "5f0c1a2b3c4d5e6f70819210", Source: "kustomer",
	}
	queue     = call.Queue{ID: "2d3e4f5a6b7c8d9e0f1a2b3c4d5e6f7a", Name: "Support"}
	recording = call.Recording{ID: "3c4d5e6f7a8b9c0d1e2f3a4b5c6d7e8f", URL: "https://recordings.example.com/sample", Seconds: new(88)}
)

// bareStories are a call that is answered and one that nobody picks up, from a
// caller who is new, one from a withheld number, and one that an agent places,
// if the file has anything to say of those.
func bareStories(set *automation.Set) []story {
	incoming := call.Leg{
		ID: "7c3f9a2e4b5d6e8f9a0b1c2d3e4f5a6b", SessionID: "1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d", Type: "inbound", Source: "queue", Domain: "external",
		From: customer, To: hotline, CreatedAt: time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC),
	}
	withheld, outgoing := incoming, incoming
	withheld.From, withheld.Anonymous = "anonymous", true
	outgoing.Type, outgoing.Source, outgoing.From, outgoing.To = "outbound", "api", hotline, customer
	stories := []story{
		{"answered after 7 s, over after 95 s", answered(set, call.Event{Kind: call.Inbound}, incoming)},
		{"nobody picks up, the caller gives up after 20 s", []call.Event{
			{Kind: call.Inbound, Leg: after(incoming, 0, "")}, {Kind: call.Finished, Leg: after(incoming, 20, "hangup"), Queue: queue},
		}},
		{"from a withheld number, answered after 7 s, over after 95 s", answered(set, call.Event{Kind: call.Inbound}, withheld)},
	}
	if set.Handles(call.Outbound) {
		placed := answered(set, call.Event{Kind: call.Outbound, Agent: agent}, outgoing)
		stories = append(stories, story{"placed by an agent, answered after 7 s, over after 95 s", placed})
	}
	return stories
}

// answered are the events of an answered call, those among them that a file asks for.
func answered(set *automation.Set, begin call.Event, leg call.Leg) []call.Event {
	begin.Leg = after(leg, 0, "")
	end := after(leg, 95, "passive-hangup")
	events := []call.Event{begin, {Kind: call.Bridged, Leg: after(leg, 7, ""), Agent: agent, Queue: queue}, {Kind: call.Finished, Leg: end}}
	if set.Handles(call.Recorded) {
		events = append(events, call.Event{Kind: call.Recorded, Leg: end, Recording: recording})
	}
	return events
}

// after is a leg as it is after so many seconds, for whatever reason it has ended then.
func after(leg call.Leg, seconds int, reason string) call.Leg {
	leg.Seconds, leg.FinishReason = &seconds, reason
	return leg
}
