package automation

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/phone"
)

// kind is what a placeholder's value is.
type kind string

const (
	text    kind = "text"
	number  kind = "a number"
	seconds kind = "a duration in seconds"
	instant kind = "a time"
	flag    kind = "true or false"
	phoneNo kind = "a phone number"
	outcome kind = "an outcome"
	unknown kind = "whatever the webhook carries"
)

// placeholder is a name that may stand in braces.
type placeholder struct {
	kind kind
	// known are the events that can know it; others never do.
	known []call.Kind
	// value is nil where it is absent, else a string, int, bool, time.Time or call.Outcome.
	value func(call.Facts) any
}

// The events that can know a thing. The first of each is the one to name.
// Recordings are written down when the call is over, and so know how it ended.
var (
	fromBridge = slices.Concat([]call.Kind{call.Bridged}, fromEnd)
	fromAgent  = slices.Concat(fromBridge, []call.Kind{call.Outbound}) // who places a call is known at once
	fromStart  = slices.Concat([]call.Kind{call.Inbound}, fromAgent)
	fromEnd    = []call.Kind{call.Finished, call.WrappedUp, call.Recorded}
	ofRecorded = []call.Kind{call.Recorded}
)

// teamOfQueue is the placeholder that the file's own table of queues fills.
const teamOfQueue = "queue.teamId"

// placeholders are those of babelforce, with the three ways in which it writes
// the caller's number (babelforce help, "What is a Placeholder / Expression"),
// those of its Kustomer
// integration, and ours, of what a call comes down to.
var placeholders = map[string]*placeholder{
	"call.id":              {text, fromStart, func(f call.Facts) any { return orNil(f.Key) }},
	"call.parentId":        {text, fromStart, func(f call.Facts) any { return orNil(f.Leg.ParentID) }},
	"call.sessionId":       {text, fromStart, func(f call.Facts) any { return orNil(f.Leg.SessionID) }},
	"call.conversationId":  {text, fromStart, func(f call.Facts) any { return orNil(f.Leg.ConversationID) }},
	"call.type":            {text, fromStart, func(f call.Facts) any { return orNil(f.Leg.Type) }},
	"call.source":          {text, fromStart, func(f call.Facts) any { return orNil(f.Leg.Source) }},
	"call.domain":          {text, fromStart, func(f call.Facts) any { return orNil(f.Leg.Domain) }},
	"call.state":           {text, fromStart, func(f call.Facts) any { return orNil(f.Leg.State) }},
	"call.from":            {phoneNo, fromStart, from},
	"call.from.number":     {phoneNo, fromStart, from},
	"call.fromNumber":      {phoneNo, fromStart, from},
	"call.to":              {phoneNo, fromStart, to},
	"call.to.number":       {phoneNo, fromStart, to},
	"call.toNumber":        {phoneNo, fromStart, to},
	"call.anonymous":       {flag, fromStart, func(f call.Facts) any { return f.Leg.Anonymous }},
	"call.direction":       {text, fromStart, direction},
	"call.dateCreated":     {instant, fromStart, func(f call.Facts) any { return orNil(f.Leg.CreatedAt) }},
	"call.dateEstablished": {instant, fromBridge, func(f call.Facts) any { return orNil(f.Leg.EstablishedAt) }},
	"call.dateFinished":    {instant, fromEnd, func(f call.Facts) any { return orNil(f.Leg.FinishedAt) }},
	"call.duration":        {seconds, fromBridge, func(f call.Facts) any { return orAbsent(f.Leg.Seconds) }},
	"call.finishReason":    {text, fromEnd, func(f call.Facts) any { return orNil(f.Leg.FinishReason) }},
	"call.outcome":         {outcome, fromEnd, func(f call.Facts) any { return orNil(f.Outcome) }},
	"call.waitTime":        {seconds, fromEnd, func(f call.Facts) any { return orAbsent(f.Summary.WaitSeconds) }},
	"call.talkTime":        {seconds, fromEnd, func(f call.Facts) any { return orAbsent(f.Summary.TalkSeconds) }},
	"call.agents":          {text, fromEnd, func(f call.Facts) any { return orNil(strings.Join(f.Summary.Agents, ", ")) }},
	"call.endedBy":         {text, fromEnd, func(f call.Facts) any { return orNil(f.Summary.EndedBy) }},
	"agent.id":             {text, fromAgent, func(f call.Facts) any { return orNil(f.Agent.ID) }},
	"agent.name":           {text, fromAgent, func(f call.Facts) any { return orNil(f.Agent.Name) }},
	"agent.email":          {text, fromAgent, func(f call.Facts) any { return orNil(f.Agent.Email) }},
	"agent.number":         {phoneNo, fromAgent, func(f call.Facts) any { return orNil(f.Agent.Number) }},
	"agent.sourceId":       {text, fromAgent, func(f call.Facts) any { return orNil(f.Agent.SourceID) }},
	"agent.agentSource":    {text, fromAgent, func(f call.Facts) any { return orNil(f.Agent.Source) }},
	"queue.id":             {text, fromBridge, func(f call.Facts) any { return orNil(f.Queue.ID) }},
	"queue.name":           {text, fromBridge, func(f call.Facts) any { return orNil(f.Queue.Name) }},
	teamOfQueue:            {text, fromBridge, nil},
	"recording.id":         {text, ofRecorded, func(f call.Facts) any { return orNil(f.Recording.ID) }},
	"recording.url":        {text, ofRecorded, func(f call.Facts) any { return orNil(f.Recording.URL) }},
	"recording.duration":   {seconds, ofRecorded, func(f call.Facts) any { return orAbsent(f.Recording.Seconds) }},

	"integration.kustomer.customer.id":      {text, fromBridge, func(f call.Facts) any { return orNil(f.Kustomer.CustomerID) }},
	"integration.kustomer.conversation.id":  {text, fromBridge, func(f call.Facts) any { return orNil(f.Kustomer.ConversationID) }},
	"integration.kustomer.conversation.url": {text, fromBridge, func(f call.Facts) any { return orNil(f.Kustomer.ConversationURL) }},
}

