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

func newOrgWithVoiceEntries(t *testing.T, change ...func(*org)) *org {
	t.Helper()
	o := newOrg(t, change...)
	o.automate(t, string(automation.DefaultFile)+voiceEntries)
	return o
}

// ended is a call that Amira answered after twelve seconds and that ended after a minute
// and a half. Its outcome is due.
func (o *org) ended(t *testing.T, change func(*call.Event)) *played {
	t.Helper()
	p := o.ringsAs(t, change)
	p.does()
	p.picksUp(12, agentAmira)
	p.does()
	p.ends(90, "hangup")
	return p
}

func toHotline(e *call.Event) { e.Leg.To = "493023125000" }

func TestCallBecomesAVoiceEntry(t *testing.T) {
	o := newOrgWithVoiceEntries(t)
	require.Empty(t, o.ended(t, toHotline).does().Warnings)
	require.Len(t, o.conversation(t).Messages, 1)
	entry := o.conversation(t).Messages[0]
	entry.ID, entry.CreatedAt = "", time.Time{}
	require.Equal(t, sandbox.Message{
		ExternalID: "babelforce:k-1:voice", Channel: "voice", App: "babelforce", Direction: "in", Status: entry.Status,
		Subject: "Call of " + caller, Preview: "answered", SentAt: noon,
		Meta: map[string]any{
			"from": caller, "to": "+493023125000", "status": "answered",
			"placedAt": "2026-07-01T12:00:00Z", "answeredAt": "2026-07-01T12:00:12Z", "endedAt": "2026-07-01T12:01:30Z",
		},
	}, entry)
}

func TestVoiceEntryOmitsUnknownFields(t *testing.T) {
	o := newOrgWithVoiceEntries(t)
	p := o.ended(t, func(e *call.Event) { e.Leg.Anonymous, e.Leg.To = true, "101" })
	p.does(func(in *StepInput) { in.Is.Closing.Facts.Leg.CreatedAt = time.Time{} })
	require.Equal(t, map[string]any{"status": "answered"}, o.conversation(t).Messages[0].Meta)
}

func TestACorrectedOutcomeHasNoSecondVoiceEntry(t *testing.T) {
	o := newOrgWithVoiceEntries(t)
	p := o.opened(t)
	p.ends(90, "hangup")
	p.does()
	require.Equal(t, "the caller hung up before reaching a queue", o.conversation(t).Messages[0].Preview)
	p.picksUp(12, agentAmira)
	p.does()
	require.Len(t, o.conversation(t).Messages, 1)
	requireTheWholeCallOnce(t, o)
}

func TestRefusedVoiceEntryIsLeftOut(t *testing.T) {
	o := newOrgWithVoiceEntries(t)
	o.Inject(sandbox.Fault{Method: "POST", Route: "/v1/conversations/{id}/messages", Kind: sandbox.FaultStatus, Status: http.StatusBadRequest})
	result := o.ended(t, toHotline).does()
	require.Len(t, result.Warnings, 1)
	require.Contains(t, result.Warnings[0], "the voice entry was left out")
	require.Empty(t, o.conversation(t).Messages)
	require.Len(t, o.conversation(t).Notes, 2)
}

// An incoming entry opens a conversation that is done.
func TestDoneIsSetAfterTheVoiceEntry(t *testing.T) {
	o := newOrg(t)
	o.automate(t, string(automation.DefaultFile)+voiceEntries+
		"  - { event: call.finished, action: kustomer.conversation.update, options: { status: done } }\n")
	o.ended(t, toHotline).does()
	require.Equal(t, "done", o.conversation(t).Status)
	require.Len(t, o.conversation(t).Messages, 1)
}

// The answer to the entry was lost, and the later requests were not sent.
func TestVoiceEntryIsWrittenOnce(t *testing.T) {
	o := newOrgWithVoiceEntries(t)
	o.Inject(sandbox.Fault{Method: "POST", Route: "/v1/conversations/{id}/messages", Kind: sandbox.FaultLoseAnswer, Times: 1})
	_, failed := o.ended(t, toHotline).repeats()
	require.Len(t, failed, 1)
	require.GreaterOrEqual(t, failed[0].NextRetryDelay(), Lateness)
	require.Len(t, o.conversation(t).Messages, 1)
	require.Equal(t, 1, o.State().Requests["POST /v1/conversations/{id}/messages"])
}
