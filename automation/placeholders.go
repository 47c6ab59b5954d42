package automation

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/callthread/callthread/call"
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
	unknown kind = "whatever the webhook carries"
)

// placeholder is a name that may stand in braces.
type placeholder struct {
	kind kind
	// since is the first event that can know it; earlier ones never do.
	since call.Kind
	// value is nil where it is absent, else a string, int, bool or time.Time.
	value func(call.Facts) any
}

// placeholders are those of babelforce, with the three ways in which it writes
// the caller's number (babelforce help, "What is a Placeholder / Expression"),
// and those of its Kustomer integration.
var placeholders = map[string]*placeholder{
	"call.id":              {text, call.Inbound, func(f call.Facts) any { return orNil(f.Key) }},
	"call.parentId":        {text, call.Inbound, func(f call.Facts) any { return orNil(f.Leg.ParentID) }},
	"call.sessionId":       {text, call.Inbound, func(f call.Facts) any { return orNil(f.Leg.SessionID) }},
	"call.conversationId":  {text, call.Inbound, func(f call.Facts) any { return orNil(f.Leg.ConversationID) }},
	"call.type":            {text, call.Inbound, func(f call.Facts) any { return orNil(f.Leg.Type) }},
	"call.source":          {text, call.Inbound, func(f call.Facts) any { return orNil(f.Leg.Source) }},
	"call.domain":          {text, call.Inbound, func(f call.Facts) any { return orNil(f.Leg.Domain) }},
	"call.state":           {text, call.Inbound, func(f call.Facts) any { return orNil(f.Leg.State) }},
	"call.from":            {phoneNo, call.Inbound, from},
	"call.from.number":     {phoneNo, call.Inbound, from},
	"call.fromNumber":      {phoneNo, call.Inbound, from},
	"call.to":              {phoneNo, call.Inbound, to},
	"call.to.number":       {phoneNo, call.Inbound, to},
	"call.toNumber":        {phoneNo, call.Inbound, to},
	"call.anonymous":       {flag, call.Inbound, func(f call.Facts) any { return f.Leg.Anonymous }},
	"call.dateCreated":     {instant, call.Inbound, func(f call.Facts) any { return orNil(f.Leg.CreatedAt) }},
	"call.dateEstablished": {instant, call.Bridged, func(f call.Facts) any { return orNil(f.Leg.EstablishedAt) }},
	"call.dateFinished":    {instant, call.Finished, func(f call.Facts) any { return orNil(f.Leg.FinishedAt) }},
	"call.duration":        {seconds, call.Bridged, duration},
	"call.finishReason":    {text, call.Finished, func(f call.Facts) any { return orNil(f.Leg.FinishReason) }},
	"call.outcome":         {text, call.Finished, func(f call.Facts) any { return orNil(string(f.Outcome)) }},
	"agent.id":             {text, call.Bridged, func(f call.Facts) any { return orNil(f.Agent.ID) }},
	"agent.name":           {text, call.Bridged, func(f call.Facts) any { return orNil(f.Agent.Name) }},
	"agent.email":          {text, call.Bridged, func(f call.Facts) any { return orNil(f.Agent.Email) }},
	"agent.number":         {phoneNo, call.Bridged, func(f call.Facts) any { return orNil(f.Agent.Number) }},
	"agent.sourceId":       {text, call.Bridged, func(f call.Facts) any { return orNil(f.Agent.SourceID) }},
	"agent.agentSource":    {text, call.Bridged, func(f call.Facts) any { return orNil(f.Agent.Source) }},
	"queue.id":             {text, call.Bridged, func(f call.Facts) any { return orNil(f.Queue.ID) }},
	"queue.name":           {text, call.Bridged, func(f call.Facts) any { return orNil(f.Queue.Name) }},

	"integration.kustomer.customer.id":      {text, call.Bridged, func(f call.Facts) any { return orNil(f.Kustomer.CustomerID) }},
	"integration.kustomer.conversation.id":  {text, call.Bridged, func(f call.Facts) any { return orNil(f.Kustomer.ConversationID) }},
	"integration.kustomer.conversation.url": {text, call.Bridged, func(f call.Facts) any { return orNil(f.Kustomer.ConversationURL) }},
}

// order of the events of a call, to tell what each can know.
var order = map[call.Kind]int{call.Inbound: 0, call.Bridged: 1, call.Finished: 2}

// orNil is nil for what is absent.
func orNil[T comparable](value T) any {
	var absent T
	if value == absent {
		return nil
	}
	return value
}

// from is absent where the caller withheld the number. What babelforce puts
// there instead is not known, but hardly a number.
func from(f call.Facts) any {
	if f.Leg.Anonymous || !strings.ContainsAny(f.Leg.From, "0123456789") {
		return nil
	}
	return f.Leg.From
}

func to(f call.Facts) any { return orNil(f.Leg.To) }

func duration(f call.Facts) any {
	if f.Leg.Seconds == nil {
		return nil
	}
	return *f.Leg.Seconds
}

// extra is a field that the webhook carries beyond those that are known, declared under "fields".
func extra(name string) *placeholder {
	return &placeholder{unknown, call.Inbound, func(f call.Facts) any { return orNil(f.Extra[name]) }}
}

// find looks up a placeholder that an automation of the event may use.
func (l *loader) find(event call.Kind) func(name string) (*placeholder, error) {
	return func(name string) (*placeholder, error) {
		if l.fields[name] {
			return extra(name), nil
		}
		known, ok := placeholders[name]
		if !ok {
			if l.overwhelmed() {
				return nil, fmt.Errorf("unknown placeholder {%s}", name)
			}
			names := slices.Concat(slices.Collect(maps.Keys(placeholders)), slices.Collect(maps.Keys(l.fields)))
			hint := cmp.Or(suggest(name, names), `; a field of your own must be listed under "fields"`)
			return nil, fmt.Errorf("unknown placeholder {%s}%s", name, hint)
		}
		if order[event] < order[known.since] {
			return nil, fmt.Errorf("{%s} is not known yet on %s, only from %s on", name, eventNames[event], eventNames[known.since])
		}
		return known, nil
	}
}

// asText is a value as people read it.
func asText(value any) string {
	if t, isTime := value.(time.Time); isTime {
		return t.UTC().Format(time.RFC3339)
	}
	return fmt.Sprint(value)
}
