package activities

import (
	"context"
	"maps"
	"slices"

	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/kustomer"
)

// part is a part of a conversation that Kustomer may refuse, such as a custom attribute
// that the org has not defined. Kustomer refuses a whole request for one bad part; the call
// must still get the other parts.
type part struct {
	what string // for warnings
	put  func(*kustomer.ConversationUpdate, *patch)
}

const (
	assigningUsers = "assigning users"
	tagging        = "tagging"
)

// partsOf returns the parts of a patch.
func partsOf(p patch) []part {
	var parts []part
	add := func(wanted bool, what string, put func(*kustomer.ConversationUpdate, *patch)) {
		if wanted {
			parts = append(parts, part{what, put})
		}
	}
	add(p.users != nil, assigningUsers, func(u *kustomer.ConversationUpdate, w *patch) { u.AssignedUsers, w.users = p.users, p.users })
	add(len(p.AssignedTeams) > 0, "assigning teams", func(u *kustomer.ConversationUpdate, w *patch) {
		u.AssignedTeams, w.AssignedTeams = &p.AssignedTeams, p.AssignedTeams
	})
	add(p.Name != "", "the name", func(u *kustomer.ConversationUpdate, w *patch) { u.Name, w.Name = &p.Name, p.Name })
	add(p.Status != "", "the status", func(u *kustomer.ConversationUpdate, w *patch) { u.Status, w.Status = p.Status, p.Status })
	add(p.Priority != 0, "the priority", func(u *kustomer.ConversationUpdate, _ *patch) { u.Priority = p.Priority })
	add(p.tags != nil, tagging, func(u *kustomer.ConversationUpdate, w *patch) { u.Tags, w.tags = p.tags, p.tags })
	for _, name := range slices.Sorted(maps.Keys(p.Custom)) {
		add(true, "attribute "+name, func(u *kustomer.ConversationUpdate, _ *patch) {
			if u.Custom == nil {
				u.Custom = make(map[string]any)
			}
			u.Custom[name] = p.Custom[name]
		})
	}
	return parts
}

// putAccepted writes those parts of a rejected patch that Kustomer accepts.
func (u *update) putAccepted(ctx context.Context, p patch) error {
	var noSuchUser error
	leaveOut := func(refused part, err error) {
		switch {
		case refused.what == assigningUsers:
			noSuchUser = err
		case refused.what == tagging && u.want.SetTags == nil: // tags are written by name later
			u.base.TagsKnown = false
		default:
			u.warn("%s was left out: %v", refused.what, err)
		}
	}
	err := inHalves(partsOf(p), func(some []part) error { return u.put(ctx, some) }, leaveOut)
	if err == nil && noSuchUser != nil {
		err = u.assignAnother(ctx, noSuchUser)
	}
	if kustomer.IsKind(err, kustomer.Conflict) {
		return errBusy // others changed the conversation between two parts
	}
	return err
}

// assignAnother looks for another user of the agent if Kustomer refused the first one. If
// there is none, the conversation is left unassigned and tagged.
func (u *update) assignAnother(ctx context.Context, refusal error) error {
	if u.agent == nil || u.agent.User == "" {
		u.warn("%s was left out: %v", assigningUsers, refusal)
		return nil
	}
	other, err := u.otherUser(ctx, u.agent.User)
	if err != nil {
		return err
	}
	users := []string{other}
	if other != "" && other != u.agent.User {
		u.agent.User = other
		u.on.ours = append(u.on.ours, other)
		if err := u.put(ctx, partsOf(patch{users: &users})); !refused(err) {
			return err
		}
	}
	*u.agent = call.Resolved{Unassigned: true}
	u.warn("%s was left out: %v", assigningUsers, refusal)
	u.want.AssignedUsers, u.want.unassign = nil, true
	u.want.AddTags = lackingTags(append(u.want.AddTags, UnassignedTag), nil)
	if p, _ := merge(difference{unassign: true}, u.base, u.theirs, u.on); p.users != nil {
		return u.put(ctx, partsOf(p))
	}
	return nil
}

// writeAccepted writes all items at once or, if Kustomer rejects them, those that it accepts.
func writeAccepted[T any](items []T, write func([]T) error, leaveOut func(T, error)) error {
	if len(items) == 0 {
		return nil
	}
	err := write(items)
	if !kustomer.IsKind(err, kustomer.Rejected) {
		return err
	}
	return inHalves(items, write, leaveOut)
}

// inHalves writes each half of items that Kustomer has rejected on its own, down to the
// single items that Kustomer rejects twice, which are left out.
func inHalves[T any](items []T, write func([]T) error, leaveOut func(T, error)) error {
	if len(items) == 1 {
		err := write(items) // a rejection by mistake does not happen twice
		if kustomer.IsKind(err, kustomer.Rejected) {
			leaveOut(items[0], err)
			return nil
		}
		return err
	}
	half := len(items) / 2
	if err := writeAccepted(items[:half], write, leaveOut); err != nil {
		return err
	}
	return writeAccepted(items[half:], write, leaveOut)
}
