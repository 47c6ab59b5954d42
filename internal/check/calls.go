package check

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/internal/storyfile"
)

// Call describes a sample call. Empty fields take the usual values.
type Call struct {
	From, To string        // the customer's number, or "withheld", and the call centre's number
	Waited   time.Duration // until an agent picks up or the caller gives up
	Queue    string
	Agent    string // name or e-mail address
	// Fields are further fields of every webhook, by babelforce's names or the call flow's own.
	Fields map[string]string
}

// The usual numbers are reserved for fiction.
const (
	customer = "+493023125042"
	hotline  = "+493023125001"
	queue    = "Support"
)

const (
	untilAnswered = 7 * time.Second
	untilLost     = 20 * time.Second
	// talked is how long the customer and the agent talk.
	talked = 88 * time.Second
)

// UsualCalls returns an answered call, a missed call and a call from a withheld number. If
// the file acts on outbound calls, an outbound call follows, then the calls that the file's
// tables are for. The calls have the fields that the file lists. Many flows send such fields
// for some calls only, for example after hours, so one call has none of them.
func UsualCalls(set *automation.Set) []storyfile.Story {
	usual := Call{Fields: make(map[string]string)}
	for _, field := range set.Fields {
		usual.Fields[field] = "sample" // only the file's author knows the meaning of the field
	}
	numbers := slices.Sorted(maps.Keys(set.Numbers))
	if len(numbers) > 0 {
		usual.To = numbers[0]
	}
	withheld := usual
	withheld.From = storyfile.Withheld
	hidden := withheld.answered(set)
	hidden.Title = "from a withheld number, " + hidden.Title
	stories := append(usual.incoming(set), hidden)
	if set.Handles(call.Outbound) {
		stories = append(stories, usual.outbound(set))
	}
	if len(usual.Fields) > 0 {
		bare := Call{}.lost()
		bare.Title += ", without your own fields"
		stories = append(stories, bare)
	}
	return append(stories, usual.ofTables(set, numbers)...)
}

// Stories returns the possible courses of the call: answered and missed, and an outbound call
// with the same numbers if the file acts on outbound calls.
func (c Call) Stories(set *automation.Set) []storyfile.Story {
	stories := c.incoming(set)
	if set.Handles(call.Outbound) && c.From != storyfile.Withheld {
		stories = append(stories, c.outbound(set))
	}
	return stories
}

func (c Call) incoming(set *automation.Set) []storyfile.Story {
	return []storyfile.Story{c.answered(set), c.lost()}
}

func (c Call) answered(set *automation.Set) storyfile.Story {
	waited := cmp.Or(c.Waited, untilAnswered)
	story := c.story(c.to("call.to"),
		storyfile.Event{Name: "call.inbound", From: cmp.Or(c.From, customer)},
		storyfile.Event{Name: "call.bridged", At: waited, Queue: cmp.Or(c.Queue, queue), Fields: c.agent()},
		storyfile.Event{Name: "call.finished", At: waited + talked, Reason: "passive-hangup"},
	)
	story.Title = fmt.Sprintf("answered after %s, ended after %s", inSeconds(waited), inSeconds(waited+talked))
	return c.recorded(set, story)
}

func (c Call) lost() storyfile.Story {
	waited := cmp.Or(c.Waited, untilLost)
	story := c.story(c.to("call.to"),
		storyfile.Event{Name: "call.inbound", From: cmp.Or(c.From, customer)},
		storyfile.Event{Name: "call.finished", At: waited, Queue: cmp.Or(c.Queue, queue), Reason: "hangup"},
	)
	story.Title = "not answered, the caller hangs up after " + inSeconds(waited)
	return story
}

// outbound is a call from the call centre to the customer.
func (c Call) outbound(set *automation.Set) storyfile.Story {
	waited := cmp.Or(c.Waited, untilAnswered)
	story := c.story(c.to("call.from"),
		storyfile.Event{Name: "call.outbound", To: cmp.Or(c.From, customer), Fields: c.agent()},
		storyfile.Event{Name: "call.bridged", At: waited, Fields: c.agent()},
		storyfile.Event{Name: "call.finished", At: waited + talked, Reason: "passive-hangup"},
	)
	story.Title = fmt.Sprintf("outbound, answered after %s, ended after %s", inSeconds(waited), inSeconds(waited+talked))
	story.ParentLeg = "customer"
	return c.recorded(set, story)
}

// story is a call with these events, each with the fields that all events have.
func (c Call) story(common map[string]string, events ...storyfile.Event) storyfile.Story {
	for i := range events {
		fields := map[string]string{"call.id": "7c3f9a2e4b5d6e8f9a0b1c2d3e4f5a6b", "call.sessionId": "1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d"}
		for _, more := range []map[string]string{common, events[i].Fields, c.Fields} {
			maps.Copy(fields, more)
		}
		events[i].Fields = fields
	}
	return storyfile.Story{Events: events}
}

// recorded adds a recording to the story if the file acts on recordings.
func (c Call) recorded(set *automation.Set, story storyfile.Story) storyfile.Story {
	if !set.Handles(call.Recorded) {
		return story
	}
	end := story.Events[len(story.Events)-1]
	fields := maps.Clone(end.Fields)
	fields["recording.duration"] = strconv.Itoa(int(talked.Seconds()))
	story.Events = append(story.Events, storyfile.Event{
		Name: "recording.finished", At: end.At, Link: "https://recordings.example.com/sample", Fields: fields,
	})
	return story
}

// to returns the call centre's number in the given field.
func (c Call) to(field string) map[string]string {
	return map[string]string{field: cmp.Or(c.To, hotline)}
}

// agent returns the fields of the agent who picks up: a Kustomer user, unless Agent or Fields name
// another.
func (c Call) agent() map[string]string {
	fields := map[string]string{
		"agent.id": "4b5c6d7e8f9a0b1c2d3e4f5a6b7c8d9e", "agent.name": "Amira Haddad", "agent.email": "amira.haddad@example.com",
		"agent.sourceId": "5f0c1a2b3c4d5e6f70819210", "agent.agentSource": "kustomer",
	}
	if c.Agent == "" {
		return fields
	}
	name, _, isAddress := strings.Cut(c.Agent, "@")
	fields["agent.name"], fields["agent.email"] = name, ""
	if isAddress {
		fields["agent.email"] = c.Agent
	}
	return fields
}

func inSeconds(d time.Duration) string { return strconv.Itoa(int(d.Seconds())) + " s" }
