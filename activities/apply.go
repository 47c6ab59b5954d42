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

// maxMerges bounds how many merges are followed. People do not make longer chains, so a
// longer one is a circle.
const maxMerges = 5

// update applies one difference to a conversation that others may change at the same time.
type update struct {
	*Activities
	want   difference
	on     terms
	base   Conversation
	theirs *kustomer.Conversation // the last read, nil since our last write
	notes  []kustomer.NewNote     // to write, each one once
	voice  *kustomer.NewMessage   // to write, once
	// customer returns the owner of the conversation, if the customer became known late.
	customer func(context.Context) (owner, error)
	decided  string // why that customer
	// agent is the user that the step assigns. If Kustomer refuses the user, otherUser
	// looks for another user of the same agent.
	agent     *call.Resolved
	otherUser func(ctx context.Context, refused string) (string, error)
	resolved  string // an earlier conversation that no longer has the tags of a lost call
	// sharedBy is the call's key, if other calls may have joined its conversation.
	sharedBy string
	// looks says that the step may have been done before, in full or in part.
	looks bool
	// ended says that the call is over. A difference from what the step wants was then made
	// by people, and not by a later hand-over.
	ended bool
	// stale says that the conversation has changed since our last write. Our own attempt
	// may have changed it, so its notes may be there already.
	stale    bool
	checked  bool // the missing notes are known
	written  bool // a request was sent that may have changed the conversation
	warnings []string
}

func (u *update) warn(format string, args ...any) {
	if warning := fmt.Sprintf(format, args...); !slices.Contains(u.warnings, warning) {
		u.warnings = append(u.warnings, warning)
	}
}

// apply writes the change. If the conversation was merged or deleted in the meantime, apply
// reads it and tries once more.
func (u *update) apply(ctx context.Context) error {
	err := u.applyOnce(ctx)
	if errors.Is(err, errMerged) || kustomer.IsKind(err, kustomer.NotFound) {
		u.looks, u.theirs = true, nil
		err = u.applyOnce(ctx)
	}
	return err
}

// applyOnce writes in a fixed order. The owner comes first, because links depend on it. The
// voice entry comes next, because it opens a conversation that is done. Then come the
// fields and tags that an agent waits for. The notes come last: each is the receipt for the
// step.
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
	soon := kustomer.WithUrgency(ctx, kustomer.Soon) // no agent waits for what follows the assignment
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
	return parked // an agent does not wait for an operator to choose the customer
}

// isConditional reports whether Kustomer refuses the first write if it was made before.
func (u *update) isConditional() bool {
	p, _ := merge(u.want, u.base, nil, u.on)
	return u.base.Rev != 0 && (p.changesFields() || p.tags != nil)
}

// isDone reports whether an earlier attempt completed the step, that is, whether its last
// note is there. It records which notes are missing.
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
	u.wrote(shown(p, u.theirs))
	u.base.Rev, u.base.TagsKnown = 0, false
	if u.agent != nil && len(u.theirs.AssignedUsers) == 0 { // Kustomer refused the user
		*u.agent = call.Resolved{Unassigned: true}
	}
	u.want, u.notes, u.voice = difference{}, nil, nil
	return true, nil
}

// look reads the conversation. If it was merged, look reads the conversation that it was
// merged into.
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
			u.stale = u.stale || u.base.Rev != 0 && current.Rev != u.base.Rev || u.base.hasOtherNotes(current)
			u.theirs = current
			if u.base.Merged {
				u.base.CustomerID = cmp.Or(current.CustomerID, u.base.CustomerID)
			}
			return current.Needs(u.want.needs()...)
		}
		u.warn("the conversation was merged into another one in Kustomer: this call is written to that one")
		u.base = Conversation{ID: current.MergedTarget, CustomerID: u.base.CustomerID, CatchAll: u.base.CatchAll, OpenedAt: u.base.OpenedAt, Adopted: u.base.Adopted, Merged: true}
	}
	return errCircle
}

// giveToCustomer moves a conversation that was opened before its customer was known to that
// customer, unless a person has moved or merged it.
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
		u.warn("a person has given the conversation to another customer: this was kept")
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

// isPrompt reports whether the pick-up was reported, or the conversation opened, so
// recently that another assignee is a rule's of Kustomer: a person rarely reassigns a
// conversation within these seconds.
func isPrompt(since time.Time) bool { return time.Since(since) < promptHandOver }

const promptHandOver = 15 * time.Second
