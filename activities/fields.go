package activities

import (
	"context"

	"github.com/callthread/callthread/kustomer"
)

// maxRevisions is how many conflicts in a row a write may meet.
const maxRevisions = 4

// writeFields writes the fields of the conversation. The write is conditional on the
// revision that we know: it overwrites no change that we have not read, and Kustomer
// refuses a write of ours that arrives late.
func (u *update) writeFields(ctx context.Context) error {
	if u.wasWritten() {
		return nil
	}
	for range maxRevisions {
		p, warnings := merge(u.want, u.base, u.theirs, u.on)
		for _, warning := range warnings {
			u.warn("%s", warning)
		}
		if u.isAsWanted(p) {
			return nil
		}
		if u.base.Rev == 0 && u.theirs == nil {
			if err := u.look(ctx); err != nil {
				return err
			}
			continue
		}
		if left, err := u.leaveOpenForLater(ctx, &p); err != nil {
			return err
		} else if left {
			u.want.Status = ""
			continue
		}
		if isChanged, err := u.tryPut(ctx, p); !isChanged {
			return err
		}
	}
	return errBusy
}

// isAsWanted reports whether the conversation needs no write of fields or of the list of
// tags. It records what the conversation shows.
func (u *update) isAsWanted(p patch) bool {
	if p.changesFields() || p.tags != nil {
		return false
	}
	if u.theirs != nil {
		whole, _ := merge(u.want, u.base, nil, u.on)
		u.wrote(shown(whole, u.theirs))
		u.base.received(u.theirs)
	}
	return true
}

// tryPut writes a patch in one request and, if Kustomer refuses it, looks for the cause. It
// returns true if the conversation has changed, so that the change has to be merged again.
func (u *update) tryPut(ctx context.Context, p patch) (isChanged bool, err error) {
	known, id := u.rev(), u.base.ID
	refusal := u.put(ctx, partsOf(p))
	if !refused(refusal) {
		return false, refusal
	}
	if err := u.look(ctx); err != nil {
		return false, err
	}
	// Only the conflict shows an attempt that was lost with its workflow task.
	if done, err := u.isDone(ctx); done || err != nil {
		return false, err
	}
	switch isSame := u.theirs.Rev == known && u.base.ID == id; {
	case isSame && kustomer.IsKind(refusal, kustomer.Conflict):
		return false, refusal // the revision is not the cause of the conflict
	case isSame:
		return false, u.putAccepted(ctx, p)
	}
	return true, nil
}

// wasWritten reports whether an earlier attempt wrote fields and tags and its answer was
// lost. The conversation then shows all wanted fields, the revision that our write would
// have made, and other tags than before, in the number that our write would have left.
func (u *update) wasWritten() bool {
	if u.theirs == nil || !u.looks {
		return false
	}
	p, _ := merge(u.want, u.base, nil, u.on)
	rest := p
	dropWritten(&rest, u.theirs)
	isTagged := p.tags != nil && len(*p.tags) == len(u.theirs.Tags) && !u.base.knowsTags(u.theirs.Tags)
	isAtRev := u.base.Rev != 0 && u.theirs.Rev == u.base.Rev+1
	if !isAtRev || !isTagged || rest.changesFields() {
		u.addInsteadOfSet()
		return false
	}
	u.wrote(shown(p, u.theirs))
	u.base.received(u.theirs)
	u.setTags(*p.tags, u.theirs.Tags)
	return true
}

// sent records that a write was made, or may have been made.
func (u *update) sent(err error) { u.written = u.written || err == nil || isAmbiguous(err) }

// shown returns the part of a patch that the conversation shows.
func shown(p patch, is *kustomer.Conversation) (part patch) {
	if p.Name == is.Name {
		part.Name = p.Name
	}
	if p.Status == is.Status {
		part.Status = p.Status
	}
	if p.users != nil && sameSet(*p.users, is.AssignedUsers) {
		part.users = p.users
	}
	if sameSet(p.AssignedTeams, is.AssignedTeams) {
		part.AssignedTeams = p.AssignedTeams
	}
	return part
}

func (u *update) rev() int {
	if u.theirs != nil {
		return u.theirs.Rev
	}
	return u.base.Rev
}

// put writes the parts of a patch in one request.
func (u *update) put(ctx context.Context, parts []part) error {
	if u.base.Rev == 0 && u.theirs == nil { // a rule or a person changed the conversation with the last part
		if err := u.look(ctx); err != nil {
			return err
		}
	}
	rev := u.rev()
	body, written := kustomer.ConversationUpdate{Rev: &rev}, patch{}
	for _, part := range parts {
		part.put(&body, &written)
	}
	answer, err := u.kustomer.UpdateConversation(ctx, u.base.ID, body)
	if err := u.received(written, answer, err); err != nil {
		return err
	}
	if written.tags != nil {
		u.setTags(*written.tags, answer.Tags)
	}
	return nil
}

// received records Kustomer's answer to a write.
func (u *update) received(written patch, answer *kustomer.Conversation, err error) error {
	u.sent(err)
	switch {
	case err != nil:
		return err
	case answer.MergedTarget != "":
		return errMerged
	}
	u.wrote(written)
	u.base.received(answer)
	u.stale = u.stale || u.base.hasOtherNotes(answer)
	u.theirs = nil
	return nil
}

// wrote records the fields that were written.
func (u *update) wrote(p patch) {
	if p.Name != "" {
		u.base.Name = p.Name
	}
	if p.Status != "" {
		u.base.Status = p.Status
	}
	if p.users != nil {
		u.base.AssignedUsers = *p.users
	}
	if len(p.AssignedTeams) > 0 {
		u.base.AssignedTeams = p.AssignedTeams
	}
}
