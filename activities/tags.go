package activities

import (
	"context"
	"slices"
	"strings"

	"github.com/callthread/callthread/kustomer"
)

// writeTags adds and removes tags by name, in two requests, if they were not written with
// the fields.
func (u *update) writeTags(ctx context.Context) error {
	p, _ := merge(u.want, u.base, u.theirs, u.on)
	if err := u.tag(ctx, p.AddTags, u.kustomer.AddTags); err != nil {
		return err
	}
	return u.tag(ctx, p.RemoveTags, u.kustomer.RemoveTags)
}

func (u *update) tag(ctx context.Context, tags []string, write func(ctx context.Context, id string, tags []string) (*kustomer.Conversation, error)) error {
	return writeAccepted(tags, func(some []string) error {
		answer, err := write(ctx, u.base.ID, some)
		if err := u.received(patch{}, answer, err); err != nil {
			return err
		}
		u.base.TagsKnown = false // Kustomer's answer contains no new id for a tag that the conversation had already
		return nil
	}, func(string, error) { u.warn("a tag was left out, because Kustomer refused it") })
}

// setTags records that the tags were written.
func (u *update) setTags(names, ids []string) {
	u.base.setTags(names, ids)
	u.want.AddTags, u.want.RemoveTags, u.want.SetTags = nil, nil, nil
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

// lackingTags returns the tags that are not in has, each once.
func lackingTags(tags, has []string) (lacking []string) {
	for _, tag := range tags {
		if !isAmong(has, tag) && !isAmong(lacking, tag) {
			lacking = append(lacking, tag)
		}
	}
	return lacking
}

// isAmong reports whether the list contains the tag. It ignores case, as Kustomer
// presumably does.
func isAmong(tags []string, one string) bool {
	return slices.ContainsFunc(tags, func(tag string) bool { return strings.EqualFold(tag, one) })
}
