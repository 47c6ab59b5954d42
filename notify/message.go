package notify

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Kind is the kind of a message.
type Kind string

// The kinds of messages.
const (
	CallsParked       Kind = "calls_parked"
	AgentsUnassigned  Kind = "agents_unassigned"
	KeyRefused        Kind = "kustomer_key_refused"
	CallsMissed       Kind = "calls_missed"
	ComparisonOverdue Kind = "comparison_overdue"
	Test              Kind = "test"
)

// Message is the body of the webhook. It contains call ids but no personal data. Slack shows Text.
type Message struct {
	Text string `json:"text"`
	Kind Kind   `json:"kind"`
	// Count is the number of new calls of the kind.
	Count int `json:"count,omitempty"`
	// Total is the number of parked calls or, for KeyRefused, of calls that wait for Kustomer.
	Total int `json:"total,omitempty"`
	// Calls are the ids of some of the new calls.
	Calls []string `json:"calls,omitempty"`
	// Repaired is the number of calls that were repaired from babelforce's log, and Held of those
	// that wait for an operator to repair them.
	Repaired int `json:"repaired,omitempty"`
	Held     int `json:"held,omitempty"`
	// Until is the time up to which calls have been compared.
	Until     time.Time `json:"until,omitzero"`
	Namespace string    `json:"namespace"` // the Temporal namespace
	Runbook   string    `json:"runbook"`   // a URL
}

// maxNamed is how many calls a message names.
const maxNamed = 10

const runbooks = "https://github.com/callthread/callthread/blob/main/docs/operations.md#"

// messages returns the messages about what the last run had not found.
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
		"callthreadagentsunassigned", "%s with an agent that Kustomer does not know", calls(unassigned, "newly"))
	add(f.KeyRefused && !last.KeyRefused, Message{Kind: KeyRefused, Total: f.Waiting},
		"callthreadkustomercredentialsrefused", "Kustomer refuses the API key or one of its roles; %s", calls(f.Waiting, "waiting for Kustomer, and none is lost"))
	add(f.Missed > 0 || f.Held > 0, Message{Kind: CallsMissed, Count: f.Missed, Repaired: f.Repaired, Held: f.Held, Calls: some(f.MissedCalls)},
		"callthreadcallsmissed", "%s in babelforce's log but not in Callthread%s", calls(f.Missed, "newly found"), f.repairs())
	add(f.Overdue && !last.Overdue, Message{Kind: ComparisonOverdue, Until: f.ComparedUntil},
		"callthreadcomparisonoverdue", "calls have been compared with babelforce's log only until %s", f.ComparedUntil.UTC().Format(time.RFC3339))
	return messages
}

// TestMessage returns a message that only shows that messages arrive.
func TestMessage(namespace string) Message {
	m := Message{Kind: Test, Namespace: namespace, Runbook: runbooks + "notifications"}
	m.Text = "Callthread: TEST. This message was sent by `starter test-notification` to show that messages arrive here. Nothing needs an operator. " + m.Runbook
	return m
}

// repairs returns the text about repaired calls and calls that wait for a repair.
func (f Found) repairs() (text string) {
	if f.Repaired > 0 {
		text += fmt.Sprintf("; %s", calls(f.Repaired, "repaired"))
	}
	if f.Held > 0 {
		text += fmt.Sprintf("; %s", calls(f.Held, "waiting for an operator to repair them"))
	}
	return text
}

// newlyParked returns the parked calls that the last run did not find.
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

// slacks escapes the characters that have a meaning in Slack. An id must not have any.
var slacks = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

func named(ids []string) string {
	if len(ids) == 0 {
		return ""
	}
	return ": " + slacks.Replace(strings.Join(ids, ", "))
}
