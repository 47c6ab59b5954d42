package activities

import (
	"errors"
	"slices"
	"time"

	"github.com/callthread/callthread/kustomer"
)

// Conversation is a call's conversation as our own last write left it: the base of the
// merge. If a later read differs, people or Kustomer's rules made the change.
type Conversation struct {
	ID string `json:"id,omitempty"`
	// URL is the address of the conversation in Kustomer's agent interface.
	URL        string `json:"url,omitempty"`
	CustomerID string `json:"customerId,omitempty"`
	// CatchAll says that calls of other people belong to that customer too.
	CatchAll bool      `json:"catchAll,omitempty"`
	OpenedAt time.Time `json:"openedAt,omitzero"`
	// Adopted says that the conversation existed before the step that opens it was first
	// completed. Later steps may have been done too.
	Adopted bool `json:"adopted,omitempty"`
	// Merged says that people merged the call's own conversation into this one.
	Merged bool `json:"merged,omitempty"`
	// Deleted says that people deleted the conversation: nothing can be written to it.
	Deleted bool `json:"deleted,omitempty"`

	// Rev is the revision of our last write. It is 0 if it is not known, as after a note.
	Rev           int      `json:"rev,omitempty"`
	Name          string   `json:"name,omitempty"`
	Status        string   `json:"status,omitempty"`
	AssignedUsers []string `json:"assignedUsers,omitempty"`
	AssignedTeams []string `json:"assignedTeams,omitempty"`
	// Tags are the names of its tags and TagIDs their ids, if TagsKnown is true. Kustomer
	// returns only ids.
	TagsKnown bool     `json:"tagsKnown,omitempty"`
	Tags      []string `json:"tags,omitempty"`
	TagIDs    []string `json:"tagIds,omitempty"`
	// Notes is the number of notes, -1 if it is not known.
	Notes int `json:"notes,omitempty"`
}

// received records Kustomer's answer to a write. If a rule of Kustomer's changed what we
// wrote, the revision becomes unknown, and the next write has to read first.
func (c *Conversation) received(answer *kustomer.Conversation) {
	c.Rev = answer.Rev
	isOther := answer.Name != c.Name || c.Status != "" && answer.Status != c.Status ||
		!sameSet(answer.AssignedUsers, c.AssignedUsers) || !sameSet(answer.AssignedTeams, c.AssignedTeams)
	if isOther {
		c.Rev = 0
	}
}

// knowsTags reports whether the names for these tag ids are known.
func (c Conversation) knowsTags(ids []string) bool {
	return c.TagsKnown && ids != nil && sameSet(c.TagIDs, ids)
}

// setTags records the names of all tags, and their ids if each name has one.
func (c *Conversation) setTags(names, ids []string) {
	c.Tags, c.TagIDs, c.TagsKnown = names, ids, ids != nil && len(names) == len(ids)
}

// hasOtherNotes reports whether notes may have been added to the conversation.
func (c Conversation) hasOtherNotes(is *kustomer.Conversation) bool {
	return is.NoteCount < 0 || is.NoteCount > c.Notes
}

var (
	// errGone means that people deleted the conversation.
	errGone = errors.New("the conversation was deleted in Kustomer")
	// errMissing means that the conversation was not found. It may be deleted, or
	// temporarily not visible.
	errMissing = errors.New("the conversation cannot be found in Kustomer")
	// errMerged means that people merged the conversation into another one.
	errMerged = errors.New("the conversation was merged into another one")
	// errCircle means that merged conversations refer to each other.
	errCircle = errors.New("the conversations were merged in a circle")
	// errBusy means that others change the conversation as fast as we read it.
	errBusy = errors.New("others keep changing the conversation")
)

func sameSet(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

// hasOthers reports whether the list has an entry that is not in known.
func hasOthers(list, known []string) bool {
	return slices.ContainsFunc(list, func(one string) bool { return !slices.Contains(known, one) })
}
