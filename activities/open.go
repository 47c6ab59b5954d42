package activities

import (
	"cmp"
	"context"
	"time"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/kustomer"
	"github.com/callthread/callthread/phone"
)

// CreateConversation finds or creates the customer and opens the call's one conversation,
// according to the automations for call.inbound or call.outbound. The result has no
// conversation if no automation opens one.
func (a *Activities) CreateConversation(ctx context.Context, in StepInput) (StepResult, error) {
	return a.perform(ctx, in, a.create)
}

func (a *Activities) create(ctx context.Context, in StepInput) (StepResult, error) {
	file := a.automations().In(a.country)
	if file.Ignores(in.Is.Opening) { // the numbers of agents' legs are others, so the whole call decides
		return a.ignored(file, in), nil
	}
	if err := a.resolvePlacer(ctx, file, &in); err != nil {
		return StepResult{}, notStarted(ctx, err)
	}
	facts := in.Is.Opening
	if user := in.Is.Placer.User; user != "" {
		facts.Agent.SourceID = user
	}
	opening, warnings := openingOf(file, in.Is, facts)
	result := StepResult{
		CallerHash: a.callerHash(facts), Automations: file.Version, Placer: in.Is.Placer, Warnings: warnings,
		Expects: ExpectedBy(file),
	}
	if !opening.Wanted {
		return result, nil
	}
	in.Amend.opening(&opening, &facts)
	if in.Is.Placer.Unassigned {
		opening.Tags = withTag(opening.Tags, UnassignedTag)
	}
	customer, err := a.customerOf(ctx, file, opening, facts, in.Amend)
	if err != nil {
		return StepResult{}, notStarted(ctx, err)
	}
	warnings = append(warnings, customer.warnings...)
	o := &opened{opening: opening, key: facts.Key, rang: in.Is.RangAt, update: update{Activities: a, warnings: warnings}}
	returning := file.Callers.Returning
	if o.isOld = in.Is.Added.IsLongAfter(o.rang); o.isOld {
		returning.Append = false
	}
	isOwnRepeat := repeated(ctx) || in.MayBeDone
	if err := o.open(ctx, customer, returning, isOwnRepeat || in.EarlierRun); err != nil {
		return StepResult{}, failure(ctx, err)
	}
	result.At = time.Now().UTC()
	result.Conversation = o.base
	result.Conversation.CustomerID = cmp.Or(o.base.CustomerID, customer.id)
	result.Conversation.URL = a.kustomer.ConversationURL(result.Conversation.CustomerID, o.base.ID)
	result.Conversation.OpenedAt = result.At
	result.Conversation.Adopted = o.adopted && (in.EarlierRun || !isOwnRepeat)
	result.Conversation.CatchAll = customer.catchesAll
	result.Expects.Reached = file.Callers.Returning.Resolves && customer.mayHaveCalled(facts)
	result.Caller, result.Joined, result.Warnings = customer.decision, o.joined, o.warnings
	return result, nil
}

// customerOf returns the customer that the automations file or an operator names. Otherwise
// the number decides.
func (a *Activities) customerOf(ctx context.Context, file *automation.Set, opening automation.Opening, facts call.Facts, amend *Amendment) (owner, error) {
	isAmended := amend != nil && amend.Customer != nil
	switch {
	case opening.Customer != "" && isAmended:
		return owner{id: opening.Customer, catchesAll: true, decision: "the customer that an operator named"}, nil
	case opening.Customer != "":
		return owner{id: opening.Customer, catchesAll: true, decision: "the customer that the automations file names"}, nil
	case isAmended && *amend.Customer != "":
		if _, err := phone.Parse(*amend.Customer, a.country); err != nil {
			return owner{}, undecided{"an operator named the customer's number, but " + err.Error()}
		}
	}
	return a.callingCustomer(ctx, file.Callers, facts)
}

// opened is a call's conversation while it is opened.
type opened struct {
	update
	opening automation.Opening
	key     string    // the call's key
	rang    time.Time // when the call began to ring
	isOld   bool      // the call was added long after it rang
	adopted bool
	joined  bool
}

// open finds the call's conversation, joins an earlier one or creates one. It also writes
// the first note, if there is one.
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
		earlier, err := o.earlierCalls(ctx, customer.id, returning.Within)
		if err != nil {
			return err
		}
		if len(earlier) > crowded {
			ctx = kustomer.WithUrgency(ctx, kustomer.Soon)
		}
		if err := o.join(ctx, earlier, look); err != nil || o.joined {
			return err
		}
	}
	if err := o.create(ctx, customer.id, externalIDPrefix+o.key); err != nil {
		if returning.Append { // otherwise the next attempt joins another conversation, and this one is created after all
			err = mayComeLate(err)
		}
		return err
	}
	return o.note(ctx)
}

// note writes the note that the conversation begins with.
func (o *opened) note(ctx context.Context) error {
	first := note(o.key, string(call.Inbound), o.opening.Note)
	if first.Body == "" || o.base.Deleted {
		return nil
	}
	o.notes, o.looks = []kustomer.NewNote{first}, o.adopted
	return o.writeNotes(ctx)
}

// create creates the conversation. Kustomer has no idempotency key, so the externalId,
// which is unique in an org, takes its place.
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
	if o.isOld {
		whole.ImportedAt = &o.rang
	}
	created, err := o.kustomer.CreateConversation(ctx, whole)
	if refused(err) {
		// Kustomer's answer to a duplicate externalId is not documented, so any refusal is
		// checked.
		found, findErr := o.kustomer.ConversationByExternalID(ctx, externalID)
		if findErr == nil {
			return o.adopt(ctx, found)
		}
		if !kustomer.IsKind(findErr, kustomer.NotFound) {
			return findErr
		}
	}
	if kustomer.IsKind(err, kustomer.Rejected) {
		// Kustomer refuses some field. The conversation is created without optional fields,
		// and then gets all fields that Kustomer accepts.
		bare := kustomer.NewConversation{CustomerID: customerID, ExternalID: externalID, Status: whole.Status, Direction: whole.Direction, ImportedAt: whole.ImportedAt}
		if created, err = o.kustomer.CreateConversation(ctx, bare); err == nil {
			return o.complete(ctx, created)
		}
	}
	if err != nil {
		return err
	}
	o.base = o.intended(created)
	o.base.received(created)
	o.base.setTags(o.opening.Tags, created.Tags)
	return nil
}

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
