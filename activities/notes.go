package activities

import (
	"context"
	"errors"
	"slices"

	"github.com/callthread/callthread/kustomer"
)

var (
	// errMayComeLate means that Kustomer may still carry out a write that it has not
	// answered.
	errMayComeLate = errors.New("the write may still arrive")
	// errFrozen means that another attempt may be writing the note at the same time.
	errFrozen = errors.New("the worker was suspended for too long")
)

// note returns a call's note of one kind. Its external id identifies it.
func note(callKey, kind, body string) kustomer.NewNote {
	return kustomer.NewNote{Body: body, ExternalID: externalIDPrefix + callKey + ":" + kind}
}

// writeNote writes a note, unless it is empty. It is not known whether Kustomer refuses a
// second note with the same externalId. If an earlier attempt may have written the note,
// the caller has to look it up first.
func (a *Activities) writeNote(ctx context.Context, conversationID string, note kustomer.NewNote) error {
	if note.Body == "" {
		return nil
	}
	if wasFrozen(ctx) {
		return errFrozen
	}
	err := a.kustomer.CreateNote(ctx, conversationID, note)
	if refused(err) {
		if written, findErr := a.hasNote(ctx, conversationID, note); written || findErr != nil {
			return findErr
		}
	}
	return mayComeLate(err)
}

// mayComeLate marks an error after which Kustomer may still carry out the request.
func mayComeLate(err error) error {
	if isAmbiguous(err) {
		return errors.Join(err, errMayComeLate)
	}
	return err
}

func isAmbiguous(err error) bool {
	failed := (*kustomer.Error)(nil)
	return errors.As(err, &failed) && failed.Ambiguous()
}

func (a *Activities) hasNote(ctx context.Context, conversationID string, note kustomer.NewNote) (bool, error) {
	if note.Body == "" {
		return false, nil
	}
	notes, err := a.kustomer.Notes(ctx, conversationID)
	for _, other := range notes {
		if other.ExternalID == note.ExternalID {
			return true, nil
		}
	}
	return false, err
}

// writeNotes writes the missing notes.
func (u *update) writeNotes(ctx context.Context) error {
	notes := u.notes
	if (u.looks || u.stale) && !u.checked {
		var err error
		if notes, err = u.missingNotes(ctx); err != nil {
			return err
		}
	}
	for _, note := range notes {
		err := u.writeNote(ctx, u.base.ID, note)
		if u.sent(err); err != nil {
			return err
		}
		u.base.Rev = 0 // a note changes the revision, and the answer does not contain it
		u.base.Notes++
	}
	return nil
}

// missingNotes returns the notes of the step that the conversation does not have.
func (u *update) missingNotes(ctx context.Context) (missing []kustomer.NewNote, err error) {
	if len(u.notes) == 0 {
		return nil, nil
	}
	there, err := u.kustomer.Notes(ctx, u.base.ID)
	if err != nil {
		return nil, err
	}
	u.base.Notes = len(there)
	for _, note := range u.notes {
		if !slices.ContainsFunc(there, func(one kustomer.Note) bool { return isSame(one, note) }) {
			missing = append(missing, note)
		}
	}
	return missing, nil
}

// isSame reports whether the conversation's note is the one that we write. The external id
// identifies it. Whether lists of notes contain external ids is not documented: without
// them, the text identifies it.
func isSame(is kustomer.Note, ours kustomer.NewNote) bool {
	if is.ExternalID == "" {
		return is.Body == ours.Body
	}
	return is.ExternalID == ours.ExternalID
}
