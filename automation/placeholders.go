package automation

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/phone"
)

// Kind is the type of a placeholder's value.
type Kind string

// The kinds, as messages name them.
const (
	Text    Kind = "text"
	Number  Kind = "a number"
	Seconds Kind = "a duration in seconds"
	Instant Kind = "a time"
	Flag    Kind = "true or false"
	Phone   Kind = "a phone number"
	Outcome Kind = "an outcome"
	Own     Kind = "any value of the webhook" // a field that the file declares
)

// Placeholder is a name that templates may contain in braces.
type Placeholder struct {
	Kind Kind
	// Known are the events on which the value can be known, the earliest first.
	Known []call.Kind
	// value returns nil if the value is absent, otherwise a string, int, bool, time.Time or
	// call.Outcome. It is nil for the placeholders in ofFile.
	value func(call.Facts) any
}

// KindOf returns the kind of a placeholder's value. A name that [Placeholders] does not contain
// is a field that the file declares.
func KindOf(name string) Kind {
	if known, ok := Placeholders[name]; ok {
		return known.Kind
	}
	return Own
}

// The events on which a value can be known. Recordings are written after the end of the call, so
// the values of the end are known on their event too.
var (
	fromBridge = slices.Concat([]call.Kind{call.Bridged}, fromEnd)
	fromAgent  = slices.Concat(fromBridge, []call.Kind{call.Outbound}) // the agent of an outbound call is known at once
	fromStart  = slices.Concat([]call.Kind{call.Inbound}, fromAgent)
	fromEnd    = []call.Kind{call.Finished, call.WrappedUp, call.Recorded}
	ofRecorded = []call.Kind{call.Recorded}
)

// The placeholders whose values come from the file: from its tables and its service level.
const (
	TeamOfQueue        = "queue.teamId"
	NameOfNumber       = "number.name"
	TeamOfNumber       = "number.teamId"
	WithinServiceLevel = "call.withinServiceLevel"
)

// ofFile are the values of these placeholders.
var ofFile = map[string]func(*Set, call.Facts) any{
	TeamOfQueue:        func(s *Set, f call.Facts) any { return s.teamOf(f.Queue) },
	NameOfNumber:       func(s *Set, f call.Facts) any { return s.number(f).Name },
	TeamOfNumber:       func(s *Set, f call.Facts) any { return s.number(f).TeamID },
	WithinServiceLevel: (*Set).withinServiceLevel,
}

