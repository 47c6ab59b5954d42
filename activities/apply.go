package activities

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/kustomer"
)

// maxMerges: more conversations merged into each other than people make are a circle.
const maxMerges = 5

// update applies one difference to a conversation that others may be changing too.
type update struct {
	*Activities
	want   difference
	on     terms
	base   Conversation
	theirs *kustomer.Conversation // as read last, nil since our last write
	notes  []kustomer.NewNote     // to write, each once
	voice  *kustomer.NewMessage   // likewise
	// customer finds out whose conversation it is, if that became known late.
	customer func(context.Context) (owner, error)
	decided  string // how that was decided
	// agent is whom the step assigns, as far as the agent is known; another finds the
	// user by other means if Kustomer refuses the first.
	agent   *call.Resolved
	another func(ctx context.Context, refused string) (string, error)
	// sharedBy is the call's key, if other calls may have joined its conversation.
	sharedBy string
	// looks says that the step may have been done before, wholly or in part.
	looks bool
	// ended says that the call has: what differs from what the step wants was changed by
	// people, and not by a later hand-over.
	ended bool
	// overtaken says that somebody changed the conversation since our last write: our
	// own attempt may have, and nothing else tells that its notes are written.
	overtaken bool
	checked   bool // which of its notes are missing is known
	written   bool // something was sent that may have changed the conversation
	warnings  []string
}

func (u *update) warn(format string, args ...any) {
	if warning := fmt.Sprintf(format, args...); !slices.Contains(u.warnings, warning) {
		u.warnings = append(u.warnings, warning)
	}
}

// apply makes the change. If the conversation turns out to have been merged or
// deleted meanwhile, it looks where to go on.
func (u *update) apply(ctx context.Context) error {
	err := u.applyOnce(ctx)
	if errors.Is(err, errMerged) || kustomer.IsKind(err, kustomer.NotFound) {
		u.looks, u.theirs = true, nil
		err = u.applyOnce(ctx)
	}
	return err
}

// applyOnce gives the conversation its owner first, because links depend on it; then the
// voice entry, because what comes in to a conversation that is done opens it again;
// then what an agent waits for; and the notes last, each its own receipt.
func (u *update) applyOnce(ctx context.Context) error {
	if u.looks {
		if err := u.look(ctx); err != nil {
			return err
		}
	}
	parked := u.giveToCustomer(ctx)
	if parked != nil && !isForOperators(parked) {
		return parked
	}
	if u.looks {
		if done, err := u.isDone(ctx); done || err != nil {
			return cmp.Or(err, parked)
		}
	}
	soon := kustomer.WithUrgency(ctx, kustomer.Soon) // nobody waits for what comes after the assignment
	for _, write := range []func() error{
		func() error { return u.writeVoice(soon) },
		func() error { return u.writeFields(ctx) },
		func() error { return u.writeTags(soon) },
		func() error { return u.writeNotes(soon) },
	} {
		if err := write(); err != nil {
			return err
		}
	}
	return parked // an agent does not wait until an operator has said whose call it is
}

// isConditional reports whether the first write is one that Kustomer refuses if it was made before.
func (u *update) isConditional() bool {
	p, _ := merge(u.want, u.base, nil, u.on)
	return u.base.Rev != 0 && (p.changesFields() || p.tags != nil)
}

// isDone reports whether an earlier attempt has completed the step: its last note is
// there. Which notes are missing is known then.
func (u *update) isDone(ctx context.Context) (bool, error) {
	if len(u.notes) == 0 || u.checked {
		return false, nil
	}
	missing, err := u.missingNotes(ctx)
	if err != nil {
		return false, err
	}
	if len(missing) > 0 {
		u.notes, u.checked = missing, true
		return false, nil
	}
	if u.on.earlierRun && u.ended {
		_, kept := merge(u.want, u.base, u.theirs, u.on)
		u.warnings = append(u.warnings, kept...)
	}
	p, _ := merge(u.want, u.base, nil, u.on)
	u.took(shown(p, u.theirs))
	u.base.Rev, u.base.TagsKnown = 0, false
	if u.agent != nil && len(u.theirs.AssignedUsers) == 0 { // Kustomer had refused the user
		*u.agent = call.Resolved{Unassigned: true}
	}
	u.want, u.notes, u.voice = difference{}, nil, nil
	return true, nil
}

// look reads the conversation, wherever people have merged it to.
func (u *update) look(ctx context.Context) error {
	for range maxMerges {
		current, err := u.kustomer.Conversation(ctx, u.base.ID)
		switch {
		case kustomer.IsKind(err, kustomer.NotFound):
			return errMissing
		case err != nil:
			return err
		case current.Deleted:
			return errGone
		case current.MergedTarget == "":
			u.overtaken = u.overtaken || u.base.Rev != 0 && current.Rev != u.base.Rev || u.base.hasOtherNotes(current)
			u.theirs = current
			if u.base.Merged {
				u.base.CustomerID = cmp.Or(current.CustomerID, u.base.CustomerID)
			}
			return current.Needs(u.want.needs()...)
		}
		u.warn("the conversation was merged into another one in Kustomer: what is written goes there")
		u.base = Conversation{ID: current.MergedTarget, CustomerID: u.base.CustomerID, CatchAll: u.base.CatchAll, OpenedAt: u.base.OpenedAt, Adopted: u.base.Adopted, Merged: true}
	}
	return errCircle
}

// giveToCustomer moves a conversation that was opened before its customer was known,
// unless somebody has moved or merged it.
func (u *update) giveToCustomer(ctx context.Context) error {
	if u.customer == nil || u.base.Merged {
		return nil
	}
	customer, err := u.customer(ctx)
	if err != nil {
		return err
	}
	if u.theirs == nil {
		if err := u.look(ctx); err != nil || u.base.Merged {
			return err
		}
	}
	if err := u.theirs.Needs(kustomer.FieldCustomer); err != nil {
		return err
	}
	owner := u.theirs.CustomerID
	if owner != customer.id && owner != u.base.CustomerID {
		u.warn("somebody has given the conversation to another customer: that was kept")
		u.base.CustomerID = owner
		return nil
	}
	u.decided = customer.decision
	u.warnings = append(u.warnings, customer.warnings...)
	if owner != customer.id {
		moved, err := u.kustomer.MoveConversation(ctx, u.base.ID, customer.id)
		if u.sent(err); err != nil {
			return err
		}
		u.base.Rev, u.theirs = 0, moved
		if moved.Needs(u.want.needs()...) != nil {
			u.theirs = nil
		}
	}
	u.base.CustomerID, u.base.CatchAll = customer.id, customer.catchesAll
	return nil
}

// isPrompt reports whether a hand-over begins so soon after the pick-up was reported,
// or the conversation opened, that nobody can have decided otherwise since.
func isPrompt(since time.Time) bool { return time.Since(since) < promptHandOver }

const promptHandOver = 15 * time.Second