// orNil is nil for what is absent.
func orNil[T comparable](value T) any {
	var absent T
	if value == absent {
		return nil
	}
	return value
}

// orAbsent is nil for a number that is not known; 0 is one.
func orAbsent(value *int) any {
	if value == nil {
		return nil
	}
	return *value
}

// from is absent where the caller withheld the number: babelforce may put a
// word there instead.
func from(f call.Facts) any {
	if _, err := phone.Parse(f.Leg.From, ""); f.Leg.Anonymous || errors.Is(err, phone.ErrWithheld) {
		return nil
	}
	return f.Leg.From
}

func to(f call.Facts) any { return orNil(f.Leg.To) }

func direction(f call.Facts) any { return f.Direction() }

// extra is a field that the webhook carries beyond those that are known, declared under "fields".
func extra(name string) *placeholder {
	return &placeholder{unknown, fromStart, func(f call.Facts) any { return orNil(f.Extra[name]) }}
}

// find looks up a placeholder that an automation of the event may use, or any
// where no event is given.
func (l *loader) find(event call.Kind) func(name string) (*placeholder, error) {
	return func(name string) (*placeholder, error) {
		if l.fields[name] {
			return extra(name), nil
		}
		found, ok := placeholders[name]
		switch {
		case !ok && l.overwhelmed():
			return nil, fmt.Errorf("unknown placeholder {%s}", name)
		case !ok:
			names := slices.Concat(slices.Collect(maps.Keys(placeholders)), slices.Collect(maps.Keys(l.fields)))
			hint := cmp.Or(suggest(name, names), `; a field of your own must be listed under "fields"`)
			return nil, fmt.Errorf("unknown placeholder {%s}%s", name, hint)
		case event != "" && !slices.Contains(found.known, event) && len(found.known) == 1:
			return nil, fmt.Errorf("{%s} is known on %s only", name, eventNames[found.known[0]])
		case event != "" && !slices.Contains(found.known, event):
			return nil, fmt.Errorf("{%s} is not known yet on %s, only from %s on", name, eventNames[event], eventNames[found.known[0]])
		case name == teamOfQueue && len(l.queues) == 0:
			return nil, fmt.Errorf(`{%s} needs the table "queues", which says whose team is which`, name)
		case name == teamOfQueue:
			return &placeholder{found.kind, found.known, l.queues.teamOf}, nil
		}
		return found, nil
	}
}

// asText is a value as people read it.
func asText(value any) string {
	if t, isTime := value.(time.Time); isTime {
		return t.UTC().Format(time.RFC3339)
	}
	return fmt.Sprint(value)
}
