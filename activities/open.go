package activities

import (
	"cmp"
	"context"
	"time"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/kustomer"
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
	o := &opened{
		opening: opening, owner: customer, key: facts.Key, rang: in.Is.RangAt, isOld: in.Is.Added.IsLongAfter(in.Is.RangAt),
		update: update{Activities: a, warnings: append(warnings, customer.warnings...)},
	}
	isOwnRepeat := repeated(ctx) || in.MayBeDone
	if err := o.open(ctx, file.Callers.Returning, isOwnRepeat || in.EarlierRun); err != nil {
		return StepResult{}, failure(ctx, err)
	}
	o.fill(&result)
	result.Conversation.Adopted = o.adopted && (in.EarlierRun || !isOwnRepeat)
	result.Expects.Reached = file.Callers.Returning.Resolves && customer.mayHaveCalled(facts)
	return result, nil
}

// opened is a call's conversation while it is opened.
type opened struct {
	update
	opening automation.Opening
	owner   owner
	key     string    // the call's key
	rang    time.Time // when the call began to ring
	isOld   bool      // the call was added long after it rang
	adopted bool      // an earlier attempt or run created the conversation
	joined  bool      // it is an earlier call's conversation
}

// fill adds the conversation to the result of the step.
func (o *opened) fill(result *StepResult) {
	is := o.base
	is.CustomerID = cmp.Or(is.CustomerID, o.owner.id)
	is.URL = o.kustomer.ConversationURL(is.CustomerID, is.ID)
	is.OpenedAt, is.CatchAll = time.Now().UTC(), o.owner.catchesAll
	result.At, result.Conversation = is.OpenedAt, is
	result.Caller, result.Joined, result.Warnings = o.owner.decision, o.joined, o.warnings
}

// open finds the call's conversation, joins an earlier one or creates one. It also writes
// the first note, if there is one.
func (o *opened) open(ctx context.Context, returning automation.Returning, look bool) error {
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
	mayJoin := returning.Append && !o.isOld
	if mayJoin && !o.owner.isNew && !o.owner.catchesAll {
		earlier, err := o.earlierCalls(ctx, o.owner.id, returning.Within)
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
	if err := o.create(ctx); err != nil {
		if mayJoin { // otherwise the next attempt joins another conversation, and this one is created after all
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
func (o *opened) create(ctx context.Context) error {
	whole := o.whole()
	created, err := o.kustomer.CreateConversation(ctx, whole)
	if refused(err) {
		// Kustomer's answer to a duplicate externalId is not documented, so any refusal is
		// checked.
		found, findErr := o.kustomer.ConversationByExternalID(ctx, whole.ExternalID)
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
		bare := kustomer.NewConversation{
			CustomerID: whole.CustomerID, ExternalID: whole.ExternalID, Status: whole.Status, Direction: whole.Direction, ImportedAt: whole.ImportedAt,
		}
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

// whole returns the conversation to create, with all fields.
func (o *opened) whole() kustomer.NewConversation {
	whole := kustomer.NewConversation{
		CustomerID: o.owner.id, ExternalID: externalIDPrefix + o.key, Name: o.opening.Name, Status: o.opening.Status,
		Direction: o.opening.Direction, Priority: o.opening.Priority, Tags: o.opening.Tags,
		AssignedUsers: o.opening.AssignedUsers, AssignedTeams: o.opening.AssignedTeams, Custom: o.opening.Custom,
	}
	if o.isOld {
		whole.ImportedAt = &o.rang
	}
	return whole
}
