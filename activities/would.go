package activities

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/kustomer"
)

// tagCacheSize is more than the tags that orgs have.
const tagCacheSize = 10_000

// would is the conversation that a shadow would have left, as far as it is compared.
type would struct {
	users  []string
	status string
	tags   []string
	notes  int
	// pickedUp are the users who had the call. isKnown says that these are all.
	pickedUp []string
	isKnown  bool
}

func wouldBe(file *automation.Set, in VendorInput) would {
	names := StepInput{Conversation: in.Conversation}.names()
	all := want(file, in.Story, names)
	w := would{users: in.Conversation.AssignedUsers, status: cmp.Or(in.Conversation.Status, "open"), isKnown: true}
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

// compare says how another conversation differs, whose tags have these names.
func (w would) compare(c kustomer.Conversation, tags []string) Found {
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

// tagNames are the names of tags, "" for those that are not known. All tags are read
// when an id appears that no reading had.
func (a *Activities) tagNames(ctx context.Context, ids []string) (names []string, err error) {
	isNew := func(id string) bool { return !a.tags.Contains(id) }
	if slices.ContainsFunc(ids, isNew) {
		all, err := a.kustomer.Tags(ctx)
		isDenied := kustomer.IsKind(err, kustomer.Credentials) || kustomer.IsKind(err, kustomer.NotFound) || refused(err)
		if err != nil && !isDenied { // a key that may not read tags costs nothing but their comparison
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

// ownUser is the user of our key, where conversations are told apart by it. It is empty
// if the key may not say.
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