// Placeholders are the placeholders of babelforce, with its three names for the caller's number
// (babelforce help, "What is a Placeholder / Expression"), the placeholders of its Kustomer
// integration, and Callthread's own, which summarize a call.
var Placeholders = map[string]Placeholder{
	"call.id":              {Text, fromStart, func(f call.Facts) any { return orNil(f.Key) }},
	"call.parentId":        {Text, fromStart, func(f call.Facts) any { return orNil(f.Leg.ParentID) }},
	"call.sessionId":       {Text, fromStart, func(f call.Facts) any { return orNil(f.Leg.SessionID) }},
	"call.conversationId":  {Text, fromStart, func(f call.Facts) any { return orNil(f.Leg.ConversationID) }},
	"call.type":            {Text, fromStart, func(f call.Facts) any { return orNil(f.Leg.Type) }},
	"call.source":          {Text, fromStart, func(f call.Facts) any { return orNil(f.Leg.Source) }},
	"call.domain":          {Text, fromStart, func(f call.Facts) any { return orNil(f.Leg.Domain) }},
	"call.state":           {Text, fromStart, func(f call.Facts) any { return orNil(f.Leg.State) }},
	"call.from":            {Phone, fromStart, from},
	"call.from.number":     {Phone, fromStart, from},
	"call.fromNumber":      {Phone, fromStart, from},
	"call.to":              {Phone, fromStart, to},
	"call.to.number":       {Phone, fromStart, to},
	"call.toNumber":        {Phone, fromStart, to},
	"call.anonymous":       {Flag, fromStart, func(f call.Facts) any { return f.Leg.Anonymous }},
	"call.direction":       {Text, fromStart, direction},
	"call.dateCreated":     {Instant, fromStart, func(f call.Facts) any { return orNil(f.Leg.CreatedAt) }},
	"call.dateEstablished": {Instant, fromBridge, func(f call.Facts) any { return orNil(f.Leg.EstablishedAt) }},
	"call.dateFinished":    {Instant, fromEnd, func(f call.Facts) any { return orNil(f.Leg.FinishedAt) }},
	"call.duration":        {Seconds, fromBridge, func(f call.Facts) any { return orAbsent(f.Leg.Seconds) }},
	"call.finishReason":    {Text, fromEnd, func(f call.Facts) any { return orNil(f.Leg.FinishReason) }},
	"call.outcome":         {Outcome, fromEnd, func(f call.Facts) any { return orNil(f.Outcome) }},
	"call.waitTime":        {Seconds, fromBridge, func(f call.Facts) any { return orAbsent(f.Summary.WaitSeconds) }},
	"call.talkTime":        {Seconds, fromEnd, func(f call.Facts) any { return orAbsent(f.Summary.TalkSeconds) }},
	"call.agents":          {Text, fromEnd, func(f call.Facts) any { return orNil(strings.Join(f.Summary.Agents, ", ")) }},
	"call.addedFromLog":    {Instant, fromStart, func(f call.Facts) any { return orNil(f.AddedAt) }},
	"call.endedBy":         {Text, fromEnd, func(f call.Facts) any { return orNil(f.Summary.EndedBy) }},
	"agent.id":             {Text, fromAgent, func(f call.Facts) any { return orNil(f.Agent.ID) }},
	"agent.name":           {Text, fromAgent, func(f call.Facts) any { return orNil(f.Agent.Name) }},
	"agent.email":          {Text, fromAgent, func(f call.Facts) any { return orNil(f.Agent.Email) }},
	"agent.number":         {Phone, fromAgent, func(f call.Facts) any { return orNil(f.Agent.Number) }},
	"agent.sourceId":       {Text, fromAgent, func(f call.Facts) any { return orNil(f.Agent.SourceID) }},
	"agent.agentSource":    {Text, fromAgent, func(f call.Facts) any { return orNil(f.Agent.Source) }},
	"queue.id":             {Text, fromBridge, func(f call.Facts) any { return orNil(f.Queue.ID) }},
	"queue.name":           {Text, fromBridge, func(f call.Facts) any { return orNil(f.Queue.Name) }},
	TeamOfQueue:            {Text, fromBridge, nil},
	NameOfNumber:           {Text, fromStart, nil},
	TeamOfNumber:           {Text, fromStart, nil},
	WithinServiceLevel:     {Flag, fromBridge, nil},
	"recording.id":         {Text, ofRecorded, func(f call.Facts) any { return orNil(f.Recording.ID) }},
	"recording.url":        {Text, ofRecorded, func(f call.Facts) any { return orNil(f.Recording.URL) }},
	"recording.duration":   {Seconds, ofRecorded, func(f call.Facts) any { return orAbsent(f.Recording.Seconds) }},

	"integration.kustomer.customer.id":      {Text, fromBridge, func(f call.Facts) any { return orNil(f.Kustomer.CustomerID) }},
	"integration.kustomer.conversation.id":  {Text, fromBridge, func(f call.Facts) any { return orNil(f.Kustomer.ConversationID) }},
	"integration.kustomer.conversation.url": {Text, fromBridge, func(f call.Facts) any { return orNil(f.Kustomer.ConversationURL) }},
}

// values are the values of the placeholders that have a fixed set of values.
var values = map[string][]any{
	"call.anonymous": {true, false},
	"call.direction": {call.In, call.Out},
	"call.endedBy":   {"caller", "agent", "flow"},
	"call.outcome":   outcomes(),

	WithinServiceLevel: {true, false},
}

func outcomes() (all []any) {
	for _, outcome := range call.Outcomes() {
		all = append(all, outcome)
	}
	return all
}

// orNil returns nil for a zero value, which is absent.
func orNil[T comparable](value T) any {
	var absent T
	if value == absent {
		return nil
	}
	return value
}

// orAbsent returns nil for an unknown number. The number 0 is known.
func orAbsent(value *int) any {
	if value == nil {
		return nil
	}
	return *value
}

// from returns nil if the caller withheld the number. babelforce may send a word in its place.
func from(f call.Facts) any {
	if _, err := phone.Parse(f.Leg.From, ""); f.Leg.Anonymous || errors.Is(err, phone.ErrWithheld) {
		return nil
	}
	return f.Leg.From
}

func to(f call.Facts) any { return orNil(f.Leg.To) }

func direction(f call.Facts) any { return f.Direction() }

// asText returns a value as text.
func asText(value any) string {
	if t, isTime := value.(time.Time); isTime {
		return t.UTC().Format(time.RFC3339)
	}
	return fmt.Sprint(value)
}
