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

// Kind is what a placeholder's value is.
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
	Own     Kind = "whatever the webhook carries" // a field of the file's own
)

// Placeholder is a name that may stand in braces.
type Placeholder struct {
	Kind Kind
	// Known are the events that can know it, the first to know it first; others never do.
	Known []call.Kind
	// value is nil where it is absent, else a string, int, bool, time.Time or call.Outcome. Those in ofFile have none.
	value func(call.Facts) any
}

// KindOf is the kind of a placeholder's value. What is not among Placeholders is a field of the file's own.
func KindOf(name string) Kind {
	if known, ok := Placeholders[name]; ok {
		return known.Kind
	}
	return Own
}

// The events that can know a thing.
// Recordings are written down when the call is over, and so know how it ended.
var (
	fromBridge = slices.Concat([]call.Kind{call.Bridged}, fromEnd)
	fromAgent  = slices.Concat(fromBridge, []call.Kind{call.Outbound}) // who places a call is known at once
	fromStart  = slices.Concat([]call.Kind{call.Inbound}, fromAgent)
	fromEnd    = []call.Kind{call.Finished, call.WrappedUp, call.Recorded}
	ofRecorded = []call.Kind{call.Recorded}
)

// The placeholders that the file itself fills: its tables, and its service level.
const (
	TeamOfQueue        = "queue.teamId"
	NameOfNumber       = "number.name"
	TeamOfNumber       = "number.teamId"
	WithinServiceLevel = "call.withinServiceLevel"
)

// ofFile are their values.
var ofFile = map[string]func(*Set, call.Facts) any{
	TeamOfQueue:        func(s *Set, f call.Facts) any { return s.teamOf(f.Queue) },
	NameOfNumber:       func(s *Set, f call.Facts) any { return s.number(f).Name },
	TeamOfNumber:       func(s *Set, f call.Facts) any { return s.number(f).TeamID },
	WithinServiceLevel: (*Set).withinServiceLevel,
}

// Placeholders are those of babelforce, with the three ways in which it writes
// the caller's number (babelforce help, "What is a Placeholder / Expression"),
// those of its Kustomer integration, and ours, of what a call comes down to.
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

// values are all that some placeholders can have.
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

// asText is a value as people read it.
func asText(value any) string {
	if t, isTime := value.(time.Time); isTime {
		return t.UTC().Format(time.RFC3339)
	}
	return fmt.Sprint(value)
}
