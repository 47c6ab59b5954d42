package activities

import (
	"context"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/kustomer"
)

// UpdateConversationInput says what happened to a call whose conversation is open.
type UpdateConversationInput struct {
	Event          call.Kind  `json:"event"`
	Facts          call.Facts `json:"facts"`
	ConversationID string     `json:"conversationId"`
	// Note is the last part of the note's externalId: one note of each kind per call.
	Note string `json:"note"`
	// LookFirst says that an earlier run of this call may have written the note already.
	LookFirst bool `json:"lookFirst,omitempty"`
	// Undo are tags of an earlier update that have turned out untrue.
	Undo []string `json:"undo,omitempty"`
	// KeepAssignee leaves the assignment to a later bridge, which was heard of first.
	KeepAssignee bool `json:"keepAssignee,omitempty"`
}

// UpdateConversationResult says what was changed.
type UpdateConversationResult struct {
	AssignedUsers []string `json:"assignedUsers,omitempty"`
	AddedTags     []string `json:"addedTags,omitempty"`
	// UpdatedAt is when the last change was known to be made, by the worker's clock.
	UpdatedAt time.Time `json:"updatedAt"`
	// Automations is the version of the automations file that was used.
	Automations string `json:"automations,omitempty"`
	// Warnings say what was left out, and why.
	Warnings []string `json:"warnings,omitempty"`
}

// UpdateConversation carries out the automations of an event on the call's
// conversation: assignment first, because the agent is waiting for it, then
// tags, then the note.
func (a *Activities) UpdateConversation(ctx context.Context, in UpdateConversationInput) (UpdateConversationResult, error) {
	automations := a.automations().In(a.country)
	change, warnings := automations.Change(in.Event, in.Facts)
	if in.KeepAssignee {
		change.AssignedUsers = nil
	}
	change.Untag(in.Undo)
	parts := []func() error{
		func() error { return a.updateFields(ctx, in.ConversationID, change) },
		func() error { return a.updateTags(ctx, in.ConversationID, change) },
		func() error {
			return a.writeNote(ctx, in.ConversationID, note(in.Facts.Key, in.Note, change.Note), in.LookFirst)
		},
	}
	for done := partsDone(ctx); done < len(parts); done++ {
		if err := parts[done](); err != nil {
			rememberDone(ctx, done)
			return UpdateConversationResult{}, failure(ctx, err)
		}
	}
	return UpdateConversationResult{
		AssignedUsers: change.AssignedUsers,
		AddedTags:     change.AddTags,
		UpdatedAt:     time.Now().UTC(),
		Automations:   automations.Version,
		Warnings:      warnings,
	}, nil
}

// partsDone is how many parts of an update an earlier attempt has completed.
// They are not repeated: a person may have changed the conversation since.
func partsDone(ctx context.Context) (done int) {
	if repeated(ctx) && activity.HasHeartbeatDetails(ctx) {
		_ = activity.GetHeartbeatDetails(ctx, &done) // unreadable is none, and repeating is safe
	}
	return done
}

// rememberDone tells the next attempt. It is said with a failure only, so that
// the usual call pays nothing for it.
func rememberDone(ctx context.Context, done int) {
	if activity.IsActivity(ctx) {
		activity.RecordHeartbeat(ctx, done)
	}
}

func (a *Activities) updateFields(ctx context.Context, id string, change automation.Change) error {
	if !change.ChangesFields() {
		return nil
	}
	_, err := a.kustomer.UpdateConversation(ctx, id, kustomer.ConversationUpdate{
		Name:          given(change.Name),
		Status:        change.Status,
		Priority:      change.Priority,
		AssignedUsers: givenList(change.AssignedUsers),
		AssignedTeams: givenList(change.AssignedTeams),
		Tags:          givenList(change.SetTags),
		Custom:        change.Custom,
	})
	return err
}

// given is nil for what is to be left as it is.
func given(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

func givenList(list []string) *[]string {
	if list == nil {
		return nil
	}
	return &list
}

// updateTags appends and removes by name: sending the whole list would wipe
// what people and Kustomer's own rules have tagged meanwhile.
func (a *Activities) updateTags(ctx context.Context, id string, change automation.Change) error {
	if len(change.AddTags) > 0 {
		if _, err := a.kustomer.AddTags(ctx, id, change.AddTags); err != nil {
			return err
		}
	}
	if len(change.RemoveTags) > 0 {
		if _, err := a.kustomer.RemoveTags(ctx, id, change.RemoveTags); err != nil {
			return err
		}
	}
	return nil
}

// note is a call's note of one kind, known by its external id.
func note(callKey, kind, body string) kustomer.NewNote {
	return kustomer.NewNote{Body: body, ExternalID: externalIDPrefix + callKey + ":" + kind}
}

// writeNote writes a note, if it says anything, unless an earlier attempt has.
// Kustomer is not known to refuse a second note with the same externalId, so
// the look-up must come before the write and not after a refusal.
func (a *Activities) writeNote(ctx context.Context, conversationID string, note kustomer.NewNote, lookFirst bool) error {
	if note.Body == "" {
		return nil
	}
	if repeated(ctx) || lookFirst {
		written, err := a.hasNote(ctx, conversationID, note.ExternalID)
		if written || err != nil {
			return err
		}
	}
	_, err := a.kustomer.CreateNote(ctx, conversationID, note)
	if refused(err) {
		if written, findErr := a.hasNote(ctx, conversationID, note.ExternalID); written || findErr != nil {
			return findErr
		}
	}
	return err
}

func (a *Activities) hasNote(ctx context.Context, conversationID, externalID string) (bool, error) {
	notes, err := a.kustomer.Notes(ctx, conversationID)
	for _, note := range notes {
		if note.ExternalID == externalID {
			return true, nil
		}
	}
	return false, err
}
