package activities

import (
	"context"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/kustomer"
)

// intended returns the conversation with the values that the opening sets.
func (o *opened) intended(is *kustomer.Conversation) Conversation {
	return Conversation{
		ID: is.ID, CustomerID: is.CustomerID, Name: o.opening.Name, Status: o.opening.Status,
		AssignedUsers: o.opening.AssignedUsers, AssignedTeams: o.opening.AssignedTeams, Notes: is.NoteCount,
	}
}

// asFound returns the conversation as Kustomer returned it, as if we had written it.
func asFound(is *kustomer.Conversation) Conversation {
	return Conversation{
		ID: is.ID, CustomerID: is.CustomerID, Rev: is.Rev, Name: is.Name, Status: is.Status,
		AssignedUsers: is.AssignedUsers, AssignedTeams: is.AssignedTeams, Notes: is.NoteCount,
	}
}

// adopt takes over the conversation that an earlier attempt opened. If a value differs from
// the opening's, people or Kustomer's rules changed it.
func (o *opened) adopt(ctx context.Context, found *kustomer.Conversation) error {
	o.adopted = true
	if found.Deleted || found.MergedTarget != "" {
		return o.follow(ctx, found)
	}
	if err := o.complete(ctx, found); err != nil {
		return err
	}
	is := o.base
	o.base = o.intended(found)
	o.base.Notes, o.base.Rev = is.Notes, is.Rev
	o.base.received(&kustomer.Conversation{
		Rev: is.Rev, Name: is.Name, Status: is.Status, AssignedUsers: is.AssignedUsers, AssignedTeams: is.AssignedTeams,
	})
	return nil
}

// follow takes over what people made of the conversation that an earlier attempt opened:
// they merged it into another one, or deleted it.
func (o *opened) follow(ctx context.Context, found *kustomer.Conversation) error {
	o.base = asFound(found)
	err := o.look(ctx)
	if o.base.Deleted = isGone(ctx, err); o.base.Deleted {
		return nil
	}
	return err
}

// complete adds what the conversation lacks. A conversation that was created without
// optional fields, by an attempt that failed afterwards, also lacks the fields that
// Kustomer accepts.
func (o *opened) complete(ctx context.Context, found *kustomer.Conversation) error {
	o.base, o.theirs = asFound(found), found
	if err := found.Needs(needsOf(o.opening)...); err != nil {
		return err
	}
	o.want = difference{Change: lacking(o.opening, found)}
	if err := o.writeFields(ctx); err != nil {
		return err
	}
	return o.writeTags(ctx)
}

// needsOf returns the fields that show what a conversation lacks of an opening.
func needsOf(opening automation.Opening) []kustomer.Field {
	all := lacking(opening, &kustomer.Conversation{})
	fields := difference{Change: all}.needs()
	if all.Priority != 0 {
		fields = append(fields, kustomer.FieldPriority)
	}
	if len(all.Custom) > 0 {
		fields = append(fields, kustomer.FieldCustom)
	}
	return fields
}

// lacking returns the values of the opening for which the conversation has none.
func lacking(opening automation.Opening, found *kustomer.Conversation) automation.Change {
	change := automation.Change{Custom: lackingCustom(opening.Custom, func(name string, _ any) bool {
		_, has := found.Custom[name]
		return has
	})}
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
