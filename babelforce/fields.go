package babelforce

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// setter writes one present, trimmed value into the draft. It returns what is
// wrong with the value, without quoting it, or "".
type setter func(d *draft, value string) string

// knownFields is every spelling we understand. The three spellings of a number
// are those of babelforce's buckets (from), placeholders (from.number) and
// trigger expressions (fromNumber), all confirmed.
var knownFields = map[string]setter{
	"call.id":             id(func(d *draft) *string { return &d.event.Call.ID }),
	"call.parentId":       id(func(d *draft) *string { return &d.event.Call.ParentID }),
	"call.sessionId":      id(func(d *draft) *string { return &d.event.Call.SessionID }),
	"call.conversationId": id(func(d *draft) *string { return &d.event.Call.ConversationID }),

	"call.type":         text(func(d *draft) *string { return &d.event.Call.Type }),
	"call.source":       text(func(d *draft) *string { return &d.event.Call.Source }),
	"call.domain":       text(func(d *draft) *string { return &d.event.Call.Domain }),
	"call.state":        text(func(d *draft) *string { return &d.event.Call.State }),
	"call.finishReason": text(func(d *draft) *string { return &d.event.Call.FinishReason }),

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

	// OpenAPI Recording.call: the call as the recording knows it.
	"recording.call.id":             id(func(d *draft) *string { return &d.recorded.ID }),
	"recording.call.conversationId": id(func(d *draft) *string { return &d.recorded.ConversationID }),
	"recording.call.type":           text(func(d *draft) *string { return &d.recorded.Type }),
	"recording.call.from":           text(func(d *draft) *string { return &d.recorded.From }),
	"recording.call.to":             text(func(d *draft) *string { return &d.recorded.To }),

	// OpenAPI CallBridged: the agent and queue as the call itself knows them.
	"call.bridged.id":           id(func(d *draft) *string { return &d.bridgedAgent.ID }),
	"call.bridged.name":         text(func(d *draft) *string { return &d.bridgedAgent.Name }),
	"call.bridged.number":       text(func(d *draft) *string { return &d.bridgedAgent.Number }),
	"call.bridged.agent.id":     id(func(d *draft) *string { return &d.bridgedAgent.ID }),
	"call.bridged.agent.name":   text(func(d *draft) *string { return &d.bridgedAgent.Name }),
	"call.bridged.agent.number": text(func(d *draft) *string { return &d.bridgedAgent.Number }),
	"call.bridged.queueId":      id(func(d *draft) *string { return &d.bridgedQueue.ID }),
	"call.bridged.queueName":    text(func(d *draft) *string { return &d.bridgedQueue.Name }),
}

// unresolvedPlaceholder matches a value that is one placeholder and nothing
// else: {call.id} in automations, {{x}} or {{{x}}} in babelforce's tasks. A
// single brace needs the dot, so that a text such as "{VIP}" survives.
var unresolvedPlaceholder = regexp.MustCompile(`^(\{[\w-]+(\.[\w-]+)+\}|\{\{\{?\s*[\w.-]+\s*\}\}\}?)$`)

func text(target func(*draft) *string) setter {
	return func(d *draft, value string) string {
		*target(d) = withoutNUL(value)
		return ""
	}
}

// withoutNUL drops the one character that PostgreSQL refuses to store: in a
// search attribute it would stop the call's workflow for good.
func withoutNUL(value string) string { return strings.ReplaceAll(value, "\x00", "") }

// foreignID is for ids of other systems, which are not ours to rewrite.
func foreignID(target func(*draft) *string) setter {
	return func(d *draft, value string) string {
		switch {
		case len(value) > maxID:
			return fmt.Sprintf("an id is at most %d bytes long", maxID)
		case strings.ContainsFunc(value, unicode.IsControl), strings.Contains(value, "/"):
			return "an id has no control characters and no slash"
		}
		*target(d) = value
		return ""
	}
}

var uuid = regexp.MustCompile(`^(?i)[0-9a-f]{8}(-?)[0-9a-f]{4}(-?)[0-9a-f]{4}(-?)[0-9a-f]{4}(-?)[0-9a-f]{12}$`)

// id is for babelforce's own ids. Its API takes UUIDs only without hyphens
// (confirmed, changelog of babelforce/manager-sdk 0.42.2), and both spellings
// must give one call key.
func id(target func(*draft) *string) setter {
	set := foreignID(target)
	return func(d *draft, value string) string {
		if uuid.MatchString(value) {
			value = strings.ToLower(strings.ReplaceAll(value, "-", ""))
		}
		return set(d, value)
	}
}

func setAnonymous(d *draft, value string) string {
	anonymous, err := strconv.ParseBool(value)
	if err != nil {
		return "not a boolean (true, false, 1 or 0)"
	}
	d.event.Call.Anonymous = anonymous
	return ""
}

// maxDuration, a year in seconds, is far beyond any call: more is a time or a mistake.
const maxDuration = 366 * 24 * 60 * 60

func seconds(target func(*draft) **int) setter {
	return func(d *draft, value string) string {
		number, ok := parseNumber(value)
		if !ok || number > maxDuration {
			return "not a number of seconds, 0 or more"
		}
		*target(d) = new(int(number)) // a fraction is cut off: OpenAPI Call.duration is whole seconds
		return ""
	}
}

// A number from firstMillisecond on is milliseconds: as seconds it would lie
// beyond the year 5138, and as milliseconds it is later than 1973.
const (
	firstMillisecond = 1e11
	lastMillisecond  = 1e14
)

func moment(target func(*draft) *time.Time) setter {
	const problem = "not a time in UNIX seconds, UNIX milliseconds or RFC 3339"
	return func(d *draft, value string) string {
		number, ok := parseNumber(value)
		switch {
		case !ok:
			t, err := time.Parse(time.RFC3339, value)
			// The same range as for numbers, which also keeps out what JSON cannot write.
			if err != nil || t.Unix() < 0 || t.Unix() >= firstMillisecond {
				return problem
			}
			*target(d) = t.UTC()
		case number == 0: // how some systems write "never"
		case number < firstMillisecond:
			*target(d) = time.UnixMicro(int64(math.Round(number * 1e6))).UTC()
		case number < lastMillisecond:
			*target(d) = time.UnixMicro(int64(math.Round(number * 1e3))).UTC()
		default:
			return problem
		}
		return ""
	}
}

// decimal leaves out what strconv would take but no sender means: NaN, Inf, hex
// and, as nothing here can be below zero, every sign but plus.
var decimal = regexp.MustCompile(`^\+?[0-9]{1,20}(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?$`)

func parseNumber(value string) (float64, bool) {
	if !decimal.MatchString(value) {
		return 0, false
	}
	number, err := strconv.ParseFloat(value, 64)
	return number, err == nil
}
