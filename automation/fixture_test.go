package automation_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/automation/load"
	"github.com/callthread/callthread/call"
)

const (
	userID  = "5f0c1a2b3c4d5e6f70819210"
	otherID = "5f0c1a2b3c4d5e6f70819211"
	teamID  = "5f0c1a2b3c4d5e6f70819220"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.FixedZone("", 3600))

// answered returns a call with every fact known.
func answered() call.Facts {
	return call.Facts{
		Key: "k-1",
		Leg: call.Leg{
			ID: "k-1", ParentID: "k-1", SessionID: "s-1", ConversationID: "c-1", Type: "inbound", Source: "queue", Domain: "external",
			State: "completed", FinishReason: "passive-hangup", From: "+493066665555", To: "+493020002000",
			CreatedAt: noon, EstablishedAt: noon.Add(time.Second), FinishedAt: noon.Add(time.Minute), Seconds: new(60),
		},
		Agent: call.Agent{ID: "7", Name: "Amira Haddad", Email: "amira@example.com", Number: "201", SourceID: userID, Source: "kustomer"},
		Queue: call.Queue{ID: "9", Name: "Support"},
		Extra: map[string]string{"app.shop": "Berlin"},
		Kustomer: call.Kustomer{
			CustomerID: "c24", ConversationID: "v24", ConversationURL: "https://acme.kustomerapp.com/app/customers/c24/event/v24",
		},
		Outcome:   call.Answered,
		Summary:   call.Summary{WaitSeconds: new(7), TalkSeconds: new(53), Agents: []string{"Amira Haddad", "Bo Lind"}, EndedBy: "caller"},
		Recording: call.Recording{ID: "r-1", URL: "https://babelforce.example/r-1", Seconds: new(95)},
	}
}

// outgoing returns an outbound call with every fact known.
func outgoing() call.Facts {
	return with(func(f *call.Facts) {
		f.Outgoing, f.Leg.Type, f.Leg.Source = true, "outbound", "api"
		f.Leg.From, f.Leg.To = f.Leg.To, f.Leg.From
	})
}

// littleKnown returns a call with nothing known but its key.
func littleKnown() call.Facts { return call.Facts{Key: "k-1", Leg: call.Leg{ID: "k-1"}} }

// with returns the answered call with a change.
func with(change func(*call.Facts)) call.Facts {
	facts := answered()
	change(&facts)
	return facts
}

// carrying returns the answered call with extra fields of the webhook: name, value, name, value...
func carrying(fields ...string) call.Facts {
	return with(func(f *call.Facts) {
		for i := 0; i < len(fields); i += 2 {
			f.Extra[fields[i]] = fields[i+1]
		}
	})
}

// loaded loads a file that must have no problems.
func loaded(t *testing.T, file string) *automation.Set {
	t.Helper()
	set, _, err := load.Bytes("test.yaml", []byte(file))
	require.NoError(t, err)
	return set
}

// head declares the extra fields of the tests, a zone with daylight saving and a queue's team.
const head = "timezone: Europe/Berlin\nfields: [app.shop, app.vip, app.score, app.text]\nqueues: { support: " + teamID + " }\n" +
	"numbers: { '+49 30 20002000': { name: Alpha, team: " + otherID + " } }\nserviceLevel: 20s\nautomations:\n"

// creation returns an automation of call.inbound that creates a conversation, as a list item.
func creation(options string) string {
	return item("call.inbound", automation.CreateConversation, "", options)
}

// placing returns an automation of call.outbound that creates a conversation.
func placing(options string) string {
	return item("call.outbound", automation.CreateConversation, "", options)
}

// update returns an automation that updates the conversation on an event.
func update(event call.Kind, options string) string {
	return item(automation.EventNames[event], automation.UpdateConversation, "", options)
}

func item(event string, action automation.Action, more, options string) string {
	options = strings.ReplaceAll(strings.TrimSpace(options), "\n", "\n      ")
	return "  - event: " + event + "\n    action: " + string(action) + "\n" + more + "    options:\n      " + options + "\n"
}

// opens loads a file that only creates a conversation with these options.
func opens(t *testing.T, options string) *automation.Set { return loaded(t, head+creation(options)) }

// updates loads a file with a single update, on call.finished, where most is known.
func updates(t *testing.T, options string) *automation.Set {
	return loaded(t, head+creation("{}")+update(call.Finished, options))
}

// changed renders that update for a call.
func changed(t *testing.T, facts call.Facts, options string) (automation.Change, []string) {
	return updates(t, options).Change(call.Finished, facts)
}
