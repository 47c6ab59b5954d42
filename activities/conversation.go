package activities

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/kustomer"
)

// Conversation is a call's conversation as our own last write has left it.
// What is different when we look again was changed by people or by Kustomer's rules.
type Conversation struct {
	ID string `json:"id,omitempty"`
	// URL is where an agent opens it.
	URL        string    `json:"url,omitempty"`
	CustomerID string    `json:"customerId,omitempty"`
	OpenedAt   time.Time `json:"openedAt,omitzero"`
	// Adopted says that it existed before this run of the call, whose steps may have been done too.
	Adopted bool `json:"adopted,omitempty"`
	// Deleted says that people have deleted it: nothing can be written to it.
	Deleted bool `json:"deleted,omitempty"`
	// Known says that the rest is: steps of earlier versions did not tell.
	Known bool `json:"known,omitempty"`
	// Rev is the revision that we made; 0 where that is not known, as after a note.
	Rev           int      `json:"rev,omitempty"`
	Name          string   `json:"name,omitempty"`
	Status        string   `json:"status,omitempty"`
	AssignedUsers []string `json:"assignedUsers,omitempty"`
	AssignedTeams []string `json:"assignedTeams,omitempty"`
	// Tags are the names of its tags at that revision, if TagsKnown: Kustomer only ever tells their ids.
	Tags      []string `json:"tags,omitempty"`
	TagsKnown bool     `json:"tagsKnown,omitempty"`
}

// conversationOf is a conversation as Kustomer shows it.
func conversationOf(is *kustomer.Conversation) Conversation {
	return Conversation{
		Known: true, Rev: is.Rev, Name: is.Name, Status: is.Status, AssignedUsers: is.AssignedUsers, AssignedTeams: is.AssignedTeams,
	}
}

// written notes what Kustomer shows after a write of ours. Where that is not
// what we have written, the next write has to look first.
func (c *Conversation) written(is Conversation) {
	c.Rev = is.Rev
	isOtherStatus := c.Status != "" && is.Status != c.Status // which steps of earlier versions did not tell
	if is.Name != c.Name || isOtherStatus || !sameSet(is.AssignedUsers, c.AssignedUsers) || !sameSet(is.AssignedTeams, c.AssignedTeams) {
		c.Rev = 0
	}
}

var (
	// errGone: people have deleted the conversation.
	errGone = errors.New("the conversation was deleted in Kustomer")
	// errMissing: it cannot be found, be it deleted, or not to be seen for a moment.
	errMissing = errors.New("the conversation cannot be found in Kustomer")
	// errMerged: people have merged the conversation into another one.
	errMerged = errors.New("the conversation was merged into another one")
	// errCircle: merged conversations lead to each other.
	errCircle = errors.New("the conversation was merged into others, in a circle")
	// errBusy: others change the conversation as fast as we read it.
	errBusy = errors.New("the conversation keeps being changed by others")
)

const (
	// maxMerges: more conversations merged into each other than people make are a circle.
	maxMerges = 5
	// maxRevisions is how often in a row a write may find that others were faster.
	maxRevisions = 4
)

// edit is a change of a conversation that others may be changing too.
type edit struct {
	*Activities
	id     string       // moves with a conversation that is merged
	owner  string       // the customer whose it was when last looked at
	left   Conversation // as we left it
	change automation.Change
	// since is when the event happened: what people chose after it stays.
	since time.Time
	// ours is what the call's own steps may have written, though it is not known that they have.
	ours struct {
		name         string
		users, teams []string
	}
	// agentUser is the Kustomer user who the agent to assign is, empty where that
	// is not known; otherUser finds another; both are for events that assign agents.
	agentUser string
	otherUser func(ctx context.Context, refused string) (string, error)
	// sharedBy is the call's key, where its conversation may be that of other calls too.
	sharedBy  string
	handsOver bool // to an agent who has picked up
	corrects  bool // an outcome that was written before
	// wasOthers says that somebody has changed the conversation since we left it.
	wasOthers bool
	// tagged says that the tags were written with the fields, as far as left has them.
	tagged bool
	// agents are the Kustomer users of all who had the call so far.
	agents []string
	// unassigns: whoever had the call before is not to stay assigned, though it is not known who has it now.
	unassigns bool
	message   *kustomer.NewMessage // the voice entry to write, if any
	done      int                  // parts of a step that an earlier attempt has completed
	warnings  []string
}

func (e *edit) warn(format string, args ...any) {
	if warning := fmt.Sprintf(format, args...); !slices.Contains(e.warnings, warning) {
		e.warnings = append(e.warnings, warning)
	}
}

// look reads the conversation, wherever people have merged it to, and leaves
// to them what they have chosen.
func (e *edit) look(ctx context.Context) error {
	e.wasOthers = true
	for range maxMerges {
		current, err := e.kustomer.Conversation(ctx, e.id)
		switch {
		case kustomer.IsKind(err, kustomer.NotFound):
			return errMissing
		case err != nil:
			return err
		case current.Deleted:
			return errGone
		case current.MergedTarget == "":
			e.respect(current)
			e.left.TagsKnown = e.left.TagsKnown && e.left.Rev == current.Rev
			e.owner, e.left.Rev = current.CustomerID, current.Rev
			return nil
		}
		e.warn("the conversation was merged into another one in Kustomer: what is written goes there")
		e.goOnIn(current.MergedTarget)
	}
	return errCircle
}

