package activities

import (
	"context"
	"time"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/kustomer"
)

// voice ends the external id of a call's voice entry, to distinguish it from the call's
// notes.
const voice = "voice"

// app is the integration that Kustomer shows for an entry. Kustomer requires one name for
// all entries.
const app = "babelforce"

// voiceMessage returns the call as an entry on the customer's timeline. Kustomer's own
// voice messages have the same names in meta (third-party schemas of its data; inferred).
func (a *Activities) voiceMessage(message automation.Message, facts call.Facts) kustomer.NewMessage {
	meta := make(map[string]any)
	add := func(name string, value string) {
		if value != "" {
			meta[name] = value
		}
	}
	if !facts.Leg.Anonymous {
		add("from", a.inE164(facts.Leg.From))
	}
	add("to", a.inE164(facts.Leg.To))
	add("status", string(facts.Outcome))
	placed, answered, ended := timesOf(facts)
	add("placedAt", stamp(placed))
	add("answeredAt", stamp(answered))
	add("endedAt", stamp(ended))
	return kustomer.NewMessage{
		App: app, Direction: facts.Direction(), ExternalID: externalIDPrefix + facts.Key + ":" + voice,
		Subject: message.Subject, Preview: message.Preview, SentAt: placed, Meta: meta,
	}
}

// timesOf returns when a call was placed, answered and ended. An unknown time is zero.
func timesOf(facts call.Facts) (placed, answered, ended time.Time) {
	placed, ended = facts.Leg.CreatedAt, facts.Leg.FinishedAt
	if placed.IsZero() {
		return placed, answered, ended
	}
	if ended.IsZero() && facts.Leg.Seconds != nil {
		ended = placed.Add(time.Duration(*facts.Leg.Seconds) * time.Second)
	}
	if wait := facts.Summary.WaitSeconds; wait != nil && facts.Outcome == call.Answered {
		answered = placed.Add(time.Duration(*wait) * time.Second)
	}
	return placed, answered, ended
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// writeVoice writes the voice entry, once per call.
func (u *update) writeVoice(ctx context.Context) error {
	if u.voice == nil {
		return nil
	}
	if wasFrozen(ctx) {
		return errFrozen
	}
	if u.looks {
		if written, err := u.hasVoice(ctx); written || err != nil {
			u.forgetDone()
			return err
		}
	}
	err := u.kustomer.CreateMessage(ctx, u.base.ID, *u.voice)
	if refused(err) {
		if written, findErr := u.hasVoice(ctx); written || findErr != nil {
			return findErr
		}
	}
	if kustomer.IsKind(err, kustomer.Rejected) {
		u.warn("the voice entry was left out: %v", err)
		u.voice = nil
		return nil
	}
	u.sent(err)
	u.forgetDone()
	u.base.Rev, u.theirs = 0, nil // the conversation has changed, but the answer does not contain its revision
	if err == nil {
		u.voice = nil
	}
	return mayComeLate(err)
}

// forgetDone makes the status unknown if it was done. The voice entry opens such a
// conversation, which is not a person's change.
func (u *update) forgetDone() {
	if u.base.Status == "done" {
		u.base.Status = ""
	}
}

func (u *update) hasVoice(ctx context.Context) (bool, error) {
	_, err := u.kustomer.MessageByExternalID(ctx, u.voice.ExternalID)
	if kustomer.IsKind(err, kustomer.NotFound) {
		return false, nil
	}
	return err == nil, err
}
