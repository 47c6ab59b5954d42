package activities

import (
	"context"
	"time"

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
	// KeepAssignee leaves the assignment to a later bridge, which was heard of first.
	KeepAssignee bool `json:"keepAssignee,omitempty"`
}

// UpdateConversationResult says what was changed.
type UpdateConversationResult struct {
	AssignedUsers []string `json:"assignedUsers,omitempty"`
	// UpdatedAt is when the last change was known to be made, by the worker's clock.
	UpdatedAt time.Time `json:"updatedAt"`
	// Warnings say what was left out, and why.
	Warnings []string `json:"warnings,omitempty"`
}

// UpdateConversation carries out the automations of an event on the call's
// conversation: assignment first, because the agent is waiting for it, then
// tags, then the note.
func (a *Activities) UpdateConversation(ctx context.Context, in UpdateConversationInput) (UpdateConversationResult, error) {
	options, warnings := a.automations.Update(in.Event, in.Facts)
	if in.KeepAssignee {
		options.AssignedUsers = nil
	}
	if err := a.updateFields(ctx, in.ConversationID, options); err != nil {
		return UpdateConversationResult{}, failure(ctx, err)
	}
	if err := a.updateTags(ctx, in.ConversationID, options); err != nil {
		return UpdateConversationResult{}, failure(ctx, err)
	}
	if err := a.writeNote(ctx, in, options.Note); err != nil {
		return UpdateConversationResult{}, failure(ctx, err)
	}
	return UpdateConversationResult{
		AssignedUsers: options.AssignedUsers,
		UpdatedAt:     time.Now().UTC(),
		Warnings:      warnings,
	}, nil
}

func (a *Activities) updateFields(ctx context.Context, id string, options automation.UpdateOptions) error {
	if !options.ChangesFields() {
		return nil
	}
	update := kustomer.ConversationUpdate{Status: options.Status}
	if options.Name != "" {
		update.Name = &options.Name
	}
	if len(options.AssignedUsers) > 0 {
		update.AssignedUsers = &options.AssignedUsers
	}
	_, err := a.kustomer.UpdateConversation(ctx, id, update)
	return err
}

// updateTags appends and removes by name: sending the whole list would wipe
// what people and Kustomer's own rules have tagged meanwhile.
func (a *Activities) updateTags(ctx context.Context, id string, options automation.UpdateOptions) error {
	if len(options.AddTags) > 0 {
		if _, err := a.kustomer.AddTags(ctx, id, options.AddTags); err != nil {
			return err
		}
	}
	if len(options.RemoveTags) > 0 {
		if _, err := a.kustomer.RemoveTags(ctx, id, options.RemoveTags); err != nil {
			return err
		}
	}
	return nil
}

// writeNote writes the note unless an earlier attempt has. Kustomer is not
// known to refuse a second note with the same externalId, so the look-up
// must come before the write and not after a refusal.
func (a *Activities) writeNote(ctx context.Context, in UpdateConversationInput, body string) error {
	if body == "" {
		return nil
	}
	note := kustomer.NewNote{Body: body, ExternalID: externalIDPrefix + in.Facts.Key + ":" + in.Note}
	if repeated(ctx) || in.LookFirst {
		written, err := a.hasNote(ctx, in.ConversationID, note.ExternalID)
		if written || err != nil {
			return err
		}
	}
	_, err := a.kustomer.CreateNote(ctx, in.ConversationID, note)
	if refused(err) {
		if written, findErr := a.hasNote(ctx, in.ConversationID, note.ExternalID); written || findErr != nil {
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