// goOnIn turns to the conversation that ours was merged into. Nothing there is
// ours: neither its name, nor what it is tagged with.
func (e *edit) goOnIn(id string) {
	e.id, e.left, e.unassigns, e.tagged = id, Conversation{}, false, false
	e.change.Name, e.change.SetTags, e.change.RemoveTags = "", nil, nil
}

// respect takes out of the change what would undo somebody's choice.
func (e *edit) respect(current *kustomer.Conversation) {
	if ours := []string{e.left.Name, e.ours.name, e.change.Name}; e.change.Name != "" && e.left.Known && !slices.Contains(ours, current.Name) {
		e.change.Name = ""
		e.warn("somebody has renamed the conversation: that name was kept")
	}
	// Only the call's own agents are taken away, whenever somebody else was chosen.
	e.unassigns = e.unassigns && !hasOthers(current.AssignedUsers, slices.Concat(e.agents, e.left.AssignedUsers))
	if e.since.IsZero() || !current.UpdatedAt.After(e.since) {
		return // whoever was chosen was chosen before the event, as far as is known
	}
	if was := e.left.Status; e.change.Status != "" && was != "" && current.Status != was && current.Status != e.change.Status {
		e.change.Status = ""
		e.warn("somebody has set the conversation to %s after the event: that was kept", current.Status)
	}
	users := slices.Concat(e.ours.users, e.left.AssignedUsers, e.change.AssignedUsers)
	if len(e.change.AssignedUsers) > 0 && hasOthers(current.AssignedUsers, users) {
		e.change.AssignedUsers = nil
		e.warn("somebody has assigned the conversation after the event: that was kept")
	}
	teams := slices.Concat(e.ours.teams, e.left.AssignedTeams, e.change.AssignedTeams)
	if len(e.change.AssignedTeams) > 0 && hasOthers(current.AssignedTeams, teams) {
		e.change.AssignedTeams = nil
		e.warn("somebody has given the conversation to a team after the event: that was kept")
	}
}

// leaveToLater takes out of the change of a bridge that was overtaken what the
// later one, which was written first, has the last word on.
func (e *edit) leaveToLater(ctx context.Context) error {
	c := &e.change
	c.Name, c.Status, c.Priority, c.AssignedUsers, c.AssignedTeams, c.SetTags = "", "", 0, nil, nil, nil
	if len(c.Custom) == 0 {
		return nil
	}
	current, err := e.kustomer.Conversation(ctx, e.id)
	switch {
	case kustomer.IsKind(err, kustomer.NotFound):
		return nil // the update itself finds out why
	case err != nil:
		return err
	}
	c.Custom = lackingCustom(c.Custom, current)
	return nil
}

// hasOthers reports whether a list has any but the known.
func hasOthers(list, known []string) bool {
	return slices.ContainsFunc(list, func(one string) bool { return !slices.Contains(known, one) })
}

// fields writes the fields of the conversation itself. It is conditional on
// the revision that we know, so that nobody's change is overwritten unseen, and
// so that a write of ours which Kustomer carries out late is refused.
func (e *edit) fields(ctx context.Context) error {
	for range maxRevisions {
		if !e.changesFields() {
			return nil
		}
		if e.left.Rev == 0 {
			if err := e.look(ctx); err != nil {
				return err
			}
		}
		if err := e.leaveOpenForLater(ctx); err != nil {
			return err
		}
		if !e.changesFields() {
			return nil
		}
		known, id := e.left.Rev, e.id
		err := e.put(ctx, e.parts())
		if !refused(err) {
			return err
		}
		if lookErr := e.look(ctx); lookErr != nil {
			return lookErr
		}
		unchanged := e.left.Rev == known && e.id == id
		switch {
		case unchanged && kustomer.IsKind(err, kustomer.Conflict):
			return err // it is not the revision that Kustomer minds
		case unchanged:
			return e.putWhatIsTaken(ctx)
		}
	}
	return errBusy
}

// isConditional reports whether the change begins with one that Kustomer
// refuses if it was made before. Nothing else needs to tell that it was then.
func (e *edit) isConditional() bool {
	return e.left.Known && e.left.Rev != 0 && e.changesFields()
}

func (e *edit) changesFields() bool { return e.change.ChangesFields() || e.unassigns }

// took learns from the answer to a write.
func (e *edit) took(answer *kustomer.Conversation, err error) error {
	switch {
	case err != nil:
		return err
	case answer.MergedTarget != "":
		return errMerged
	}
	e.wasOthers = e.wasOthers || answer.NoteCount > 0
	e.left.written(conversationOf(answer))
	e.left.TagsKnown = e.left.TagsKnown && len(answer.Tags) == len(e.left.Tags)
	return nil
}

func sameSet(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}
