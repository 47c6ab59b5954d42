package activities

import (
	"context"

	"github.com/callthread/callthread/kustomer"
)

// maxRevisions is how often in a row a write may find that others were faster.
const maxRevisions = 4

// writeFields writes the fields of the conversation itself. The write is conditional
// on the revision that we know, so that nobody's change is overwritten unseen, and so
// that a write of ours which Kustomer carries out late is refused.
func (u *update) writeFields(ctx context.Context) error {
	if u.landed() {
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
			u.took(shown(p, u.theirs))
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
		// An attempt that was lost with its workflow task shows in the conflict, and in nothing else.
		if done, err := u.isDone(ctx); done || err != nil {
			return err
		}
		switch isUnchanged := u.theirs.Rev == known && u.base.ID == id; {
		case isUnchanged && kustomer.IsKind(err, kustomer.Conflict):
			return err // it is not the revision that Kustomer minds
		case isUnchanged:
			return u.putWhatIsTaken(ctx, p)
		}
	}
	return errBusy
}

// landed reports whether an earlier attempt has put fields and tags, whose answer was
// lost: the conversation shows all fields that are wanted, at the revision that our
// write would have made, and other tags than before, as many as it would have.
func (u *update) landed() bool {
	if u.theirs == nil || !u.looks {
		return false
	}
	p, _ := merge(u.want, u.base, nil, u.on)
	rest := p
	dropWritten(&rest, u.theirs)
	isTagged := p.tags != nil && len(*p.tags) == len(u.theirs.Tags) && !u.base.knowsTags(u.theirs.Tags)
	isAtRev := u.base.Rev != 0 && u.theirs.Rev == u.base.Rev+1
	if !isAtRev || !isTagged || rest.changesFields() {
		u.dropSet()
		return false
	}
	u.took(shown(p, u.theirs))
	u.base.received(u.theirs)
	u.tagged(*p.tags, u.theirs.Tags)
	return true
}

// dropSet has a list of tags that the file sets added instead, if an earlier attempt may
// have set it: to set it again would wipe what others have tagged since. It has not, if
// the conversation has the very tags that we know.
func (u *update) dropSet() {
	if u.want.SetTags == nil || u.base.knowsTags(u.theirs.Tags) {
		return
	}
	u.want.AddTags, u.want.SetTags = u.want.SetTags, nil
	u.warn("the tags may have been set already: they were added, and none was removed")
}

// sent notes that a write was made, or may have been.
func (u *update) sent(err error) { u.written = u.written || err == nil || isAmbiguous(err) }

// shown is the part of a patch that a conversation shows.
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

// tagged notes that the tags are written.
func (u *update) tagged(names, ids []string) {
	u.base.tagged(names, ids)
	u.want.AddTags, u.want.RemoveTags, u.want.SetTags = nil, nil, nil
}

func (u *update) rev() int {
	if u.theirs != nil {
		return u.theirs.Rev
	}
	return u.base.Rev
}

// put writes parts of a patch.
func (u *update) put(ctx context.Context, parts []part) error {
	if u.base.Rev == 0 && u.theirs == nil { // after a part to which a rule or a person added something
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
	if err := u.answered(written, answer, err); err != nil {
		return err
	}
	if written.tags != nil {
		u.tagged(*written.tags, answer.Tags)
	}
	return nil
}

// answered takes over Kustomer's answer to a write.
func (u *update) answered(written patch, answer *kustomer.Conversation, err error) error {
	u.sent(err)
	switch {
	case err != nil:
		return err
	case answer.MergedTarget != "":
		return errMerged
	}
	u.took(written)
	u.base.received(answer)
	u.overtaken = u.overtaken || u.base.hasOtherNotes(answer)
	u.theirs = nil
	return nil
}

// took notes what was written.
func (u *update) took(p patch) {
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

// writeTags adds and removes tags by name, one request for each, if they did not go with the fields.
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
		if err := u.answered(patch{}, answer, err); err != nil {
			return err
		}
		u.base.TagsKnown = false // a tag that was there already has no id of its own
		return nil
	}, func(string, error) { u.warn("a tag was left out, because Kustomer refused it") })
}
