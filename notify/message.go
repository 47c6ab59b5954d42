package notify

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Kind is what a message is about.
type Kind string

// The kinds of messages.
const (
	CallsParked       Kind = "calls_parked"
	AgentsUnassigned  Kind = "agents_unassigned"
	KeyRefused        Kind = "kustomer_key_refused"
	CallsMissed       Kind = "calls_missed"
	ComparisonOverdue Kind = "comparison_overdue"
)

// Message is the body of the webhook. It contains call ids, and nothing else about
// anybody. Slack shows the text.
type Message struct {
	Text string `json:"text"`
	Kind Kind   `json:"kind"`
	// Count is how many calls are new, and Total how many there are now: those of
	// the kind, or those that wait.
	Count int `json:"count,omitempty"`
	Total int `json:"total,omitempty"`
	// Calls are some of those that are new, by babelforce's ids.
	Calls []string `json:"calls,omitempty"`
	// Repaired is how many calls were given what babelforce's log contains, and Held how
	// many need that and wait for an operator.
	Repaired int `json:"repaired,omitempty"`
	Held     int `json:"held,omitempty"`
	// Until is when the last comparison that got to its end has got to.
	Until     time.Time `json:"until,omitzero"`
	Namespace string    `json:"namespace"` // of Temporal
	Runbook   string    `json:"runbook"`
}

// maxNamed is how many calls a message names.
const maxNamed = 10

const runbooks = "https://github.com/callthread/callthread/blob/main/docs/operations.md#"

// messages are those about what the last run has not seen.
func (f Found) messages(last Seen, namespace string) (messages []Message) {
	add := func(is bool, m Message, runbook, text string, values ...any) {
		if !is {
			return
		}
		m.Runbook, m.Namespace = runbooks+runbook, namespace
		m.Text = "Callthread: " + fmt.Sprintf(text, values...) + named(m.Calls) + ". " + m.Runbook
		messages = append(messages, m)
	}
	parked := f.newlyParked(last)
	isParked := max(len(parked), f.ParkedCount-last.ParkedCount)
	add(isParked > 0, Message{Kind: CallsParked, Count: isParked, Total: f.ParkedCount, Calls: some(parked)},
		"callthreadcallsparked", "%s, %d in all, waiting for a decision (`starter parked`)", calls(isParked, "newly parked"), f.ParkedCount)
	unassigned := f.Unassigned - last.Unassigned
	add(unassigned > 0, Message{Kind: AgentsUnassigned, Count: unassigned},
		"callthreadagentsunassigned", "%s with an agent whom Kustomer does not know", calls(unassigned, "newly"))
	add(f.KeyRefused && !last.KeyRefused, Message{Kind: KeyRefused, Total: f.Waiting},
		"callthreadkustomercredentialsrefused", "Kustomer refuses the API key or one of its roles; %s", calls(f.Waiting, "waiting for Kustomer, and none is lost"))
	add(f.Missed > 0 || f.Held > 0, Message{Kind: CallsMissed, Count: f.Missed, Repaired: f.Repaired, Held: f.Held, Calls: some(f.MissedCalls)},
		"callthreadcallsmissed", "%s in babelforce's log and unknown here%s", calls(f.Missed, "newly found"), f.repairs())
	add(f.Overdue && !last.Overdue, Message{Kind: ComparisonOverdue, Until: f.ComparedUntil},
		"callthreadcomparisonoverdue", "no comparison with babelforce's log has got beyond %s", f.ComparedUntil.UTC().Format(time.RFC3339))
	return messages
}

// repairs says what became of the calls that lacked something.
func (f Found) repairs() (text string) {
	if f.Repaired > 0 {
		text += fmt.Sprintf("; %s", calls(f.Repaired, "repaired"))
	}
	if f.Held > 0 {
		text += fmt.Sprintf("; %s", calls(f.Held, "waiting for an operator to repair them"))
	}
	return text
}

// newlyParked are the calls that were not parked when it was last looked.
func (f Found) newlyParked(last Seen) []string {
	return slices.DeleteFunc(slices.Clone(f.Parked), func(id string) bool { return slices.Contains(last.Parked, id) })
}

func calls(n int, are string) string {
	if n == 1 {
		return "1 call " + are
	}
	return fmt.Sprintf("%d calls %s", n, are)
}

func some(ids []string) []string { return ids[:min(len(ids), maxNamed)] }

// slacks are the characters that mean something to Slack; an id must not.
var slacks = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

func named(ids []string) string {
	if len(ids) == 0 {
		return ""
	}
	return ": " + slacks.Replace(strings.Join(ids, ", "))
}
