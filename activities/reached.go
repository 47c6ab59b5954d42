package activities

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/kustomer"
)

// lostWithin is how long ago an earlier call may have been lost: a Friday's, on Monday.
const lostWithin = 72 * time.Hour

// settleTries is after how many attempts an earlier call is left as it is, which takes a
// minute, or ten if the request budget is used up: recordings and the end of the wrap-up
// wait behind it.
const settleTries = 10

// What ids the tags of lost calls have changes only when people delete such a tag.
const (
	lostTagsCacheSize = 10
	lostTagsCacheTime = time.Hour
)

// settleLost deals with an earlier call of the customer that was lost, if the customer
// has been reached.
func (a *Activities) settleLost(ctx context.Context, file *automation.Set, in StepInput, u *update) error {
	lost := file.LostTags() // none, if the file has changed since the call was opened
	if !in.Has(call.CustomerReached) || u.base.CatchAll || !file.Callers.Returning.Resolves || len(lost) == 0 {
		return nil
	}
	err := a.untagLost(kustomer.WithUrgency(ctx, kustomer.Later), in, u.base, lost)
	if isFinal := refused(err) || kustomer.IsKind(err, kustomer.NotFound) || tries(ctx) >= settleTries; err != nil && isFinal {
		u.warn("the customer's earlier call that was lost keeps its tag: %v", err)
		return nil
	}
	return err
}

// untagLost takes the tags of a lost call from the customer's newest earlier call
// conversation that has them. It leaves one that is done, or that a person has taken. It
// removes tags by name, and does not write the list of the others back: Kustomer returns
// the ids of those, and that it takes ids in a list is not documented. So a repeat
// removes nothing, and nothing that others tag meanwhile is lost.
func (a *Activities) untagLost(ctx context.Context, in StepInput, is Conversation, lost []string) error {
	all, err := a.kustomer.CustomerConversations(ctx, is.CustomerID, in.Is.RangAt.Add(-lostWithin))
	if err != nil {
		return err
	}
	earlier := slices.DeleteFunc(all, func(c kustomer.Conversation) bool {
		return c.ID == is.ID || !c.CreatedAt.Before(in.Is.RangAt) || !a.mayBeLost(c, lost, in.users())
	})
	if len(earlier) == 0 {
		return nil
	}
	newest := slices.MaxFunc(earlier, func(a, b kustomer.Conversation) int { return a.CreatedAt.Compare(b.CreatedAt) })
	_, err = a.kustomer.RemoveTags(ctx, newest.ID, lost)
	return err
}

// mayBeLost reports whether a conversation is that of a call that was lost and that
// nobody has taken since, apart from the users of this call.
func (a *Activities) mayBeLost(c kustomer.Conversation, lost, ours []string) bool {
	isWaiting := c.Status != "done" && !c.Deleted && c.MergedTarget == "" && !hasOthers(c.AssignedUsers, ours)
	if !isWaiting || !strings.HasPrefix(c.ExternalID, externalIDPrefix) ||
		c.Needs(kustomer.FieldStatus, kustomer.FieldAssignedUsers) != nil {
		return false
	}
	ids, isKnown := a.tagIDs.Get(tagsKey(lost))
	return c.Tags == nil || !isKnown || hasAny(c.Tags, ids)
}

func hasAny(list, of []string) bool {
	return slices.ContainsFunc(list, func(one string) bool { return slices.Contains(of, one) })
}

// learnLost keeps which ids the tags of lost calls have: those that a conversation has
// lost together with exactly these tags. Kustomer returns ids and never names.
func (a *Activities) learnLost(file *automation.Set, was, is Conversation) {
	lost := file.LostTags()
	if !file.Callers.Returning.Resolves || !was.TagsKnown || !is.TagsKnown {
		return
	}
	gone := func(before, after []string) []string {
		return slices.DeleteFunc(slices.Clone(before), func(one string) bool { return slices.Contains(after, one) })
	}
	if ids := gone(was.TagIDs, is.TagIDs); sameSet(gone(was.Tags, is.Tags), lost) && len(ids) == len(lost) {
		a.tagIDs.Add(tagsKey(lost), ids)
	}
}

// tagsKey is one key for several tags: no tag contains a comma.
func tagsKey(tags []string) string { return strings.Join(slices.Sorted(slices.Values(tags)), ",") }
