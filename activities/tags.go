package activities

import (
	"context"
	"slices"
	"strings"

	"github.com/callthread/callthread/kustomer"
)

// Where the conversation still is as we left it, its tags are known, and are
// written with its fields: one request instead of three. A person's or a rule's
// change since makes Kustomer refuse that; tags then go by name, one request for
// those to add and one for those to remove, because sending the whole list would
// wipe what others have tagged.

// maxTags is how many a conversation may be written with (OpenAPI: PUT /conversations/{id}).
const maxTags = 20

const tagging = "tagging"

// taggingPart is the conversation's whole list of tags as it is to be, where that is known.
func (e *edit) taggingPart() (part, bool) {
	changes := len(e.change.AddTags)+len(e.change.RemoveTags) > 0 && e.change.SetTags == nil
	if !changes || !e.left.TagsKnown || e.left.Rev == 0 || e.tagged {
		return part{}, false
	}
	tags := slices.DeleteFunc(slices.Clone(e.left.Tags), func(tag string) bool { return isAmong(e.change.RemoveTags, tag) })
	tags = append(tags, lackingTags(e.change.AddTags, tags)...)
	return part{tagging, func(u *kustomer.ConversationUpdate, left *Conversation) {
		u.Tags, left.Tags = &tags, tags
	}}, len(tags) <= maxTags
}

func (e *edit) addTags(ctx context.Context) error {
	e.tagUnassigned() // which may have turned out only when Kustomer refused the user
	tags := e.change.AddTags
	if e.tagged {
		tags = lackingTags(tags, e.left.Tags)
	}
	return e.tag(tags, func(tags []string) (*kustomer.Conversation, error) { return e.kustomer.AddTags(ctx, e.id, tags) })
}

func (e *edit) removeTags(ctx context.Context) error {
	if e.tagged {
		return nil
	}
	return e.tag(e.change.RemoveTags, func(tags []string) (*kustomer.Conversation, error) { return e.kustomer.RemoveTags(ctx, e.id, tags) })
}

func (e *edit) tag(tags []string, write func([]string) (*kustomer.Conversation, error)) error {
	return byHalves(tags, func(some []string) error {
		answer, err := write(some)
		if err == nil {
			e.left.TagsKnown = false // one that is there already is no other
		}
		return e.took(answer, err)
	}, func(string, error) { e.warn("a tag was left out, because Kustomer refused it") })
}

func lackingTags(tags, has []string) (lacking []string) {
	for _, tag := range tags {
		if !isAmong(has, tag) && !isAmong(lacking, tag) {
			lacking = append(lacking, tag)
		}
	}
	return lacking
}

// isAmong compares as Kustomer presumably does, for which the case of a tag is nothing.
func isAmong(tags []string, one string) bool {
	return slices.ContainsFunc(tags, func(tag string) bool { return strings.EqualFold(tag, one) })
}
