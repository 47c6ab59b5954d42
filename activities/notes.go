package activities

import (
	"context"
	"errors"
	"slices"

	"github.com/callthread/callthread/kustomer"
)

var (
	// errMayComeLate: Kustomer may still write what it has not answered for.
	errMayComeLate = errors.New("what was written may come late")
	// errFrozen: another attempt may be writing the note meanwhile.
	errFrozen = errors.New("the worker stood still for too long")
)

// note is a call's note of one kind, known by its external id.
func note(callKey, kind, body string) kustomer.NewNote {
	return kustomer.NewNote{Body: body, ExternalID: externalIDPrefix + callKey + ":" + kind}
}

// writeNote writes a note, if it says anything. Kustomer is not known to
// refuse a second note with the same externalId, so whoever may have written
// it before has to look first.
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

// mayComeLate marks a failure after which Kustomer may still write what it was asked to.
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

// writeNotes writes the notes that are not there.
func (u *update) writeNotes(ctx context.Context) error {
	notes := u.notes
	if (u.looks || u.overtaken) && !u.checked {
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
		u.base.Rev = 0 // a note is a change too, and its answer does not contain the revision
		u.base.Notes++
	}
	return nil
}

// missingNotes are those of the step's notes that the conversation does not have.
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
		isSame := func(one kustomer.Note) bool { return one.ExternalID == note.ExternalID }
		if !slices.ContainsFunc(there, isSame) {
			missing = append(missing, note)
		}
	}
	return missing, nil
}
