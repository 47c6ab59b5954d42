package activities

import (
	"errors"
	"slices"
	"time"

	"github.com/callthread/callthread/kustomer"
)

// Conversation is a call's conversation as our own last write left it: the base of
// the merge. What is different when it is read again was changed by people or by
// Kustomer's rules.
type Conversation struct {
	ID string `json:"id,omitempty"`
	// URL is where an agent opens it.
	URL        string `json:"url,omitempty"`
	CustomerID string `json:"customerId,omitempty"`
	// CatchAll says that calls of others belong to that customer too.
	CatchAll bool      `json:"catchAll,omitempty"`
	OpenedAt time.Time `json:"openedAt,omitzero"`
	// Adopted says that it existed before the step that opened it was first completed: its steps may have been done.
	Adopted bool `json:"adopted,omitempty"`
	// Merged says that people merged the call's own conversation into this one.
	Merged bool `json:"merged,omitempty"`
	// Deleted says that people have deleted it: nothing can be written to it.
	Deleted bool `json:"deleted,omitempty"`

	// Rev is the revision that we made, 0 if that is not known, as after a note.
	Rev           int      `json:"rev,omitempty"`
	Name          string   `json:"name,omitempty"`
	Status        string   `json:"status,omitempty"`
	AssignedUsers []string `json:"assignedUsers,omitempty"`
	AssignedTeams []string `json:"assignedTeams,omitempty"`
	// Tags are the names of its tags, and TagIDs what Kustomer returned for them, if
	// TagsKnown: Kustomer never returns names.
	TagsKnown bool     `json:"tagsKnown,omitempty"`
	Tags      []string `json:"tags,omitempty"`
	TagIDs    []string `json:"tagIds,omitempty"`
	// Notes is how many notes it had, -1 if that is not known.
	Notes int `json:"notes,omitempty"`
}

// received takes over what Kustomer answered to a write of ours. If a rule of
// Kustomer's changed what we wrote, the next write has to read first.
func (c *Conversation) received(answer *kustomer.Conversation) {
	c.Rev = answer.Rev
	isOther := answer.Name != c.Name || c.Status != "" && answer.Status != c.Status ||
		!sameSet(answer.AssignedUsers, c.AssignedUsers) || !sameSet(answer.AssignedTeams, c.AssignedTeams)
	if isOther {
		c.Rev = 0
	}
}

// knowsTags reports whether the names of its tags are known, if it now has these ids.
func (c Conversation) knowsTags(ids []string) bool {
	return c.TagsKnown && ids != nil && sameSet(c.TagIDs, ids)
}

// tagged notes the names of all tags, and their ids if each has one.
func (c *Conversation) tagged(names, ids []string) {
	c.Tags, c.TagIDs, c.TagsKnown = names, ids, ids != nil && len(names) == len(ids)
}

// hasOtherNotes reports whether the conversation may have notes that it did not have.
func (c Conversation) hasOtherNotes(is *kustomer.Conversation) bool {
	return is.NoteCount < 0 || is.NoteCount > c.Notes
}

var (
	// errGone: people have deleted the conversation.
	errGone = errors.New("the conversation was deleted in Kustomer")
	// errMissing: it cannot be found; it may be deleted, or not visible for a moment.
	errMissing = errors.New("the conversation cannot be found in Kustomer")
	// errMerged: people have merged the conversation into another one.
	errMerged = errors.New("the conversation was merged into another one")
	// errCircle: merged conversations lead to each other.
	errCircle = errors.New("the conversation was merged into others, in a circle")
	// errBusy: others change the conversation as fast as we read it.
	errBusy = errors.New("the conversation keeps being changed by others")
)

func sameSet(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

// hasOthers reports whether a list has any but the known.
func hasOthers(list, known []string) bool {
	return slices.ContainsFunc(list, func(one string) bool { return !slices.Contains(known, one) })
}
