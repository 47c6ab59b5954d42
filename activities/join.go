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
	// overlap: of two calls that ring within it neither joins the other, or it
	// would depend on who is faster which of them does.
	overlap = 10 * time.Second
	// calledAgain is the note of a call that has joined another's conversation, where the file has none.
	calledAgain = "The customer called again."
)

// join lets the call join the customer's newest call conversation that is
// still open, if there is any that was opened so recently. The call's note is
// its receipt: an attempt whose answer was lost is found by it, whatever has
// become of the conversation meanwhile.
func (o *opened) join(ctx context.Context, customerID string, within time.Duration, look bool) error {
	earlier, err := o.earlierCalls(ctx, customerID, within)
	if err != nil {
		return err
	}
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
		o.joinedTo(&conversation)
		o.change = lacking(o.opening, &conversation)
		o.change.Status, o.change.AddTags = "open", o.opening.Tags
		if err := o.fields(ctx); err != nil {
			return err
		}
		if err := o.addTags(ctx); err != nil {
			return err
		}
		o.left.Rev = 0
		return o.writeNote(ctx, o.id, receipt)
	}
	return nil
}

// findReceipt finds the conversation that an earlier attempt has joined, if any,
// wherever people have taken it since: the next step finds out.
func (o *opened) findReceipt(ctx context.Context, earlier []kustomer.Conversation, receipt kustomer.NewNote) error {
	for _, conversation := range earlier {
		written, err := o.hasNote(ctx, conversation.ID, receipt)
		if written {
			o.joinedTo(&conversation)
			return nil
		}
		if err != nil && !kustomer.IsKind(err, kustomer.NotFound) {
			return err
		}
	}
	return nil
}

func (o *opened) joinedTo(conversation *kustomer.Conversation) {
	o.joined, o.id, o.owner, o.left = true, conversation.ID, conversation.CustomerID, conversationOf(conversation)
}

// earlierCalls are the customer's call conversations of so recently, the newest first.
func (o *opened) earlierCalls(ctx context.Context, customerID string, within time.Duration) ([]kustomer.Conversation, error) {
	all, err := o.kustomer.CustomerConversations(ctx, customerID, o.rang.Add(-within))
	if err != nil {
		return nil, err
	}
	earlier := slices.DeleteFunc(all, func(c kustomer.Conversation) bool {
		age := o.rang.Sub(c.CreatedAt)
		return !strings.HasPrefix(c.ExternalID, externalIDPrefix) || age < overlap || age > within
	})
	slices.SortFunc(earlier, func(a, b kustomer.Conversation) int {
		return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), strings.Compare(b.ID, a.ID))
	})
	return earlier, nil
}

// leaveOpenForLater keeps a call from closing the conversation under another
// that has joined it since.
func (e *edit) leaveOpenForLater(ctx context.Context) error {
	if e.sharedBy == "" || e.change.Status != "done" {
		return nil
	}
	notes, err := e.kustomer.Notes(ctx, e.id)
	if err != nil {
		return err
	}
	ours := note(e.sharedBy, string(call.Inbound), "").ExternalID
	var since time.Time // when this call has joined, if it has not opened the conversation
	for _, one := range notes {
		if one.ExternalID == ours {
			since = one.CreatedAt
		}
	}
	for _, one := range notes {
		isReceipt := strings.HasPrefix(one.ExternalID, externalIDPrefix) && strings.HasSuffix(one.ExternalID, ":"+string(call.Inbound))
		if isReceipt && one.ExternalID != ours && one.CreatedAt.After(since) {
			e.change.Status = ""
			e.warn("the customer has called again: the conversation was left open for that call")
			return nil
		}
	}
	return nil
}
