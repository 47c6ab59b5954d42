package activities

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/kustomer/sandbox"
)

const voiceEntries = `
  - event: call.finished
    action: kustomer.message.create
    options: { subject: "Call of {call.from}", preview: "{call.outcome:words}" }
`

// ending is a call that Amira answered after twelve seconds, and that ended after a minute and a half.
func ending(opened createResult) updateInput {
	in := answering(opened)
	in.Event, in.Note = call.Finished, "finished"
	in.Facts.Leg.CreatedAt = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	in.Facts.Leg.To, in.Facts.Leg.Seconds = "493023125000", new(90)
	in.Facts.Outcome, in.Facts.Summary = call.Answered, call.Summary{WaitSeconds: new(12), TalkSeconds: new(78)}
	return in
}

func newOrgWithVoiceEntries(t *testing.T, change ...func(*org)) *org {
	o := newOrg(t, change...)
	o.automate(t, string(automation.DefaultFile)+voiceEntries)
	return o
}

func TestACallBecomesAVoiceEntryOnTheTimeline(t *testing.T) {
	o := newOrgWithVoiceEntries(t)
	result := o.update(t, ending(o.open(t)))
	require.Empty(t, result.Warnings)
	require.Len(t, o.conversation(t).Messages, 1)
	entry := o.conversation(t).Messages[0]
	entry.ID, entry.CreatedAt = "", time.Time{}
	require.Equal(t, sandbox.Message{
		ExternalID: "babelforce:k-1:voice", Channel: "voice", App: "babelforce", Direction: "in", Status: entry.Status,
		Subject: "Call of " + caller, Preview: "answered", SentAt: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC),
		Meta: map[string]any{
			"from": caller, "to": "+493023125000", "status": "answered",
			"placedAt": "2026-11-23T12:00:00Z", "answeredAt": "2026-11-23T12:00:12Z", "endedAt": "2026-11-23T12:01:30Z",
		},
	}, entry)
}

func TestAVoiceEntryTellsNoNumberThatWasWithheldAndNoTimeThatIsNotKnown(t *testing.T) {
	o := newOrgWithVoiceEntries(t)
	in := ending(o.open(t))
	in.Facts.Leg.Anonymous, in.Facts.Leg.CreatedAt, in.Facts.Leg.To = true, time.Time{}, "101"
	o.update(t, in)
	require.Equal(t, map[string]any{"status": "answered"}, o.conversation(t).Messages[0].Meta)
}

func TestOutcomeThatIsPutRightHasNoSecondVoiceEntry(t *testing.T) {
	o := newOrgWithVoiceEntries(t)
	in := ending(o.open(t))
	in.Facts.Outcome = call.AbandonedInQueue
	o.update(t, in)
	in.Note, in.Facts.Outcome = "finished-2", call.Answered
	o.update(t, in)
	require.Len(t, o.conversation(t).Messages, 1)
}

func TestAVoiceEntryThatIsRefusedCostsTheCallNothingElse(t *testing.T) {
	o := newOrgWithVoiceEntries(t)
	o.Inject(sandbox.Fault{Method: "POST", Route: "/v1/conversations/{id}/messages", Kind: sandbox.FaultStatus, Status: http.StatusBadRequest})
	result := o.update(t, ending(o.open(t)))
	require.Len(t, result.Warnings, 1)
	require.Contains(t, result.Warnings[0], "the voice entry was left out")
	require.Empty(t, o.conversation(t).Messages)
	require.Len(t, o.conversation(t).Notes, 1)
}

// What comes in to a conversation that is done opens it again.
func TestAConversationIsSetToDoneAfterItsVoiceEntry(t *testing.T) {
	o := newOrg(t)
	o.automate(t, string(automation.DefaultFile)+voiceEntries+
		"  - { event: call.finished, action: kustomer.conversation.update, options: { status: done } }\n")
	o.update(t, ending(o.open(t)))
	require.Equal(t, "done", o.conversation(t).Status)
	require.Len(t, o.conversation(t).Messages, 1)
}
