package automation

import (
	"strconv"
	"time"

	"github.com/callthread/callthread/call"
)

// placeholders are the names that may stand in braces, in babelforce's
// spelling, with the three ways in which it writes the caller's number
// (babelforce help, "What is a Placeholder / Expression").
var placeholders = map[string]func(call.Facts) string{
	"call.id":              func(f call.Facts) string { return f.Key },
	"call.sessionId":       func(f call.Facts) string { return f.Leg.SessionID },
	"call.conversationId":  func(f call.Facts) string { return f.Leg.ConversationID },
	"call.type":            func(f call.Facts) string { return f.Leg.Type },
	"call.source":          func(f call.Facts) string { return f.Leg.Source },
	"call.domain":          func(f call.Facts) string { return f.Leg.Domain },
	"call.state":           func(f call.Facts) string { return f.Leg.State },
	"call.finishReason":    func(f call.Facts) string { return f.Leg.FinishReason },
	"call.from":            from,
	"call.from.number":     from,
	"call.fromNumber":      from,
	"call.to":              to,
	"call.to.number":       to,
	"call.toNumber":        to,
	"call.anonymous":       func(f call.Facts) string { return strconv.FormatBool(f.Leg.Anonymous) },
	"call.dateCreated":     func(f call.Facts) string { return instant(f.Leg.CreatedAt) },
	"call.dateEstablished": func(f call.Facts) string { return instant(f.Leg.EstablishedAt) },
	"call.dateFinished":    func(f call.Facts) string { return instant(f.Leg.FinishedAt) },
	"call.duration":        duration,
	"call.outcome":         func(f call.Facts) string { return string(f.Outcome) },
	"agent.id":             func(f call.Facts) string { return f.Agent.ID },
	"agent.name":           func(f call.Facts) string { return f.Agent.Name },
	"agent.email":          func(f call.Facts) string { return f.Agent.Email },
	"agent.number":         func(f call.Facts) string { return f.Agent.Number },
	"agent.sourceId":       func(f call.Facts) string { return f.Agent.SourceID },
	"queue.id":             func(f call.Facts) string { return f.Queue.ID },
	"queue.name":           func(f call.Facts) string { return f.Queue.Name },
}

// valueOf looks a placeholder up among the known names, then among the extra fields of the webhook.
func valueOf(name string, facts call.Facts) (string, bool) {
	if value, known := placeholders[name]; known {
		text := value(facts)
		return text, text != ""
	}
	text := facts.Extra[name]
	return text, text != ""
}

// from is absent where the caller withheld the number: what babelforce puts there instead is no number.
func from(f call.Facts) string {
	if f.Leg.Anonymous {
		return ""
	}
	return f.Leg.From
}

func to(f call.Facts) string { return f.Leg.To }

func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func duration(f call.Facts) string {
	if f.Leg.Seconds == nil {
		return ""
	}
	return strconv.Itoa(*f.Leg.Seconds)
}
