package activities

import (
	"context"
	"time"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/kustomer"
)

// opened is a call's conversation in the making.
type opened struct {
	edit
	opening automation.Opening
	key     string    // the call's
	rang    time.Time // when it began to
	adopted bool
	joined  bool
}

// open finds the conversation, joins an earlier one, or creates it, with its note if it is to have one.
func (o *opened) open(ctx context.Context, customer owner, returning automation.Returning, look bool) error {
	if look {
		found, err := o.kustomer.ConversationByExternalID(ctx, externalIDPrefix+o.key)
		switch {
		case err == nil:
			if err := o.adopt(ctx, found); err != nil {
				return err
			}
			return o.note(ctx)
		case !kustomer.IsKind(err, kustomer.NotFound):
			return err
		}
	}
	if returning.Append && !customer.isNew && !customer.catchesAll {
		if err := o.join(ctx, customer.id, returning.Within, look); err != nil || o.joined {
			return err
		}
	}
	if err := o.create(ctx, customer.id, externalIDPrefix+o.key); err != nil {
		if returning.Append { // or the next attempt joins another conversation, and this one comes after all
			err = mayComeLate(err)
		}
		return err
	}
	return o.note(ctx)
}

// note writes the note that the conversation is to begin with.
func (o *opened) note(ctx context.Context) error {
	note := note(o.key, string(call.Inbound), o.opening.Note)
	if o.adopted {
		if written, err := o.hasNote(ctx, o.id, note); written || err != nil {
			return err
		}
	}
	if note.Body != "" {
		o.left.Rev = 0
	}
	return o.writeNote(ctx, o.id, note)
}

// create creates the conversation. Kustomer has no idempotency key; the
// externalId, unique in an org, takes its place.
func (o *opened) create(ctx context.Context, customerID, externalID string) error {
	whole := kustomer.NewConversation{
		CustomerID:    customerID,
		ExternalID:    externalID,
		Name:          o.opening.Name,
		Status:        o.opening.Status,
		Direction:     o.opening.Direction,
		Priority:      o.opening.Priority,
		Tags:          o.opening.Tags,
		AssignedUsers: o.opening.AssignedUsers,
		AssignedTeams: o.opening.AssignedTeams,
		Custom:        o.opening.Custom,
	}
	created, err := o.kustomer.CreateConversation(ctx, whole)
	if refused(err) {
		// Which answer a duplicate externalId gets is not documented, so any refusal is checked.
		found, findErr := o.kustomer.ConversationByExternalID(ctx, externalID)
		if findErr == nil {
			return o.adopt(ctx, found)
		}
		if !kustomer.IsKind(findErr, kustomer.NotFound) {
			return findErr
		}
	}
	if kustomer.IsKind(err, kustomer.Rejected) {
		// Something about it is not taken. The call gets its conversation without, then all of it that is.
		bare := kustomer.NewConversation{CustomerID: customerID, ExternalID: externalID, Status: whole.Status, Direction: whole.Direction}
		if created, err = o.kustomer.CreateConversation(ctx, bare); err == nil {
			return o.complete(ctx, created)
		}
	}
	if err != nil {
		return err
	}
	o.id, o.left = created.ID, o.meant()
	o.left.Tags, o.left.TagsKnown = o.opening.Tags, true
	return o.took(created, nil)
}

// meant is the conversation as it was to be opened.
func (o *opened) meant() Conversation {
	return Conversation{Known: true, Name: o.opening.Name, Status: o.opening.Status, AssignedUsers: o.opening.AssignedUsers, AssignedTeams: o.opening.AssignedTeams}
}

// adopt takes over the conversation that an earlier attempt has opened.
func (o *opened) adopt(ctx context.Context, found *kustomer.Conversation) error {
	o.adopted, o.owner = true, found.CustomerID
	if err := o.complete(ctx, found); err != nil {
		return err
	}
	is := o.left
	o.left = o.meant()
	o.left.written(is)
	return nil
}

// complete gives a conversation what it lacks. One that was created without
// what Kustomer refused, by an attempt that came no further, lacks the rest too.
func (o *opened) complete(ctx context.Context, found *kustomer.Conversation) error {
	o.id = found.ID
	o.left = conversationOf(found)
	if found.MergedTarget != "" {
		return nil // it is another conversation by now, and the next step finds it
	}
	o.change = lacking(o.opening, found)
	if err := o.fields(ctx); err != nil {
		return err
	}
	return o.addTags(ctx)
}

// lacking is what a conversation has nothing of, and was to be opened with.
func lacking(opening automation.Opening, found *kustomer.Conversation) automation.Change {
	change := automation.Change{Custom: lackingCustom(opening.Custom, found)}
	if found.Name == "" {
		change.Name = opening.Name
	}
	if found.Priority == 0 {
		change.Priority = opening.Priority
	}
	if len(found.AssignedUsers) == 0 {
		change.AssignedUsers = opening.AssignedUsers
	}
	if len(found.AssignedTeams) == 0 {
		change.AssignedTeams = opening.AssignedTeams
	}
	if len(found.Tags) == 0 {
		change.AddTags = opening.Tags
	}
	return change
}

// lackingCustom are the attributes that a conversation does not have.
func lackingCustom(custom map[string]any, found *kustomer.Conversation) map[string]any {
	lacking := make(map[string]any)
	for name, value := range custom {
		if _, has := found.Custom[name]; !has {
			lacking[name] = value
		}
	}
	return lacking
}
