package babelforce

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// setter writes one present, trimmed value to the draft. It returns false if it cannot read the value.
type setter func(d *draft, value string) (readable bool)

// knownFields contains every known spelling. The three spellings of a number come from
// babelforce's buckets (from), placeholders (from.number) and trigger expressions
// (fromNumber), all confirmed.
var knownFields = map[string]setter{
	"call.id":             callID(func(d *draft) *string { return &d.event.Call.ID }),
	"call.parentId":       callID(func(d *draft) *string { return &d.event.Call.ParentID }),
	"call.sessionId":      id(func(d *draft) *string { return &d.event.Call.SessionID }),
	"call.conversationId": id(func(d *draft) *string { return &d.event.Call.ConversationID }),

	"call.type":         word(func(d *draft) *string { return &d.event.Call.Type }),
	"call.source":       word(func(d *draft) *string { return &d.event.Call.Source }),
	"call.domain":       word(func(d *draft) *string { return &d.event.Call.Domain }),
	"call.state":        word(func(d *draft) *string { return &d.event.Call.State }),
	"call.finishReason": word(func(d *draft) *string { return &d.event.Call.FinishReason }),

	"call.from":        text(func(d *draft) *string { return &d.event.Call.From }),
	"call.from.number": text(func(d *draft) *string { return &d.event.Call.From }),
	"call.fromNumber":  text(func(d *draft) *string { return &d.event.Call.From }),
	"call.to":          text(func(d *draft) *string { return &d.event.Call.To }),
	"call.to.number":   text(func(d *draft) *string { return &d.event.Call.To }),
	"call.toNumber":    text(func(d *draft) *string { return &d.event.Call.To }),
	"call.anonymous":   setAnonymous,

	"call.dateCreated":     moment(func(d *draft) *time.Time { return &d.event.Call.DateCreated }),
	"call.dateEstablished": moment(func(d *draft) *time.Time { return &d.event.Call.DateEstablished }),
	"call.dateFinished":    moment(func(d *draft) *time.Time { return &d.event.Call.DateFinished }),
	"call.duration":        seconds(func(d *draft) **int { return &d.event.Call.Duration }),

	"agent.id":          id(func(d *draft) *string { return &d.event.Agent.ID }),
	"agent.name":        text(func(d *draft) *string { return &d.event.Agent.Name }),
	"agent.number":      text(func(d *draft) *string { return &d.event.Agent.Number }),
	"agent.email":       text(func(d *draft) *string { return &d.event.Agent.Email }),
	"agent.sourceId":    foreignID(func(d *draft) *string { return &d.event.Agent.SourceID }),
	"agent.sourceID":    foreignID(func(d *draft) *string { return &d.event.Agent.SourceID }),
	"agent.agentSource": text(func(d *draft) *string { return &d.event.Agent.Source }),

	"queue.id":   id(func(d *draft) *string { return &d.event.Queue.ID }),
	"queue.name": text(func(d *draft) *string { return &d.event.Queue.Name }),

	"recording.id":       id(func(d *draft) *string { return &d.event.Recording.ID }),
	"recording.url":      text(func(d *draft) *string { return &d.event.Recording.URL }),
	"recording.duration": seconds(func(d *draft) **int { return &d.event.Recording.Duration }),

	// OpenAPI Recording.call: the call as described by the recording.
	"recording.call.id":             callID(func(d *draft) *string { return &d.recorded.ID }),
	"recording.call.conversationId": id(func(d *draft) *string { return &d.recorded.ConversationID }),
	"recording.call.type":           word(func(d *draft) *string { return &d.recorded.Type }),
	"recording.call.from":           text(func(d *draft) *string { return &d.recorded.From }),
	"recording.call.to":             text(func(d *draft) *string { return &d.recorded.To }),

	// OpenAPI CallBridged: the agent and queue as described by the call.
	"call.bridged.id":           id(func(d *draft) *string { return &d.bridgedAgent.ID }),
	"call.bridged.name":         text(func(d *draft) *string { return &d.bridgedAgent.Name }),
	"call.bridged.number":       text(func(d *draft) *string { return &d.bridgedAgent.Number }),
	"call.bridged.agent.id":     id(func(d *draft) *string { return &d.bridgedAgent.ID }),
	"call.bridged.agent.name":   text(func(d *draft) *string { return &d.bridgedAgent.Name }),
	"call.bridged.agent.number": text(func(d *draft) *string { return &d.bridgedAgent.Number }),
	"call.bridged.queueId":      id(func(d *draft) *string { return &d.bridgedQueue.ID }),
	"call.bridged.queueName":    text(func(d *draft) *string { return &d.bridgedQueue.Name }),
}

// OtherField stands for a name chosen by the sender that must not be repeated.
const OtherField = "other"

// KnownFields returns the names of all known fields and [OtherField], sorted.
func KnownFields() []string {
	return slices.Sorted(slices.Values(append(slices.Collect(maps.Keys(knownFields)), OtherField)))
}

func text(target func(*draft) *string) setter {
	return func(d *draft, value string) bool {
		*target(d) = oneLine(value)
		return true
	}
}

// word sets one of babelforce's own words. The manager API writes them in lower case, the
// babelconnect SDK in capitals (both confirmed), and the callback is not documented.
func word(target func(*draft) *string) setter {
	return func(d *draft, value string) bool {
		*target(d) = strings.ToLower(oneLine(value))
		return true
	}
}

// foreignID sets an id of another system, unchanged.
func foreignID(target func(*draft) *string) setter {
	return func(d *draft, value string) bool {
		if isNoID(value) {
			return true
		}
		usable := isID(value)
		if usable {
			*target(d) = value
		}
		return usable
	}
}

// id sets an id of babelforce. Its API accepts UUIDs only without hyphens (confirmed,
// changelog of babelforce/manager-sdk 0.42.2), and both spellings must give one call key.
func id(target func(*draft) *string) setter {
	set := foreignID(target)
	return func(d *draft, value string) bool {
		if uuid.MatchString(value) {
			value = strings.ToLower(strings.ReplaceAll(value, "-", ""))
		}
		return set(d, value)
	}
}

// callID sets the id of a leg. Leg ids name the call's workflow, and Temporal's client
// accepts only ASCII.
func callID(target func(*draft) *string) setter {
	set := id(target)
	return func(d *draft, value string) bool {
		isForeign := strings.ContainsFunc(value, func(r rune) bool { return r > unicode.MaxASCII })
		return !isForeign && set(d, value)
	}
}

func setAnonymous(d *draft, value string) bool {
	anonymous, err := strconv.ParseBool(value)
	if err == nil {
		d.event.Call.Anonymous = anonymous
	}
	return err == nil
}

func seconds(target func(*draft) **int) setter {
	return func(d *draft, value string) bool {
		number, ok := parseNumber(value)
		if ok = ok && number <= maxDuration; ok {
			*target(d) = new(int(number)) // OpenAPI Call.duration is in whole seconds: drop the fraction
		}
		return ok
	}
}

func moment(target func(*draft) *time.Time) setter {
	return func(d *draft, value string) bool {
		t, ok := parseTime(value)
		if ok && !t.IsZero() {
			*target(d) = t
		}
		return ok
	}
}
