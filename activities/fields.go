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
		switch isAsWanted := !p.changesFields() && p.tags == nil; {
		case isAsWanted && u.theirs != nil:
			p, _ := merge(u.want, u.base, nil, u.on)
			u.wrote(shown(p, u.theirs))
			u.base.received(u.theirs)
			return nil
		case isAsWanted:
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
		known, id := u.rev(), u.base.ID
		err := u.put(ctx, partsOf(p))
		if !refused(err) {
			return err
		}
		if err := u.look(ctx); err != nil {
			return err
		}
		// Only the conflict shows an attempt that was lost with its workflow task.
		if done, err := u.isDone(ctx); done || err != nil {
			return err
		}
		switch isUnchanged := u.theirs.Rev == known && u.base.ID == id; {
		case isUnchanged && kustomer.IsKind(err, kustomer.Conflict):
			return err // the revision is not the cause of the conflict
		case isUnchanged:
			return u.putAccepted(ctx, p)
		}
	}
	return errBusy
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

// addInsteadOfSet adds the tags that the file sets, if an earlier attempt may have set
// them: a second set would remove tags that others added since. If the conversation has
// exactly the tags that we know, no attempt has set them.
func (u *update) addInsteadOfSet() {
	if u.want.SetTags == nil || u.base.knowsTags(u.theirs.Tags) {
		return
	}
	u.want.AddTags, u.want.SetTags = u.want.SetTags, nil
	u.warn("the tags may have been set already: they were added, and none was removed")
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

// setTags records that the tags were written.
func (u *update) setTags(names, ids []string) {
	u.base.setTags(names, ids)
	u.want.AddTags, u.want.RemoveTags, u.want.SetTags = nil, nil, nil
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

// writeTags adds and removes tags by name, in two requests, if they were not written with
// the fields.
func (u *update) writeTags(ctx context.Context) error {
	p, _ := merge(u.want, u.base, u.theirs, u.on)
	add := func(tags []string) (*kustomer.Conversation, error) { return u.kustomer.AddTags(ctx, u.base.ID, tags) }
	remove := func(tags []string) (*kustomer.Conversation, error) {
		return u.kustomer.RemoveTags(ctx, u.base.ID, tags)
	}
	if err := u.tag(p.AddTags, add); err != nil {
		return err
	}
	return u.tag(p.RemoveTags, remove)
}

func (u *update) tag(tags []string, write func([]string) (*kustomer.Conversation, error)) error {
	return byHalves(tags, func(some []string) error {
		answer, err := write(some)
		if err := u.received(patch{}, answer, err); err != nil {
			return err
		}
		u.base.TagsKnown = false // Kustomer's answer contains no new id for a tag that the conversation had already
		return nil
	}, func(string, error) { u.warn("a tag was left out, because Kustomer refused it") })
}
