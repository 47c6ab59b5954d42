package activities

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/kustomer"
)

const (
	// overlap is the time between two rings within which neither call joins the other. The
	// result would depend on which call is faster.
	overlap = 10 * time.Second
	// clockSkew is how far Kustomer's clock may be behind babelforce's.
	clockSkew = 15 * time.Second
	// crowded is the largest number of recent calls that a person plausibly makes. If a
	// customer has more, the call yields in the request budget, so that one caller does not
	// delay others.
	crowded = 10
	// calledAgain is the note of a call that joins a conversation, if the file defines no
	// note.
	calledAgain = "The customer called again."
)

// join adds the call to the customer's newest open call conversation, if there is a recent
// one. The call's note is its receipt: if an answer is lost, the next attempt finds the
// note, regardless of the conversation's later state.
func (o *opened) join(ctx context.Context, earlier []kustomer.Conversation, look bool) error {
	receipt := note(o.key, string(call.Inbound), cmp.Or(o.opening.Note, calledAgain))
	if look {
		if err := o.findReceipt(ctx, earlier, receipt); err != nil || o.joined {
			return err
		}
	}
	for _, conversation := range earlier {
		if conversation.Status == "done" || conversation.Deleted || conversation.MergedTarget != "" {
			continue
		}
		if err := conversation.Needs(append(needsOf(o.opening), kustomer.FieldStatus)...); err != nil {
			return err
		}
		o.joinedTo(&conversation)
		o.want = difference{Change: lacking(o.opening, &conversation)}
		o.want.Status, o.want.AddTags = "open", o.opening.Tags
		o.notes, o.looks = []kustomer.NewNote{receipt}, false
		for _, write := range []func(context.Context) error{o.writeFields, o.writeTags, o.writeNotes} {
			if err := write(ctx); err != nil {
				return err
			}
		}
		return nil
	}
	return nil
}

// findReceipt finds the conversation that an earlier attempt joined, if there is one. The
// next step follows it if people have merged it since. A receipt can only be in a
// conversation that was updated after this call rang, so a customer's many earlier calls
// cost no requests.
func (o *opened) findReceipt(ctx context.Context, earlier []kustomer.Conversation, receipt kustomer.NewNote) error {
	for _, conversation := range earlier {
		if at := conversation.UpdatedAt; !at.IsZero() && at.Before(o.rang.Add(-clockSkew)) {
			continue
		}
		written, err := o.hasNote(ctx, conversation.ID, receipt)
		if written {
			o.joinedTo(&conversation)
			o.base.Rev = 0
			return nil
		}
		if err != nil && !kustomer.IsKind(err, kustomer.NotFound) {
			return err
		}
	}
	return nil
}

func (o *opened) joinedTo(conversation *kustomer.Conversation) {
	o.joined, o.base, o.theirs = true, asFound(conversation), conversation
}

// earlierCalls returns the customer's recent call conversations, the newest first.
func (o *opened) earlierCalls(ctx context.Context, customerID string, within time.Duration) ([]kustomer.Conversation, error) {
	all, err := o.kustomer.CustomerConversations(ctx, customerID, o.rang.Add(-within))
	if err != nil {
		return nil, err
	}
	earlier := slices.DeleteFunc(all, func(c kustomer.Conversation) bool {
		age := o.rang.Sub(c.CreatedAt)
		isOld := !c.ImportedAt.IsZero() // of a call that was added long after it rang
		return !strings.HasPrefix(c.ExternalID, externalIDPrefix) || isOld || age < overlap || age > within
	})
	slices.SortFunc(earlier, func(a, b kustomer.Conversation) int {
		return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), strings.Compare(b.ID, a.ID))
	})
	return earlier, nil
}

// leaveOpenForLater keeps the call from closing a conversation that another call has joined
// since. It returns true if it removed the status from the patch.
func (u *update) leaveOpenForLater(ctx context.Context, p *patch) (leftOpen bool, err error) {
	if u.sharedBy == "" || p.Status != "done" {
		return false, nil
	}
	notes, err := u.kustomer.Notes(ctx, u.base.ID)
	if err != nil {
		return false, err
	}
	ours := note(u.sharedBy, string(call.Inbound), "").ExternalID
	var since time.Time // when this call joined, zero if it opened the conversation
	for _, one := range notes {
		if one.ExternalID == ours {
			since = one.CreatedAt
		}
	}
	for _, one := range notes {
		isReceipt := strings.HasPrefix(one.ExternalID, externalIDPrefix) && strings.HasSuffix(one.ExternalID, ":"+string(call.Inbound))
		if isReceipt && one.ExternalID != ours && (one.CreatedAt.IsZero() || one.CreatedAt.After(since)) {
			u.warn("the customer has called again: the conversation was left open for that call")
			return true, nil
		}
	}
	return false, nil
}
