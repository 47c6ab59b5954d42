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

// lostWithin is the maximum age of a lost call: a call that was lost on Friday is still
// found on Monday.
const lostWithin = 72 * time.Hour

// settleTries is the number of attempts after which an earlier call is left as it is. They
// take a minute, or ten if the request budget is used up. Recordings and the end of the
// wrap-up wait for this step.
const settleTries = 10

// The ids of the lost tags change only when people delete such a tag.
const lostTagsCacheSize = 10

// It is a variable for tests.
var lostTagsCacheTime = time.Hour

// settleLost removes the lost tags from an earlier call of the customer, if the customer
// has been reached.
func (a *Activities) settleLost(ctx context.Context, file *automation.Set, in StepInput, u *update) error {
	lost := file.LostTags() // none if the file has changed since the call was opened
	if !in.Has(call.CustomerReached) || u.base.CatchAll || !file.Callers.Returning.Resolves || len(lost) == 0 {
		return nil
	}
	var err error
	u.resolved, err = a.untagLost(kustomer.WithUrgency(ctx, kustomer.Later), in, u.base, lost)
	if isFinal := refused(err) || kustomer.IsKind(err, kustomer.NotFound) || tries(ctx) >= settleTries; err != nil && isFinal {
		u.warn("the customer's earlier call that was lost keeps its tag: %v", err)
		return nil
	}
	return err
}

// untagLost removes the lost tags from the customer's newest earlier call conversation that
// has them, unless it is done or a person has taken it. It removes tags by name and does
// not write the list of the remaining tags: Kustomer returns their ids, and whether it
// accepts ids in a list is not documented. A repeat therefore removes nothing, and tags
// that others add at the same time are kept. It returns the id of that conversation, empty if
// there is none.
func (a *Activities) untagLost(ctx context.Context, in StepInput, is Conversation, lost []string) (id string, err error) {
	all, err := a.kustomer.CustomerConversations(ctx, is.CustomerID, in.Is.RangAt.Add(-lostWithin))
	if err != nil {
		return "", err
	}
	earlier := slices.DeleteFunc(all, func(c kustomer.Conversation) bool {
		return c.ID == is.ID || !c.CreatedAt.Before(in.Is.RangAt) || !a.mayBeLost(c, lost, in.users())
	})
	if len(earlier) == 0 {
		return "", nil
	}
	newest := slices.MaxFunc(earlier, func(a, b kustomer.Conversation) int { return a.CreatedAt.Compare(b.CreatedAt) })
	_, err = a.kustomer.RemoveTags(ctx, newest.ID, lost)
	return newest.ID, err
}

// mayBeLost reports whether the conversation belongs to a call that was lost, and no person
// except the users of this call has taken it since.
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

// learnLostTags stores the ids of the lost tags: the ids that a conversation lost in a step
// that removed exactly these tags. Kustomer returns ids and never names.
func (a *Activities) learnLostTags(file *automation.Set, was, is Conversation) {
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

// tagsKey returns one key for several tags. No tag contains a comma.
func tagsKey(tags []string) string { return strings.Join(slices.Sorted(slices.Values(tags)), ",") }
