package activities

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/kustomer"
)

// tagCacheSize is larger than the number of tags in an org.
const tagCacheSize = 10_000

// simulated is the part of a shadow's conversation that is compared.
type simulated struct {
	users  []string
	status string
	tags   []string
	notes  int
	// pickedUp are the users who had the call. If isKnown is true, the list is complete.
	pickedUp []string
	isKnown  bool
}

func simulate(file *automation.Set, in VendorInput) simulated {
	names := StepInput{Conversation: in.Conversation}.names()
	all := want(file, in.Story, names)
	w := simulated{users: in.Conversation.AssignedUsers, status: cmp.Or(in.Conversation.Status, "open"), isKnown: true}
	for tag, is := range fold(all).tags {
		if is.value {
			w.tags = append(w.tags, tag)
		}
	}
	for _, event := range all {
		if event.Note != "" {
			w.notes++
		}
	}
	for _, p := range in.Story.PickUps {
		user := cmp.Or(p.User, p.Facts.Agent.SourceID)
		w.isKnown = w.isKnown && user != "" && !p.Unassigned
		w.pickedUp = append(w.pickedUp, user)
	}
	if user := in.Story.Placer.User; user != "" {
		w.pickedUp = append(w.pickedUp, user)
	}
	return w
}

// compare compares the shadow's conversation with another one, whose tags have these names.
func (w simulated) compare(c kustomer.Conversation, tags []string) Found {
	found := Found{
		ConversationID: c.ID, CreatedAt: c.CreatedAt, Notes: c.NoteCount,
		Assignees: Unknown, Tags: Unknown, Status: Unknown,
		OtherAgent: w.isKnown && hasOthers(c.AssignedUsers, w.pickedUp),
	}
	if c.Needs(kustomer.FieldAssignedUsers) == nil {
		found.Assignees = likeness(sameSet(c.AssignedUsers, w.users))
	}
	if c.Needs(kustomer.FieldStatus) == nil {
		found.Status = likeness(c.Status == w.status)
	}
	if c.Tags != nil && !slices.Contains(tags, "") {
		found.Tags = likeness(len(lackingTags(w.tags, tags)) == 0 && len(lackingTags(tags, w.tags)) == 0)
	}
	return found
}

// tagNames returns the names of tags, "" for unknown ones. It reads all tags if an id is
// not known from an earlier read.
func (a *Activities) tagNames(ctx context.Context, ids []string) (names []string, err error) {
	isNew := func(id string) bool { return !a.tags.Contains(id) }
	if slices.ContainsFunc(ids, isNew) {
		all, err := a.kustomer.Tags(ctx)
		isDenied := kustomer.IsKind(err, kustomer.Credentials) || kustomer.IsKind(err, kustomer.NotFound) || refused(err)
		if err != nil && !isDenied { // a key without the role to read tags only prevents their comparison
			return nil, err
		}
		for _, tag := range all {
			a.tags.Add(tag.ID, tag.Name)
		}
	}
	for _, id := range ids {
		name, isKnown := a.tags.Get(id)
		if !isKnown {
			a.tags.Add(id, "")
		}
		names = append(names, strings.ToLower(name))
	}
	return names, nil
}

// ownUser returns the user of our API key, if no vendor is configured. It returns "" if the
// key has no role to read it.
func (a *Activities) ownUser(ctx context.Context) (string, error) {
	if known := a.own.Load(); known != nil || a.Vendor != "" {
		return *cmp.Or(known, new(string)), nil
	}
	user, err := a.kustomer.CurrentUser(ctx)
	switch {
	case kustomer.IsKind(err, kustomer.Credentials), kustomer.IsKind(err, kustomer.NotFound), refused(err):
		user = &kustomer.User{}
	case err != nil:
		return "", err
	}
	a.own.Store(&user.ID)
	return user.ID, nil
}
