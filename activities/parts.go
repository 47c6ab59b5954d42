package activities

import (
	"context"
	"maps"
	"slices"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/kustomer"
)

// part is something about a conversation that Kustomer may refuse by itself,
// such as a custom attribute that the org has not defined. One bad part makes
// Kustomer refuse the whole request; it must not cost the call the rest.
type part struct {
	what string // for people
	put  func(*kustomer.ConversationUpdate, *Conversation)
}

const assigningUsers = "assigning users"

// parts lists what is to be put into the conversation's fields.
func (e *edit) parts() []part {
	parts := partsOf(e.change)
	if e.unassigns && len(e.change.AssignedUsers) == 0 {
		parts = append(parts, unassigning)
	}
	if tagging, known := e.taggingPart(); known && len(parts) > 0 {
		parts = append(parts, tagging)
	}
	return parts
}

// unassigning takes the conversation from the agent who had the call before.
var unassigning = part{"unassigning users", func(u *kustomer.ConversationUpdate, left *Conversation) {
	u.AssignedUsers, left.AssignedUsers = &[]string{}, nil
}}

// partsOf lists what a change puts into the conversation's fields.
func partsOf(change automation.Change) []part {
	var parts []part
	add := func(wanted bool, what string, put func(*kustomer.ConversationUpdate, *Conversation)) {
		if wanted {
			parts = append(parts, part{what, put})
		}
	}
	add(len(change.AssignedUsers) > 0, assigningUsers, func(u *kustomer.ConversationUpdate, left *Conversation) {
		u.AssignedUsers, left.AssignedUsers = &change.AssignedUsers, change.AssignedUsers
	})
	add(len(change.AssignedTeams) > 0, "assigning teams", func(u *kustomer.ConversationUpdate, left *Conversation) {
		u.AssignedTeams, left.AssignedTeams = &change.AssignedTeams, change.AssignedTeams
	})
	add(change.Name != "", "the name", func(u *kustomer.ConversationUpdate, left *Conversation) {
		u.Name, left.Name = &change.Name, change.Name
	})
	add(change.Status != "", "the status", func(u *kustomer.ConversationUpdate, left *Conversation) {
		u.Status, left.Status = change.Status, change.Status
	})
	add(change.Priority != 0, "the priority", func(u *kustomer.ConversationUpdate, _ *Conversation) { u.Priority = change.Priority })
	add(change.SetTags != nil, "setting the tags", func(u *kustomer.ConversationUpdate, left *Conversation) {
		u.Tags, left.Tags, left.TagsKnown = &change.SetTags, change.SetTags, true
	})
	for _, name := range slices.Sorted(maps.Keys(change.Custom)) {
		add(true, "attribute "+name, func(u *kustomer.ConversationUpdate, _ *Conversation) {
			if u.Custom == nil {
				u.Custom = make(map[string]any)
			}
			u.Custom[name] = change.Custom[name]
		})
	}
	return parts
}

// put writes parts into the conversation.
func (e *edit) put(ctx context.Context, parts []part) error {
	update, left := kustomer.ConversationUpdate{Rev: &e.left.Rev}, e.left
	for _, part := range parts {
		part.put(&update, &left)
	}
	answer, err := e.kustomer.UpdateConversation(ctx, e.id, update)
	if err == nil {
		e.left = left
		e.tagged = e.tagged || slices.ContainsFunc(parts, func(p part) bool { return p.what == tagging })
	}
	return e.took(answer, err)
}

// takeAsWritten notes what an earlier attempt has put, whose answer was lost.
func (e *edit) takeAsWritten() {
	for _, part := range e.parts() {
		part.put(&kustomer.ConversationUpdate{}, &e.left)
	}
	e.left.Rev = 0
}

// putWhatIsTaken writes those parts that Kustomer does not refuse.
func (e *edit) putWhatIsTaken(ctx context.Context) error {
	var noSuchUser error
	leftOut := func(what string, err error) { e.warn("%s was left out: %v", what, err) }
	err := byHalves(e.parts(), func(some []part) error { return e.put(ctx, some) }, func(refused part, err error) {
		switch refused.what {
		case assigningUsers:
			noSuchUser = err
		case tagging: // each goes by itself, later
		default:
			leftOut(refused.what, err)
		}
	})
	if err == nil && noSuchUser != nil && e.agentUser != "" {
		err = e.assignOther(ctx)
	}
	if err == nil && noSuchUser != nil && e.agentUser == "" { // and no other was found
		leftOut(assigningUsers, noSuchUser)
	}
	if kustomer.IsKind(err, kustomer.Conflict) {
		return errBusy // between two parts
	}
	return err
}

// byHalves writes all items at once. Where Kustomer rejects that, it writes
// each half by itself, down to the items that are to blame, which are left out.
func byHalves[T any](items []T, write func([]T) error, leaveOut func(T, error)) error {
	if len(items) == 0 {
		return nil
	}
	err := write(items)
	if !kustomer.IsKind(err, kustomer.Rejected) {
		return err
	}
	if len(items) == 1 {
		if err = write(items); kustomer.IsKind(err, kustomer.Rejected) { // a refusal that was a mistake is not one twice
			leaveOut(items[0], err)
			return nil
		}
		return err
	}
	half := len(items) / 2
	if err := byHalves(items[:half], write, leaveOut); err != nil {
		return err
	}
	return byHalves(items[half:], write, leaveOut)
}
